// Reactions as one gives them: shown at once, taken back with a word when the server says no.

import { t } from "./i18n.js";
import { wordsOf } from "./pieces.js";

export function createReacting(store, { emit, take, ended, remark }) {
  const { state, changed } = store;

  // Give this reaction, or take it back. Quick changes of mind while the server is asked are told it one after another.
  async function react(message, emoji) {
    const key = `${message.room_id} ${message.seq} ${emoji}`;
    const asked = state.wishes.get(key);
    const given = message.reactions?.find((one) => one.emoji === emoji)?.user_ids.includes(state.me.id);
    const wish = { roomId: message.room_id, seq: message.seq, emoji, on: !(asked?.on ?? given) };
    state.wishes.set(key, wish);
    remark(message.room_id, "");
    if (!asked) await tell(key);
  }

  async function tell(key) {
    try {
      let told = null;
      while (state.wishes.get(key).on !== told) {
        const { roomId, seq, emoji, on } = state.wishes.get(key);
        const { message } = await emit("set_reaction", { room_id: roomId, seq, emoji, on });
        told = on;
        take(message);
      }
    } catch (refusal) {
      const words = state.connection.online ? wordsOf(refusal) : t("Reactions need a connection.");
      if (refusal.endsSession) ended(refusal);
      else remark(state.wishes.get(key).roomId, words);
    }
    state.wishes.delete(key);
    changed();
  }

  return { react };
}
