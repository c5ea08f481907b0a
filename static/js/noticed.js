// Makes somebody aware of what arrives: notifications, a sound, words for screen readers.
// Loaded with the first thing to notice.

import { html, render, repeat } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { plain } from "./markup.js";
import { nameOf } from "./pieces.js";
import { createSpeaker } from "./speaker.js";
import { isMuted } from "./state.js";

const LONGEST = 200;
const READ_OUT = 3;

// `attentive()` says whether somebody looks at this tab, `open(username, seq)` leads there, `offer()` may offer notifications.
export function createNoticed(store, { announcer, attentive, open, offer }) {
  const { state } = store;
  const speaker = createSpeaker(state.me, attentive);
  const shown = new Map(); // id of a conversation → {notification, seq}
  let announced = [];

  async function arrived(conversation, message) {
    if (attentive()) announce(conversation, message);
    else offer();
    const loud = !isMuted(conversation) && message.seq > conversation.readTo;
    const mine = loud && (await speaker.speaksFor(`${message.room_id}.${message.seq}`));
    if (!mine || message.seq <= conversation.readTo) return;
    show(conversation, message);
    const { ring } = await import("./sound.js");
    ring(state.preferences?.sound ?? "soft");
  }

  function show(conversation, message) {
    if (globalThis.Notification?.permission !== "granted") return;
    const { sender, seq, room_id: roomId } = message;
    const options = { body: excerpt(plain(message.body)), tag: `parley.${state.me.id}.${roomId}`, renotify: true, silent: true, dir: "auto" };
    try {
      const notification = new Notification(nameOf(sender), options);
      notification.addEventListener("click", () => {
        window.focus();
        notification.close();
        open(sender.username, seq);
      });
      shown.set(roomId, { notification, seq });
    } catch {
      // Android's Chromium lets only service workers show notifications.
    }
  }

  function announce(conversation, message) {
    const name = nameOf(message.sender);
    const here = state.open?.conversation === conversation;
    const words = here ? `${name}: ${plain(message.body)}` : t("New message from %(name)s", { name });
    announced = [...announced, { key: message.client_id, words }].slice(-READ_OUT);
    render(repeat(announced, (one) => one.key, ({ words }) => html`<p>${words}</p>`), announcer);
  }

  function update() {
    if (!state.connection.online) speaker.resign();
    for (const [roomId, { notification, seq }] of shown) {
      if (seq > (state.conversations.get(roomId)?.readTo ?? Infinity)) continue;
      notification.close();
      shown.delete(roomId);
    }
  }

  store.subscribe(update);
  window.addEventListener("pagehide", () => shown.forEach(({ notification }) => notification.close()));
  update();
  return { arrived };
}

function excerpt(text) {
  const points = [...text.slice(0, 2 * LONGEST + 2)];
  return points.length > LONGEST ? `${points.slice(0, LONGEST).join("")}…` : text;
}
