// What can be said in a search besides words: offered while one types it, explained while nothing is typed.

import { html } from "../vendor/lit-html/lit-html.js";
import { t, tn } from "./i18n.js";
import { face, icon, nameOf } from "./pieces.js";
import { folded, nameKey } from "./text.js";
import { dayName } from "./times.js";

const OFFERED = 6;

// [what is typed, what it means, its picture]. `within` one conversation there is no other.
export function operators({ within = false } = {}) {
  const all = [
    ["from:", t("by one person"), "user-round"],
    ["in:", t("in one room"), "globe"],
    ["has:", t("with a photo, a recording or a link"), "paperclip"],
    ["before:", t("before a day"), "chevron-left"],
    ["after:", t("after a day"), "chevron-right"],
    ["on:", t("on one day"), "clock"],
    ["-", t("without a word"), "minus"],
    ['"', t("a phrase, word by word"), "pencil"],
  ];
  return within ? all.filter(([name]) => name !== "in:") : all;
}

// `put(text)` writes it where one types.
export function help(put, options) {
  const list = operators(options).map(
    ([name, means, drawing]) => html`<li>
      <button class="operator" type="button" data-operator=${name} @click=${() => put(name)}>
        ${icon(drawing)}<code class="operator__name" dir="ltr" translate="no">${shown(name)}</code><span>${means}</span>
      </button>
    </li>`,
  );
  return html`<p class="operators__title">${t("A search can also say")}</p><ul class="operators" aria-label=${t("A search can also say")} data-operators>${list}</ul>`;
}

const shown = (name) => ({ "-": t("-word"), '"': t("“a phrase”") })[name] ?? name;

// Sources of completion.js. `find(texts)` asks the server for people; `state` knows them then, and the rooms.
export function sources(state, find, options) {
  return [from(state, find), ...(options?.within ? [] : [inRoom(state)]), has(), day(), names(options)];
}

const count = (number) => tn("%(count)s suggestion", "%(count)s suggestions", number);

function two(name, code) {
  return html`<span class="completion__name"><bdi>${name}</bdi></span><span class="completion__code">${code}</span>`;
}

function names(options) {
  return {
    label: t("What a search can say"),
    hesitant: true, // it may be a word
    begun: /(?:^|\s)-?([a-z]{2,6})$/i,
    offer: (word) => operators(options).filter(([name]) => name.length > word.length && name.startsWith(word.toLowerCase())),
    count,
    text: ([name]) => name,
    draw: ([name, means]) => two(html`<code dir="ltr" translate="no">${name}</code>`, means),
  };
}

function from(state, find) {
  const named = (word) => {
    const wanted = [folded(word), nameKey(word)];
    const begins = (text) => wanted.some((one) => folded(text).startsWith(one));
    const known = [...state.people.values()].filter(({ kind }) => kind !== "deleted");
    return known.filter((one) => [one.username, one.display_name, ...one.display_name.split(/\s+/)].some(begins)).slice(0, OFFERED);
  };
  return {
    label: t("People"),
    begun: /(?:^|\s)from:@?([^\s"@]*)$/i,
    async offer(word) {
      if (word && named(word).length < OFFERED) await find([word]);
      return named(word);
    },
    count,
    text: ({ username }) => `${username} `,
    draw: (one) => html`${face(one)}${two(nameOf(one), html`<span dir="ltr" translate="no">@${one.username}</span>`)}`,
  };
}

function inRoom(state) {
  return {
    label: t("Rooms"),
    begun: /(?:^|\s)in:#?("[^"]*|[^\s"]*)$/i,
    offer: (word) => {
      const wanted = folded(word.replace('"', ""));
      const rooms = [...state.conversations.values()].filter(({ kind }) => kind === "group");
      return rooms.filter(({ name }) => folded(name).includes(wanted)).slice(0, OFFERED);
    },
    count,
    text: ({ name }) => `${/[\s"“«]/.test(name) ? quoted(name) : name} `,
    draw: (room) => html`${face(room)}${two(nameOf(room), "")}`,
  };
}

const quoted = (name) => (name.includes('"') ? `«${name}»` : `"${name}"`);

function has() {
  const kinds = [["image", t("a photo"), "image"], ["audio", t("a recording"), "music"], ["link", t("a link"), "link"]];
  return {
    label: t("What a message has"),
    begun: /(?:^|\s)has:([a-z]*)$/i,
    offer: (word) => kinds.filter(([name]) => name.startsWith(word.toLowerCase()) && name !== word.toLowerCase()),
    count,
    text: ([name]) => `${name} `,
    draw: ([name, means, drawing]) => html`${icon(drawing)}${two(means, html`<code dir="ltr" translate="no">${name}</code>`)}`,
  };
}

function day() {
  return {
    label: t("Days"),
    begun: /(?:^|\s)(?:before|after|on):([\d-]*)$/i,
    offer: (word) => days().filter(([written]) => written.startsWith(word) && written !== word),
    count,
    text: ([written]) => `${written} `,
    draw: ([written, at]) => two(dayName(at), html`<span dir="ltr" translate="no">${written}</span>`),
  };
}

// Today, yesterday, a week, a month, half a year and a year ago, as the server reads days.
function days(now = new Date()) {
  const back = (months, count) => new Date(now.getFullYear(), now.getMonth() - months, now.getDate() - count);
  return [back(0, 0), back(0, 1), back(0, 7), back(1, 0), back(6, 0), back(12, 0)].map((at) => [written(at), at]);
}

function written(at) {
  const [month, day] = [at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${at.getFullYear()}-${month}-${day}`;
}
