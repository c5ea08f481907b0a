// Advice on a password's strength; the server decides.

const COMMON = /^(password|parol|пароль|qwerty|йцукен|letmein|admin|welcome|iloveyou|abc)|^(.)\2+$|0?123456/iu;
const LONG = 16;
const FAIR = 10;

// 1–4: length counts most, variety helps, well-known beginnings do not.
export function strength(password) {
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Lo}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  const varied = new Set(password).size;
  if (COMMON.test(password) || varied < 5) return 1;
  const score = 1 + Number(password.length >= FAIR) + Number(password.length >= LONG) + Number(kinds >= 3);
  return Math.min(4, score);
}
