// The one drawing of a hit: where and by whom it was said, and the words around what was looked for.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { excerpt } from "./matches.js";
import { plain } from "./markup.js";
import { face, fileIcon, fileWords, nameOf } from "./pieces.js";
import { partnerOf } from "./state.js";
import { brief, full } from "./times.js";

const SKELETONS = ["72%", "54%", "63%", "48%"];
const pieces = new WeakMap(); // message → its excerpt, drawn often

// `within` its conversation, its place needs no words. `chosen` is the one that one is at.
export function hitRow(state, message, words, { within = false, chosen = false, choose }) {
  const conversation = state.conversations.get(message.room_id);
  const place = partnerOf(state, conversation);
  const said = byWhom(state, message);
  const author = within || place.kind !== "group" ? nothing : html`<bdi>${said}</bdi>: `;
  const own = !within && place.kind !== "group" && message.sender.id === state.me.id ? html`${t("You:")} ` : nothing;
  const key = `${message.room_id}/${message.seq}`;
  return html`<li>
    <button class="row hit" type="button" data-row=${`hit ${key}`} data-hit=${key} aria-current=${chosen ? "true" : nothing} @click=${() => choose(message)}>
      ${face(within ? message.sender : place)}
      <span class="row__text">
        <span class="row__name"><bdi>${within ? said : nameOf(place)}</bdi></span>
        <time class="row__time" datetime=${message.created_at} title=${full(message.created_at)}>${brief(message.created_at)}</time>
        <span class="hit__text" dir="auto">${author}${own}${message.file ? fileIcon(message.file) : nothing}${around(message, words)}</span>
      </span>
    </button>
  </li>`;
}

function byWhom(state, { sender }) {
  return sender.id === state.me.id ? t("You") : nameOf(sender);
}

function around(message, words) {
  if (!message.body) return fileWords(message.file);
  let known = pieces.get(message);
  if (known?.words !== words) {
    known = { words, all: excerpt(plain(message.body), words) };
    pieces.set(message, known);
  }
  return known.all.map((piece) => (typeof piece === "string" ? piece : html`<mark class="found">${piece.text}</mark>`));
}

export function skeletons() {
  return SKELETONS.map((width) => html`<li class="hit-skeleton" aria-hidden="true" .style=${`--wide: ${width}`}></li>`);
}

// "Found 42", or "1,000+" past what is counted.
export function countWords({ count, more }) {
  const number = count.toLocaleString(document.documentElement.lang) + (more ? "+" : "");
  return t("Found %(count)s", { count: number });
}

// What to say where no hit is shown; `took(text)` looks for something else instead. Null where hits are, or will be.
export function remark({ find, hits }, { online, took }) {
  if (find.error) return html`<p class="hits__remark" role="alert" data-search-error>${find.error}</p>`;
  const away = t("No connection. What is found appears when it is back.");
  if (find.waiting || (find.loading && !online)) return html`<p class="hits__remark" role="status" data-search-waits>${find.refused || away}</p>`;
  if (!find.asked || find.loading || find.next || hits.length) return null;
  return html`<p class="hits__remark" role="status" data-found-none>${t("No message has that.")}</p>
    ${find.layout ? other(find.layout, took) : nothing}`;
}

function other(text, took) {
  const words = t("Search for “%(text)s”", { text });
  return html`<button class="button button--small hits__other" type="button" data-layout=${text} @click=${() => took(text)}><bdi>${words}</bdi></button>`;
}
