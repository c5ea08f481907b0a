// Tells the server what was read: only what is on a visible, focused page, at the end of the open conversation.

import { applyRead } from "./state.js";

const RETRY = 3_000;

export const lookingLock = (me) => `parley.looking.${me.id}`;

export function createReading(store, { emit }) {
  const { state, changed } = store;
  let busy = false;

  let look = null; // ends the lock by which this account's other tabs see that somebody is looking

  const attentive = () => document.visibilityState === "visible" && document.hasFocus();

  function watch() {
    for (const moment of ["focus", "blur", "visibilitychange"]) window.addEventListener(moment, turn);
    turn();
  }

  function turn() {
    if (!attentive()) {
      look?.();
      look = null;
    } else if (!look) {
      const until = new Promise((resolve) => (look = resolve));
      navigator.locks?.request(lookingLock(state.me), { mode: "shared" }, () => until);
    }
  }

  async function check({ atEnd }) {
    const conversation = state.open?.conversation;
    if (busy || !conversation || !atEnd || !attentive() || !state.connection.online || state.notice) return;
    if (conversation.from === Infinity || conversation.lastSeq <= conversation.readTo) return;
    busy = true;
    try {
      const { last_read_seq } = await emit("mark_read", { room_id: conversation.id, seq: conversation.lastSeq });
      applyRead(state, conversation, state.me.id, last_read_seq);
      busy = false;
    } catch {
      setTimeout(() => {
        busy = false;
        changed();
      }, RETRY);
    }
    changed();
  }

  return { attentive, watch, check };
}
