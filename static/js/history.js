// Loads what people wrote: the newest page of a conversation, older ones; and makes the page whole again, after every
// connect and when a version shows that something was missed.

import { applyHistory, applyMessages, applyRoom, forgetMessages, reachVersion } from "./state.js";
import { setClock } from "./conversations.js";

const PAGE = 50;
const LARGEST_PAGE = 200;
const CONTEXT = 15;
const ROOMS_AT_ONCE = 500;
const GAP_PATIENCE = 300;
const RETRY = 2_000;

export function createHistory(store, { api, ended }) {
  const { state, changed } = store;

  async function newest(conversation) {
    // Enough for the first unread one to be among them, with something above it.
    const limit = Math.min(LARGEST_PAGE, Math.max(PAGE, conversation.unread + CONTEXT));
    await load(conversation, "newest", { limit }, (room) => reachVersion(conversation, room.version));
  }

  async function older(conversation) {
    if (conversation.complete || conversation.from === Infinity) return;
    const far = state.open?.conversation === conversation && state.open.target; // somebody waits to be led up there
    await load(conversation, "older", { before: conversation.from, limit: far ? LARGEST_PAGE : PAGE });
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

// `heard(conversation, message)` is told of the newest message that was missed in a conversation, `closed(id)` of one
// that is no longer open to this person.
export function createCatchUp(store, { emit, reload, heard, closed }) {
  const { state, changed } = store;
  const waiting = new Map();

  async function all() {
    const ids = [...state.conversations.keys()];
    do {
      await these(ids.splice(0, ROOMS_AT_ONCE));
    } while (ids.length);
  }

  // Ask about these conversations until the server has told everything.
  async function these(ids) {
    let question = versionsOf(ids);
    do {
      const answer = await emit("sync", { rooms: question });
      setClock(state, answer.now);
      answer.opened.forEach(open);
      answer.closed.forEach((id) => closed(Number(id)));
      const unfinished = Object.entries(answer.rooms).filter(([id, told]) => !apply(Number(id), told));
      question = versionsOf(unfinished.map(([id]) => Number(id)));
      changed();
    } while (Object.keys(question).length);
  }

  function open(room) {
    const conversation = applyRoom(state, room);
    if (room.last_message) heard(conversation, room.last_message);
  }

  function versionsOf(ids) {
    const known = ids.map((id) => state.conversations.get(id)).filter(Boolean);
    return Object.fromEntries(known.map((conversation) => [conversation.id, conversation.version]));
  }

  // True when nothing is left to ask for in this room.
  function apply(id, { room, messages, complete, reload: tooMuch }) {
    const conversation = state.conversations.get(id);
    if (!conversation) return true;
    if (room.last_message?.seq > conversation.lastSeq) heard(conversation, room.last_message);
    if (tooMuch) {
      const wasLoaded = conversation.from !== Infinity;
      forgetMessages(conversation, room.version);
      applyRoom(state, room);
      if (wasLoaded) reload(conversation);
      return true;
    }
    applyMessages(state, conversation, messages);
    applyRoom(state, room);
    reachVersion(conversation, complete ? room.version : Math.max(0, ...messages.map((one) => one.version)));
    return complete || !messages.length;
  }

  // A message came whose version is not the next one: give the missing one a moment, then ask.
  function watch(conversation) {
    if (!conversation.ahead.size || waiting.has(conversation.id)) return;
    waiting.set(conversation.id, setTimeout(() => close(conversation), GAP_PATIENCE));
  }

  async function close(conversation) {
    waiting.delete(conversation.id);
    if (!conversation.ahead.size || !state.connection.online) return;
    try {
      await these([conversation.id]);
    } catch {
      waiting.set(conversation.id, setTimeout(() => close(conversation), RETRY));
    }
  }

  return { all, these, watch };
}
