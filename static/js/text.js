// What a person typed, as the server will accept it (docs/protocol.md, `send_message`), and names to compare.

const CONTROLS = /[^\P{Cc}\n\t]/gu;
const LONE_SURROGATES = /\p{Surrogate}/gu;

export function clean(text) {
  return text.replace(/\r\n?/g, "\n").replace(CONTROLS, "").replace(LONE_SURROGATES, "\ufffd").normalize("NFC").trim();
}

export function lengthOf(text) {
  let points = 0;
  for (const _ of text) points += 1;
  return points;
}

export function folded(text) {
  return text.normalize("NFKC").toLowerCase().replaceAll("ё", "е");
}

// One or two letters to stand for a person: the first of the first two words, one alone for Chinese names.
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0]);
  if (!letters.length) return "?";
  return /\p{Script=Han}/u.test(letters[0]) ? letters[0] : letters.join("").toLocaleUpperCase();
}
