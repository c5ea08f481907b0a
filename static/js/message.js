// The one drawing of a message, whether it is waiting, just came or was loaded.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t, tn } from "./i18n.js";
import { parse, plain } from "./markup.js";
import { face, fileAddress, fileWords, guestBadge, icon, nameOf, seenWords, shown } from "./pieces.js";
import { seenOf, waitsLong } from "./state.js";
import { mentioned } from "./text.js";
import { clock, full, lasting } from "./times.js";

const JUMBO = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;
const trees = new WeakMap(); // message → its parsed body: drawn often, parsed once
const excerpts = new WeakMap(); // message or quote → its body in one line
const revealed = new Set(); // spoilers that were looked at, by message and place
const NAMED = 12; // people of a reaction that are named
const WIDEST = 420; // px of a picture in its bubble
const READERS_SHOWN = 3;
const UNKNOWN = { width: 320, height: 240 };
const LEAST = { width: 120, captioned: 240, height: 90 };

// pending and failed messages carry their state; stored ones get it from who has read how far.
export function stateOf(message, { me, peerReadTo, conversation }) {
  if (message.state) return message.state;
  if (message.sender.id !== me.id) return "received";
  const seen = seenOf(conversation, message);
  return (seen ? seen.by.length : message.seq <= peerReadTo) ? "read" : "sent";
}

// What a message answers, as it is by now where it is held: it may have been changed or deleted since.
export function quoteOf({ reply_to: quote }, { messages }) {
  if (!quote) return null;
  const source = messages.get(quote.seq) ?? quote;
  return { seq: quote.seq, sender: source.sender ?? null, source, gone: Boolean(source.deleted_at) || !(source.body || source.file) };
}

// Who has seen one's own message, in words; null where that is not told.
export function seenBy(message, { me, conversation, state }) {
  const seen = message.sender.id === me.id ? seenOf(conversation, message) : null;
  return seen && seenWords(seen, state.people);
}

// People whose ids these are, as far as they are known here.
export const readersOf = (ids = [], { people }) => ids.map((id) => people.get(id)).filter(Boolean);

// A message's reactions as its reader sees them, what they just chose included.
export function reactionsOf(message, { me, people, wishes }) {
  const given = message.reactions ?? [];
  if (!given.length && !wishes.size) return given;
  const wished = [...wishes.values()].filter((one) => one.roomId === message.room_id && one.seq === message.seq);
  const added = wished.filter((one) => one.on && !given.some(({ emoji }) => emoji === one.emoji));
  return [...given, ...added.map(({ emoji }) => ({ emoji, count: 0, user_ids: [] }))].map(reaction).filter(({ count }) => count > 0);

  function reaction({ emoji, count, user_ids: ids }) {
    const had = ids.includes(me.id);
    const own = wished.find((one) => one.emoji === emoji)?.on ?? had;
    const others = ids.filter((id) => id !== me.id && people.has(id)).slice(0, NAMED);
    const names = [...(own ? [t("You")] : []), ...others.map((id) => nameOf(people.get(id)))];
    return { emoji, own, count: count + own - had, names };
  }
}

// The room a picture takes, known before it is there. Very long and very small ones get what can still be touched; of one
// on its way that this browser cannot read, nothing is known.
export function boxOf(file, captioned) {
  const { width, height } = file.width ? file : UNKNOWN;
  const scale = Math.min(1, WIDEST / width, WIDEST / height);
  const least = captioned ? LEAST.captioned : LEAST.width;
  return { width: Math.max(Math.round(width * scale), least), height: Math.max(Math.round(height * scale), LEAST.height) };
}

