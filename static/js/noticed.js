// Makes somebody aware of what arrives: notifications, a sound, words for screen readers.
// Loaded with the first thing to notice.

import { html, render, repeat } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { parse, plain } from "./markup.js";
import { fileAddress, fileWords, nameOf } from "./pieces.js";
import { createSpeaker } from "./speaker.js";
import { isMuted, partnerOf, placeOf } from "./state.js";
import { mentioned, nameKey } from "./text.js";

const LONGEST = 200;
const READ_OUT = 3;

// `attentive()` says whether somebody looks at this tab, `open(place, seq)` leads there, `offer()` may offer notifications.
export function createNoticed(store, { announcer, attentive, open, offer }) {
  const { state } = store;
  const speaker = createSpeaker(state.me, attentive);
  const shown = new Map(); // id of a conversation → {notification, seq, null for a whisper}
  let announced = [];

  async function arrived(conversation, message) {
    if (attentive()) announce(conversation, message);
    else offer();
    const loud = isLoud(conversation, message, state.me) && message.seq > conversation.readTo;
    const mine = loud && (await speaker.speaksFor(`${message.room_id}.${message.seq}`));
    if (!mine || message.seq <= conversation.readTo) return;
    show(conversation, { title: titleOf(conversation, message.sender), body: excerpt(saidIn(message)), seq: message.seq, face: message.sender.avatar_id });
    ring();
  }

  // Of a whisper nothing is said but who whispers: a notification may lie on a locked screen.
  async function whispered(conversation, { sender, client_id: id, ...said }) {
    const title = t("Whisper from %(name)s", { name: nameOf(sender) });
    if (attentive()) sayAloud(id, state.open?.conversation === conversation ? `${title}: ${saidIn(said)}` : title);
    if (isMuted(conversation) || !(await speaker.speaksFor(id))) return;
    show(conversation, { title, body: "", seq: null });
    ring();
  }

  async function ring() {
    const sound = await import("./sound.js");
    sound.ring(state.preferences?.sound ?? "soft");
  }

  function show(conversation, { title, body, seq, face = null }) {
    if (globalThis.Notification?.permission !== "granted") return;
    const { id: roomId } = conversation;
    const options = { body, tag: `parley.${state.me.id}.${roomId}`, renotify: true, silent: true, dir: "auto", ...(face && { icon: fileAddress(face, "small") }) };
    try {
      const notification = new Notification(title, options);
      notification.addEventListener("click", () => {
        window.focus();
        notification.close();
        open(placeOf(partnerOf(state, conversation)), seq);
      });
      shown.set(roomId, { notification, seq });
    } catch {
      // Android's Chromium lets only service workers show notifications.
    }
  }

  function announce(conversation, message) {
    const name = nameOf(message.sender);
    const here = state.open?.conversation === conversation;
    const elsewhere = conversation.kind === "group" ? newInRoom(name, conversation) : t("New message from %(name)s", { name });
    sayAloud(message.client_id, here ? `${name}: ${saidIn(message)}` : elsewhere);
  }

  function sayAloud(key, words) {
    announced = [...announced, { key, words }].slice(-READ_OUT);
    render(repeat(announced, (one) => one.key, ({ words }) => html`<p>${words}</p>`), announcer);
  }

  function update() {
    if (!state.connection.online) speaker.resign();
    for (const [roomId, { notification, seq }] of shown) {
      const seen = seq === null ? attentive() && state.open?.conversation?.id === roomId : seq <= state.conversations.get(roomId)?.readTo;
      if (!seen && state.conversations.has(roomId)) continue;
      notification.close();
      shown.delete(roomId);
    }
  }

  store.subscribe(update);
  window.addEventListener("pagehide", () => shown.forEach(({ notification }) => notification.close()));
  update();
  return { arrived, whispered };
}

// In a room one may want to hear of everything, of what is said to oneself, or of nothing.
function isLoud(conversation, message, me) {
  if (isMuted(conversation) || conversation.notify === "none") return false;
  return conversation.notify !== "mentions" || isSaidTo(message, me);
}

function isSaidTo({ body, reply_to: quote }, me) {
  const find = (name) => name === nameKey(me.username);
  return quote?.sender?.id === me.id || parse(body).flatMap(namesIn).some((text) => mentioned(text, find));
}

function namesIn(node) {
  if (node.kind === "mention") return [node.text];
  return [...(node.nodes ?? []), ...(node.blocks ?? []), ...(node.items ?? [])].flatMap(namesIn);
}

// The words, and what came with them.
const saidIn = ({ body, file }) => [plain(body), file && fileWords(file)].filter(Boolean).join(" · ");

function titleOf(conversation, sender) {
  const name = nameOf(sender);
  return conversation.kind === "group" ? t("%(name)s in %(room)s", { name, room: conversation.name }) : name;
}

function newInRoom(name, { name: room }) {
  return t("New message from %(name)s in %(room)s", { name, room });
}

function excerpt(text) {
  const points = [...text.slice(0, 2 * LONGEST + 2)];
  return points.length > LONGEST ? `${points.slice(0, LONGEST).join("")}…` : text;
}
