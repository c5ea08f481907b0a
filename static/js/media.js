// The pictures, or the sound, of a conversation in their order: what is held of its messages, and pages of older ones.

import { isOver, isWithin, messagesOf, noMedia } from "./conversations.js";
import { wordsOf } from "./pieces.js";

const PAGE = 30;

// `kind` is "image" or "audio"; the oldest first.
export function filesOf(state, conversation, kind) {
  if (!conversation) return [];
  const loaded = [...(conversation.media?.[kind].messages.values() ?? [])].filter(({ seq }) => !isWithin(conversation, seq));
  const place = (one) => one.seq ?? one.after_seq ?? Infinity;
  const all = loaded.length ? [...loaded, ...messagesOf(conversation)].sort((a, b) => place(a) - place(b)) : messagesOf(conversation);
  return all.filter((one) => one.file?.kind === kind && !one.deleted_at && !isOver(state, one));
}

// Whether these are all there are.
export function isWhole(conversation, kind) {
  return conversation.complete || Boolean(conversation.media?.[kind].complete);
}

export function createMedia({ state, changed }, { api, ended }) {
  // The next page into the past; what failed waits for somebody to ask again.
  async function older(conversation, kind, { again = false } = {}) {
    conversation.media ??= noMedia();
    const list = conversation.media[kind];
    if (list.loading || isWhole(conversation, kind) || (list.error && !again)) return;
    Object.assign(list, { loading: true, error: "" });
    changed();
    try {
      const { messages, complete } = await api.files(conversation.id, { kind, before: Number.isFinite(list.from) ? list.from : null, limit: PAGE });
      for (const one of messages) if (!(list.messages.get(one.seq)?.version >= one.version)) list.messages.set(one.seq, one);
      list.complete = complete;
      list.from = complete ? 0 : Math.min(list.from, ...messages.map(({ seq }) => seq));
      if (messages.some((one) => one.expires_at)) state.ending.add(conversation.id);
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      list.error = wordsOf(refusal);
    }
    list.loading = false;
    changed();
  }

  return { older };
}
