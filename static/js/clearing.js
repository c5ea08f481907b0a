// Clearing a history: what would go, doing it, and taking it back. Loaded when first wanted; refusals are thrown to whoever asked.

import { t } from "./i18n.js";
import { wordsOf } from "./pieces.js";

// `say(words, …)` shows a quiet word.
export function createClearing(store, { emit, ended, say }) {
  const { state } = store;

  // {messages, files, more, seq} of all, or of what was said before a moment.
  const count = (room, { everyone, before }) => emit("count_history", { room_id: room.id, everyone, before });

  async function clear(room, { everyone, seq }) {
    const { clearing, undo_until: until } = await emit("clear_history", { room_id: room.id, everyone, seq });
    const seconds = Math.max(1, Math.round((Date.parse(until) - Date.now() - state.clockAhead) / 1_000));
    say(t("The history is cleared."), { seconds, action: { words: t("Undo"), act: () => undo(clearing) } });
  }

  async function undo(clearing) {
    try {
      await emit("undo_clear_history", { clearing });
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else say(wordsOf(refusal));
    }
  }

  return { count, clear };
}
