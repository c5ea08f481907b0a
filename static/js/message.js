// The one drawing of a message, whether it is waiting, just came or was loaded.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { parse } from "./markup.js";
import { icon, nameOf } from "./pieces.js";
import { waitsLong } from "./state.js";
import { clock, full } from "./times.js";

const JUMBO = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;
const trees = new WeakMap(); // message → its parsed body: drawn often, parsed once
const revealed = new Set(); // spoilers that were looked at, by message and place

// pending and failed messages carry their state; stored ones get it from who has read how far.
export function stateOf(message, { me, peerReadTo }) {
  if (message.state) return message.state;
  if (message.sender.id !== me.id) return "received";
  return message.seq <= peerReadTo ? "read" : "sent";
}

export function messageRow({ message, state, own, follows, followed }, { retry, discard, moved }) {
  return html`<li
    class="message"
    data-message
    data-seq=${message.seq ?? nothing}
    data-client-id=${message.client_id}
    data-state=${state}
    ?data-own=${own}
    ?data-follows=${follows}
    ?data-followed=${followed}
  >
    <div class="bubble">
      ${author(message.sender, { hidden: own || follows, own })}
      <div class="bubble__body" data-body dir="auto" ?data-jumbo=${JUMBO.test(message.body)}>${body(message, moved)}</div>
      <span class="bubble__meta">
        <time datetime=${message.created_at} title=${full(message.created_at)}>${clock(message.created_at)}</time>
        ${own ? tick(state) : nothing}
      </span>
      ${waitsLong(message) ? takeBack(message, { discard }) : nothing}
    </div>
    ${state === "failed" ? failure(message, { retry, discard }) : nothing}
  </li>`;
}

// Seen above the first of several messages, heard before each.
function author(sender, { own, hidden }) {
  if (hidden) return html`<span class="visually-hidden">${own ? t("You") : nameOf(sender)}: </span>`;
  const gone = sender.kind === "deleted";
  return html`<span class="bubble__name" data-author ?data-gone=${gone} .style=${`--hue: ${Number(sender.hue)}`}><bdi>${nameOf(sender)}</bdi><span class="visually-hidden">: </span></span>`;
}

function body(message, changed) {
  let known = trees.get(message);
  if (known?.body !== message.body) {
    known = { body: message.body, tree: parse(message.body) };
    trees.set(message, known);
  }
  let spoilers = 0;
  return blocks(known.tree, { spoiler });

  function spoiler(nodes) {
    const key = `${message.client_id} ${(spoilers += 1)}`;
    return cover(nodes, revealed.has(key) ? null : () => revealed.add(key) && changed());
  }
}

// The break after a block is inside it: nobody sees it there, and the text keeps its lines when it is copied.
function blocks(tree, draw) {
  const draws = { text: paragraph, code, quote, list };
  return tree.map((block, index) => draws[block.kind](block, index < tree.length - 1 ? "\n" : nothing, draw));
}

// Not a block of its own: the time stands in the last line of the text.
function paragraph({ nodes }, end, draw) {
  return [inline(nodes, draw), end];
}

function code({ text }, end) {
  return html`<pre class="markup-code" dir="ltr" tabindex="0"><code>${text}</code>${end}</pre>`;
}

function quote({ blocks: inside }, end, draw) {
  return html`<blockquote class="markup-quote">${blocks(inside, draw)}${end}</blockquote>`;
}

function list({ items }, end, draw) {
  const item = ({ number, nodes }, index) =>
    html`<li value=${number ?? nothing}>${inline(nodes, draw)}${index < items.length - 1 ? "\n" : end}</li>`;
  const rows = items.map(item);
  if (items[0].number === null) return html`<ul class="markup-list">${rows}</ul>`;
  const digits = Math.max(...items.map(({ number }) => String(number).length));
  return html`<ol class="markup-list" .style=${`--digits: ${digits}`}>${rows}</ol>`;
}

function inline(nodes, draw) {
  const draws = {
    bold: (one) => html`<strong>${inline(one.nodes, draw)}</strong>`,
    italic: (one) => html`<em>${inline(one.nodes, draw)}</em>`,
    strike: (one) => html`<s>${inline(one.nodes, draw)}</s>`,
    code: (one) => html`<code class="markup-word">${one.text}</code>`,
    link: (one) => html`<a href=${one.href} target="_blank" rel="noopener noreferrer nofollow">${one.text}</a>`,
    spoiler: (one) => draw.spoiler(inline(one.nodes, draw)),
  };
  return nodes.map((one) => (typeof one === "string" ? one : draws[one.kind](one)));
}

// A button until it was used; then an ordinary text that keeps the focus. The log announces what takes the cover's place.
function cover(nodes, reveal) {
  const key = (event) => {
    if (!reveal || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    reveal();
  };
  const words = reveal ? t("Spoiler, show it") : nothing;
  return html`<span
    class="spoiler"
    data-spoiler
    data-state=${reveal ? "hidden" : "shown"}
    tabindex=${reveal ? 0 : -1}
    role=${reveal ? "button" : nothing}
    aria-label=${words}
    title=${words}
    @click=${reveal}
    @keydown=${key}
    >${reveal ? html`<span class="spoiler__text">${nodes}</span>` : html`<span>${nodes}</span>`}</span
  >`;
}

function tick(state) {
  const ticks = {
    pending: [icon("clock"), t("Waiting to be sent")],
    sent: [icon("check"), t("Sent")],
    read: [icon("check-check"), t("Read")],
    failed: [icon("circle-alert"), t("Not sent")],
  };
  const [drawing, words] = ticks[state];
  return html`<span class="bubble__tick" title=${words}>${drawing}<span class="visually-hidden">${words}</span></span>`;
}

function takeBack(message, { discard }) {
  const words = t("Do not send this message");
  return html`<button class="button button--icon bubble__cancel" type="button" data-cancel aria-label=${words} title=${words} @click=${() => discard(message)}>
    ${icon("x")}
  </button>`;
}

function failure(message, { retry, discard }) {
  return html`<div class="message__failure" role="alert">
    <span>${message.error || t("This message could not be sent.")}</span>
    <button class="button button--small" type="button" data-retry @click=${() => retry(message)}>
      ${icon("rotate-cw")}${t("Try again")}
    </button>
    <button class="button button--small" type="button" data-discard @click=${() => discard(message)}>
      ${icon("trash-2")}${t("Delete")}
    </button>
  </div>`;
}