// `find(key)` gives the person of a folded username, `files()` what draws files (files.js), null until it has come,
// `found(tree, message)` the tree with what is looked for marked in it (matches.js).
export function messageRow({ message, state, own, follows, followed, inRoom, left, quote, reactions, seen, readers }, { retry, discard, moved, jump, react, find, me, files, found }) {
  const gone = Boolean(message.deleted_at);
  const whispered = message.kind === "whisper";
  const words = gone ? t("Message deleted") : body(message, { changed: moved, find, me, found });
  const jumbo = !gone && !message.file && JUMBO.test(message.body);
  const file = gone ? null : message.file;
  const bare = Boolean(file) && !message.body;
  const meta = html`<span class="bubble__meta">
    ${message.edited_at && !gone ? edited(message.edited_at) : nothing}
    ${left === null ? nothing : countdown(left)}
    <time datetime=${message.created_at} title=${full(message.created_at)}>${clock(message.created_at)}</time>
    ${own && !gone ? tick(state, seen) : nothing}
  </span>`;
  return html`<li
    class="message"
    data-message
    tabindex="-1"
    data-seq=${message.seq ?? nothing}
    data-client-id=${message.client_id}
    data-state=${state}
    ?data-own=${own}
    ?data-follows=${follows}
    ?data-followed=${followed}
    ?data-in-room=${inRoom}
    ?data-gone=${gone}
    ?data-whisper=${whispered}
  >
    ${inRoom && !own && !followed ? html`<span class="message__face" aria-hidden="true">${face(message.sender)}</span>` : nothing}
    <div class="bubble" data-shape=${file?.kind ?? nothing} ?data-bare=${bare} .style=${file?.kind === "image" ? sizeOf(message) : ""}>
      ${author(message.sender, { hidden: own || follows, own })} ${whispered ? secret(message, own) : nothing}
      ${quote && !gone ? quoted(quote, jump) : nothing}
      ${file ? html`<div class="file" data-file=${file.kind}>${files()?.body(message, { state, retry, discard }) ?? nothing}${bare ? meta : nothing}</div>` : nothing}
      ${bare ? nothing : html`<div class="bubble__body" data-body dir="auto" ?data-jumbo=${jumbo} ?data-deleted=${gone}>${words}</div>${meta}`}
      ${reactions.length && !gone ? pills(message, reactions, react) : nothing}
      ${waitsLong(message) ? takeBack(message, { discard }) : nothing}
    </div>
    ${state === "failed" ? failure(message, { retry, discard }) : nothing}
    ${readers.length ? upToHere(readers) : nothing}
  </li>`;
}

function sizeOf({ file, body: caption }) {
  const { width, height } = boxOf(file, caption);
  return `--wide: ${width}px; --ratio: ${width} / ${height}`;
}

// Seen above the first of several messages, heard before each.
function author(sender, { own, hidden }) {
  if (hidden) return html`<span class="visually-hidden">${own ? t("You") : nameOf(sender)}: </span>`;
  const gone = sender.kind === "deleted";
  return html`<span class="bubble__name" data-author ?data-gone=${gone} .style=${`--hue: ${Number(sender.hue)}`}><bdi>${nameOf(sender)}</bdi>${guestBadge(sender)}<span class="visually-hidden">: </span></span>`;
}

// Who else reads it: nobody.
function secret({ recipient }, own) {
  const words = own ? t("Whisper to %(name)s", { name: nameOf(recipient) }) : t("Whisper, only you see this");
  return html`<span class="bubble__secret">${icon("lock")}<span>${words}</span></span>`;
}

function edited(at) {
  const words = t("Edited: %(time)s", { time: full(at) });
  return html`<span class="bubble__edited" title=${words}>${t("edited")}</span>`;
}

function quoted({ seq, sender, source, gone }, jump) {
  const words = gone ? t("Deleted message") : excerptOf(source);
  const hue = gone ? "" : `--hue: ${Number(sender.hue)}`;
  const picture = !gone && source.file?.kind === "image" && source.file.id ? html`<img class="quote__picture" src=${fileAddress(source.file.id, "small")} alt="" loading="lazy" @load=${shown} @error=${shown} />` : nothing;
  return html`<button class="quote" type="button" data-quote=${seq} ?data-gone=${gone} ?disabled=${gone} .style=${hue} @click=${() => jump(seq)}>
    <span class="visually-hidden">${t("Answer to")}</span>
    ${picture}
    ${gone ? nothing : html`<span class="quote__name"><bdi>${nameOf(sender)}</bdi></span><span class="visually-hidden">: </span>`}
    <span class="quote__text" dir="auto">${words}</span>
  </button>`;
}

