// Loads what people wrote: the newest page of a conversation, one around a message, older and newer ones; and makes the page
// whole again, after every connect and when a version shows that something was missed.

import { applyHistory, applyMessages, applyRoom, dropBeyond, forgetMessages, letGo, reachVersion, trimMessages } from "./state.js";
import { setClock } from "./conversations.js";
import { t } from "./i18n.js";

const PAGE = 51; // the one at an edge is not shown: it tells how its neighbour stands
const AROUND = 101;
const CONTEXT = 15;
const ROOMS_AT_ONCE = 500;
const GAP_PATIENCE = 300;
const RETRY = 2_000;

export function createHistory(store, { api, ended }) {
  const { state, changed } = store;
  const latest = new WeakMap(); // conversation → the one load whose answer counts

  // What somebody sees first: the first unread message with what was read above it, or the newest.
  function begin(conversation) {
    const far = conversation.unread && conversation.lastSeq - conversation.readTo > PAGE - CONTEXT;
    return far ? around(conversation, conversation.readTo + 1) : newest(conversation);
  }

  function newest(conversation) {
    return anew(conversation, "newest", { limit: PAGE }, () => Infinity);
  }

  function around(conversation, seq) {
    return anew(conversation, "around", { around: seq, limit: AROUND }, endOf);
  }

  // The first message from a moment on.
  function at(conversation, moment) {
    return anew(conversation, "around", { at: moment, limit: AROUND }, endOf);
  }

  function older(conversation) {
    const { from, complete } = conversation;
    if (conversation.loading || complete || from === Infinity) return;
    // Meanwhile the window may have been trimmed: a page that does not join it would leave a hole.
    const join = (page) => conversation.from === from && { from: page.messages[0]?.seq ?? from, complete: page.complete };
    load(conversation, "older", { before: from, limit: PAGE }, join);
  }

  function newer(conversation) {
    const { to } = conversation;
    if (conversation.loading || to === Infinity) return;
    const join = (page) => conversation.to === to && { to: page.complete ? Infinity : page.messages.at(-1).seq };
    load(conversation, "newer", { after: to, limit: PAGE }, join);
  }

  const endOf = ({ messages, complete_after: complete }) => (complete ? Infinity : messages.at(-1).seq);

  function anew(conversation, what, query, toOf) {
    return load(conversation, what, query, (page) => ({ from: page.messages[0]?.seq, to: toOf(page), complete: page.complete, anew: true, version: page.room.version }));
  }

  // True when it is there.
  async function load(conversation, what, query, windowOf) {
    const mine = {};
    latest.set(conversation, mine);
    Object.assign(conversation, { loading: what, error: null });
    changed();
    let done = false;
    try {
      const page = await api.messages(conversation.id, query);
      if (latest.get(conversation) !== mine) return false;
      const window = windowOf(page);
      if (window) applyHistory(state, conversation, page.messages, window);
      applyRoom(state, page.room);
      if (window.anew) reachVersion(conversation, page.room.version);
      done = true;
    } catch (refusal) {
      if (latest.get(conversation) !== mine) return false;
      if (refusal.endsSession) ended(refusal);
      failed(conversation, what);
    }
    conversation.loading = null;
    dropBeyond(conversation);
    changed();
    return done;
  }

  // On the way to elsewhere one stays where one is. What waits to be sent is seen at the end alone, so that takes its place.
  function failed(conversation, what) {
    if (what === "around" && conversation.from !== Infinity) {
      if (state.open?.conversation === conversation) state.open.target = null;
      state.remark = { roomId: conversation.id, words: t("This needs a connection. Try again.") };
      return;
    }
    if (what === "newest") letGo(conversation);
    conversation.error = what;
  }

  return { begin, newest, around, at, older, newer };
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
    const wasLoaded = conversation.from !== Infinity;
    // Or a clearing was taken back.
    if (tooMuch || room.cleared_seq < conversation.clearedSeq) {
      forgetMessages(conversation, room.version);
      applyRoom(state, room);
      if (wasLoaded) reload(conversation);
      return true;
    }
    applyMessages(state, conversation, messages);
    trimMessages(conversation);
    applyRoom(state, room);
    if (wasLoaded && conversation.from === Infinity) reload(conversation); // all that was held is cleared
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
