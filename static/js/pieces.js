// Small drawings that several parts share.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t, tn } from "./i18n.js";
import { initials } from "./text.js";
import { playTime } from "./times.js";

const SPRITE = new URL("../vendor/icons.svg", import.meta.url).pathname;

export function icon(name) {
  return html`<svg class="icon" aria-hidden="true"><use href=${`${SPRITE}#${name}`}></use></svg>`;
}

let root = ""; // the address of this account's pages

export function useRoot(address) {
  root = address;
}

// Where a file is; `size` is "small" or "large", or nothing for the original.
export function fileAddress(id, size = "") {
  return `${root}/files/${id}${size && `/${size}`}`;
}

// A file in a few words, where it cannot be seen or heard.
export function fileWords({ kind, name, voice, duration }) {
  if (kind === "image") return t("Photo");
  if (!voice) return name || t("Recording");
  return duration ? t("Voice message (%(time)s)", { time: playTime(duration) }) : t("Voice message");
}

export const fileIcon = ({ kind, voice }) => icon(kind === "image" ? "image" : voice ? "mic" : "music");

// Of a person or a room.
export function nameOf(one) {
  if (one.kind === "group") return one.name;
  return one.kind === "deleted" ? t("Deleted account") : one.display_name;
}

// Names a row of the list. No username holds a slash.
export const rowKey = (one) => (one.kind === "group" ? `room/${one.id}` : one.username);

// What to tell a person of a refusal, or of silence.
export function wordsOf(refusal) {
  return refusal.message || t("No answer from the server. Try again.");
}

export function face(person, { presence = false } = {}) {
  if (person.kind === "group") return roomFace(person);
  if (person.kind === "deleted") return html`<span class="face" data-gone>${icon("user-round-x")}</span>`;
  const dot = html`<span
    class="face__dot"
    data-presence=${person.online ? "online" : "offline"}
    role="img"
    aria-label=${person.online ? t("online") : t("offline")}
  ></span>`;
  return html`<span class="face" .style=${`--hue: ${Number(person.hue)}`}
    ><span aria-hidden="true">${initials(person.display_name)}</span>${portrait(person)}${presence ? dot : nothing}</span
  >`;
}

// Who has seen a message (seenOf in conversations.js); who is not known here is counted.
export function seenWords({ by, yet }, people) {
  if (!by.length) return t("Nobody has seen it yet");
  if (!yet.length && by.length > 1) return t("Seen by everyone");
  const known = by.filter((id) => people.has(id)).map((id) => nameOf(people.get(id)));
  const names = known.join(", ");
  const more = by.length - known.length;
  if (!names) return tn("Seen by %(count)s person", "Seen by %(count)s people", more);
  const rest = more ? tn("and %(count)s more", "and %(count)s more", more) : "";
  const seen = t("Seen by %(names)s", { names });
  return `${seen} ${rest}`.trim();
}

// A colour of its own for each room, as for each person (chat/payloads.py): the golden angle spreads neighbours.
const hueOf = ({ id }) => Math.round((id * 137.508) % 360);

function roomFace(room) {
  const sign = room.emoji ? html`<span class="face__emoji">${room.emoji}</span>` : initials(room.name);
  return html`<span class="face face--room" .style=${`--hue: ${hueOf(room)}`}><span aria-hidden="true">${sign}</span>${portrait(room)}</span>`;
}

// Over the initials, which stay where it cannot be loaded.
function portrait({ avatar_id: id }) {
  if (!id) return nothing;
  return html`<img class="face__picture" data-avatar=${id} src=${fileAddress(id, "small")} alt="" loading="lazy" decoding="async" draggable="false" @load=${shown} @error=${shown} />`;
}

// Says in `data-state` whether a picture has come; a style sheet shows it then.
export function shown({ type, currentTarget: picture }) {
  picture.dataset.state = type === "load" ? "shown" : "failed";
}

export function guestBadge(person) {
  return person.kind === "guest" ? html`<span class="tag" data-guest>${t("guest")}</span>` : nothing;
}

const sheets = new Map(); // style sheets that came with what needs them

// Ends when the page has the style sheet; what could not be loaded may be asked for again.
export function styled(name) {
  if (!sheets.has(name)) sheets.set(name, load(name));
  return sheets.get(name);
}

function load(name) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`../css/${name}`, import.meta.url).pathname;
  const loaded = new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      sheets.delete(name);
      reject(new Error(name));
    };
  });
  document.head.append(link);
  return loaded;
}
