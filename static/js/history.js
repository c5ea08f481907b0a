// Loads what people wrote before: the newest page of a conversation, then older ones.

import { applyHistory, applyRoom, reachVersion } from "./state.js";

const PAGE = 50;
const LARGEST_PAGE = 200;
const CONTEXT = 15;

export function createHistory(store, { api, ended }) {
  const { state, changed } = store;

  async function newest(conversation) {
    // Enough for the first unread one to be among them, with something above it.
    const limit = Math.min(LARGEST_PAGE, Math.max(PAGE, conversation.unread + CONTEXT));
    await load(conversation, "newest", { limit }, (room) => reachVersion(conversation, room.version));
  }

  async function older(conversation) {
    if (conversation.complete || conversation.from === Infinity) return;
    await load(conversation, "older", { before: conversation.from, limit: PAGE });
  }

  async function load(conversation, what, query, done = () => {}) {
    if (conversation.loading) return;
    Object.assign(conversation, { loading: what, error: null });
    changed();
    try {
      const { messages, room, complete } = await api.messages(conversation.id, query);
      applyHistory(state, conversation, messages, { from: messages[0]?.seq ?? conversation.from, complete });
      applyRoom(state, room);
      done(room);
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      conversation.error = what;
    }
    conversation.loading = null;
    changed();
  }

  return { newest, older };
}
