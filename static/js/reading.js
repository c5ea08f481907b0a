// Tells the server what was read: only what is on a visible, focused page, at the end of the open conversation.

import { applyRead } from "./state.js";

const RETRY = 3_000;

export function createReading(store, { emit }) {
  const { state, changed } = store;
  let busy = false;

  const attentive = () => document.visibilityState === "visible" && document.hasFocus();

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

  return { attentive, check };
}