// Without words, what else it is.
export function excerptOf(said) {
  if (!said.body && said.file) return fileWords(said.file);
  let known = excerpts.get(said);
  if (known?.body !== said.body) {
    known = { body: said.body, text: plain(said.body).replace(/\s+/g, " ").slice(0, 200) };
    excerpts.set(said, known);
  }
  return known.text;
}

function pills(message, reactions, react) {
  return html`<div class="reactions" role="group" aria-label=${t("Reactions")}>${reactions.map((one) => pill(message, one, react))}</div>`;
}

function pill(message, { emoji, count, own, names }, react) {
  const more = count - names.length;
  const list = names.join(", ");
  const rest = more > 0 ? tn("and %(count)s more", "and %(count)s more", more) : "";
  const words = `${emoji} ${count}: ${list} ${rest}`.trim();
  return html`<button class="reaction" type="button" data-reaction=${emoji} aria-pressed=${own} aria-label=${words} title=${`${list} ${rest}`.trim()} @click=${() => react(message, emoji)}>
    <span class="reaction__emoji">${emoji}</span><span class="reaction__count">${count}</span>
  </button>`;
}

// The words of a message with their marks, as its bubble shows them.
export function body(message, { changed, find, me, found = (tree) => tree }) {
  let known = trees.get(message);
  if (known?.body !== message.body) {
    known = { body: message.body, tree: parse(message.body) };
    trees.set(message, known);
  }
  let spoilers = 0;
  return blocks(found(known.tree, message), { spoiler, mention: (text) => mention(text, find, me) });

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

function code({ text, parts = [text] }, end, draw) {
  return html`<pre class="markup-code" dir="ltr" tabindex="0"><code>${inline(parts, draw)}</code>${end}</pre>`;
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
    code: (one) => html`<code class="markup-word">${inline(one.parts ?? [one.text], draw)}</code>`,
    link: (one) => html`<a href=${one.href} target="_blank" rel="noopener noreferrer nofollow">${inline(one.parts ?? [one.text], draw)}</a>`,
    found: (one) => html`<mark class="found">${one.text}</mark>`,
    mention: (one) => draw.mention(one.text),
    spoiler: (one) => draw.spoiler(inline(one.nodes, draw)),
  };
  return nodes.map((one) => (typeof one === "string" ? one : draws[one.kind](one)));
}

// Only who is known here stands out, and oneself most.
function mention(text, find, me) {
  const known = mentioned(text, find);
  if (!known) return text;
  const { found, end } = known;
  return [html`<span class="mention" data-mention=${found.username} ?data-me=${found.id === me.id} title=${nameOf(found)}>${text.slice(0, end)}</span>`, text.slice(end)];
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

// How long it stays, in milliseconds.
function countdown(left) {
  const words = t("Vanishes in %(time)s", { time: lasting(left, "long") });
  return html`<span class="bubble__left" data-expires title=${words}>${icon("timer")}<span aria-hidden="true">${lasting(left)}</span><span class="visually-hidden">${words}</span></span>`;
}

// Under the mouse, in small rooms, by name.
function tick(state, seen) {
  const ticks = {
    pending: [icon("clock"), t("Waiting to be sent")],
    sent: [icon("check"), t("Sent")],
    read: [icon("check-check"), t("Read")],
    failed: [icon("circle-alert"), t("Not sent")],
  };
  const [drawing, words] = ticks[state];
  return html`<span class="bubble__tick" title=${seen ?? words}>${drawing}<span class="visually-hidden">${words}</span></span>`;
}

// In the margin: who has read up to this message. Very small, so the names are said too.
function upToHere(readers) {
  const names = readers.map(nameOf).join(", ");
  const words = t("Read up to here: %(names)s", { names });
  return html`<span class="message__readers" data-readers role="img" aria-label=${words} title=${words}>${readers.slice(0, READERS_SHOWN).map((one) => face(one))}</span>`;
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
