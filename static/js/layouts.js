// What was meant by keys pressed in the wrong keyboard layout: `j,obq` is `общий`, `руддщ` is `hello`.

import { folded } from "./text.js";

const LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.~{}:\"<>";
const CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбюёхъжэбю";

const toCyrillic = new Map([...LATIN].map((key, index) => [key, CYRILLIC[index]]));
const toLatin = new Map([...CYRILLIC].map((key, index) => [key, LATIN[index]]).reverse());

// The text as it is and as it would be in the other layout, all in the form in which names are compared.
export function readings(text) {
  const lower = text.trim().toLowerCase();
  const all = [lower, through(toCyrillic, lower), through(toLatin, lower)].map(folded);
  return [...new Set(all)].filter(Boolean);
}

function through(map, text) {
  return [...text].map((key) => map.get(key) ?? key).join("");
}
