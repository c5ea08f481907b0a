// What a person typed, as the server will accept it (docs/protocol.md, `send_message`), names to compare, and ids to make.

const CONTROLS = /[^\P{Cc}\n\t]/gu;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const EASTERN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u; // no spaces between words
const NAME_LEAST = 2;

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

// A text that begins so is said to one person of the room alone.
export const isWhisper = ({ kind }, text) => kind === "group" && /^\/w(?:\s|$)/.test(text);

// The form in which a username is unique, as near as browsers come to it.
export const nameKey = (name) => name.normalize("NFKC").toUpperCase().toLowerCase();

// Whom `@bob` means, and how many characters of it: the longest name that `find(key)` knows and that ends where a word does.
export function mentioned(text, find) {
  for (let end = text.length; end > NAME_LEAST; end -= 1) {
    const found = endsWord(text, end) && find(nameKey(text.slice(1, end)));
    if (found) return { found, end };
  }
  return null;
}

function endsWord(text, end) {
  const rest = text.slice(end).replace(/^[_.-]+/, "");
  return !rest || EASTERN.test(rest[0]) || EASTERN.test(text[end - 1]);
}

// One or two letters to stand for a person: the first of the first two words, one alone for Chinese names.
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0]);
  if (!letters.length) return "?";
  return /\p{Script=Han}/u.test(letters[0]) ? letters[0] : letters.join("").toLocaleUpperCase();
}

// Plain HTTP in a house network is no secure context and lacks randomUUID.
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
