// What is known of emoji in the person's language, loaded when first asked for; which ones they used last, in what skin.

import * as storage from "./storage.js";
import { folded } from "./text.js";

const RECENT = "parley.emoji.recent";
const TONE = "parley.emoji.tone";
const RECENTS = 32;

let asked = null;

// A list of {emoji, name, words, codes, group, tones}. Fails where it cannot be loaded, and may be asked again.
export function load() {
  asked ??= fetchAll().catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}

async function fetchAll() {
  const locale = document.documentElement.lang.split("-")[0];
  const [answer] = await Promise.all([fetch(new URL(`../vendor/emojibase-data/${locale}.json`, import.meta.url)), style()]);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()).map(([emoji, name, words, codes, group, tones]) => {
    const known = { emoji, name, codes, group, tones: tones ?? null };
    return { ...known, words: folded(`${name} ${words}`).split(/[\s,;:]+/) };
  });
}

function style() {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: new URL("../css/emoji.css", import.meta.url).href });
  document.head.append(link);
  return new Promise((resolve, reject) => Object.assign(link, { onload: resolve, onerror: reject }));
}

// The best matches first: by shortcode, by the beginning of a word, then anywhere. All words asked for have to be there.
export function search(all, text, limit = Infinity) {
  const wanted = folded(text).split(/\s+/).filter(Boolean);
  if (!wanted.length) return [];
  const used = recent();
  const found = [];
  for (const [place, one] of all.entries()) {
    const worst = Math.max(...wanted.map((word) => distance(one, word)));
    if (worst < Infinity) found.push({ one, rank: worst - Number(used.includes(one.emoji)) * 0.5, place });
  }
  found.sort((a, b) => a.rank - b.rank || a.place - b.place);
  return found.slice(0, limit).map(({ one }) => one);
}

function distance({ emoji, codes, words }, wanted) {
  if (codes.includes(wanted) || emoji === wanted) return 0;
  const begun = codes.filter((code) => code.startsWith(wanted)).map(({ length }) => length - wanted.length);
  if (begun.length) return 1 + Math.min(...begun) / 100; // `:hea` is a heart before it is a head that shakes
  if (words[0].startsWith(wanted)) return 1.1;
  if (words.some((word) => word.startsWith(wanted))) return 2;
  const inside = wanted.length > 1 && [...codes, ...words].some((word) => word.includes(wanted));
  return inside ? 3 : Infinity;
}

export function withCode(all, code) {
  return all.find(({ codes }) => codes.includes(code.toLowerCase()));
}

export const recent = () => storage.read(RECENT) ?? [];

// Remembers what was used and gives the sign to write, in the skin that was chosen.
export function use(one) {
  storage.write(RECENT, [one.emoji, ...recent().filter((emoji) => emoji !== one.emoji)].slice(0, RECENTS));
  return toned(one);
}

// 0 for none, 1–5 from light to dark.
export const tone = () => storage.read(TONE) ?? 0;
export const setTone = (number) => storage.write(TONE, number);
export const toned = (one, number = tone()) => (number && one.tones ? one.tones[number - 1] : one.emoji);
