// What this page knows: people, conversations, messages. Plain data and functions that change it; no network, no drawing.
// Live, caught-up and loaded messages all go through `applyMessages`.

const HELD_MOST = 400;
const HELD_AFTER_TRIM = 200;
export const LATE = 2_000; // a message that waits longer than this can be taken back

export function createState(me, preferences) {
  return {
    me,
    preferences, // theme, accent, density, send_key, sound, clock
    people: new Map([[me.id, me]]),
    conversations: new Map(),
    open: null, // {userId, conversation: null while it is being made, error, target: seq to lead the eye to, or null}
    typing: new Map(), // conversation id → time at which it is forgotten
    drafts: new Map(), // conversation id → text
    unsent: new Map(), // conversation id → what an earlier page left waiting, until the conversation is known
    directory: { ids: [], complete: false, loading: false },
    search: { text: "", ids: [], loading: false },
    connection: { online: false, lostAt: null },
    ready: false, // the list of conversations has been loaded
    layer: null, // what lies over the conversation: "details", "panel", "panel/<section>"
    notice: null,
  };
}

const SIGNATURE = ["username", "display_name", "kind", "hue"];

export function applyPerson(state, person) {
  const known = state.people.get(person.id);
  const now = { ...known, ...person };
  state.people.set(person.id, now);
  if (now.id === state.me.id) state.me = now;
  if (known && SIGNATURE.some((name) => known[name] !== now[name])) signAnew(state, now);
}

// Somebody has another name or colour: so have the messages they wrote before.
function signAnew(state, person) {
  const sender = Object.fromEntries(["id", ...SIGNATURE].map((name) => [name, person[name]]));
  for (const { messages, pending, lastMessage } of state.conversations.values()) {
    for (const message of [...messages.values(), ...pending, lastMessage]) {
      if (message?.sender.id === person.id) message.sender = sender;
    }
  }
}

export function applyOnline(state, ids) {
  const online = new Set(ids);
  for (const person of state.people.values()) person.online = online.has(person.id);
}

export function applyPresence(state, { online, offline }) {
  for (const id of online) if (state.people.has(id)) state.people.get(id).online = true;
  for (const { id, last_seen_at } of offline) if (state.people.has(id)) applyPerson(state, { id, online: false, last_seen_at });
}

// A room as the server describes it. What is known already may be newer: counters never go back.
export function applyRoom(state, room) {
  applyPerson(state, room.peer);
  const known = state.conversations.get(room.id);
  const conversation = known ?? newConversation(state, room);
  const current = room.last_read_seq >= conversation.readTo;
  conversation.readTo = Math.max(conversation.readTo, room.last_read_seq);
  conversation.peerReadTo = Math.max(conversation.peerReadTo, room.peer_read_seq);
  conversation.mutedUntil = room.muted_until;
  if (room.last_seq >= conversation.lastSeq) {
    conversation.lastSeq = room.last_seq;
    conversation.lastMessage = room.last_message;
  }
  if (current) conversation.unread = room.unread + heardAfter(state, conversation, room.last_seq);
  state.conversations.set(room.id, conversation);
  return conversation;
}

// How many unread ones came after the server counted.
function heardAfter(state, conversation, seq) {
  const newer = new Map(conversation.messages);
  if (conversation.lastMessage) newer.set(conversation.lastMessage.seq, conversation.lastMessage);
  return [...newer.values()].filter((one) => one.seq > seq && isUnread(state, conversation, one)).length;
}

function isUnread(state, conversation, message) {
  return message.seq > conversation.readTo && message.sender.id !== state.me.id && !message.deleted_at;
}

function newConversation(state, room) {
  const pending = state.unsent.get(room.id) ?? [];
  state.unsent.delete(room.id);
  return {
    id: room.id,
    peerId: room.peer.id,
    version: room.version, // everything up to here is held
    ahead: new Set(), // versions heard beyond it: what lies between was missed
    lastSeq: 0,
    lastMessage: null,
    readTo: 0,
    peerReadTo: 0,
    unread: 0,
    mutedUntil: null, // ISO time
    pending,
    ...nothingHeld(),
  };
}

function nothingHeld() {
  return { messages: new Map(), from: Infinity, complete: false, loading: null, error: null, divider: null };
}

// Too much was missed: drop what is held, to be loaded again.
export function forgetMessages(conversation, version) {
  Object.assign(conversation, nothingHeld(), { version, ahead: new Set() });
}

// For each seq the highest version stays. Changes to messages older than what is held are not kept: they would stand
// alone before a hole, and come with their page of history anyway.
export function applyMessages(state, conversation, messages) {
  for (const message of messages) {
    conversation.pending = conversation.pending.filter((one) => one.client_id !== message.client_id);
    const held = conversation.messages.get(message.seq);
    const wanted = message.seq >= conversation.from || conversation.loading === "newest";
    if (wanted && !(held?.version >= message.version)) conversation.messages.set(message.seq, message);
    applyToSummary(state, conversation, message);
    // Who writes has seen what is above.
    applyRead(state, conversation, message.sender.id, message.seq);
  }
  countUnread(state, conversation);
}

// Exact where all unread ones are held; otherwise the count goes on from the server's.
function countUnread(state, conversation) {
  if (conversation.from > conversation.readTo + 1) return;
  const held = [...conversation.messages.values()];
  conversation.unread = held.filter((one) => isUnread(state, conversation, one)).length;
}

function applyToSummary(state, conversation, message) {
  const own = message.sender.id === state.me.id;
  if (message.seq === conversation.lastMessage?.seq && message.version > conversation.lastMessage.version) {
    conversation.lastMessage = message;
  }
  if (message.seq <= conversation.lastSeq) return;
  conversation.lastSeq = message.seq;
  conversation.lastMessage = message;
  if (!own && message.seq > conversation.readTo) conversation.unread += 1;
  if (!own) state.typing.delete(conversation.id);
}

// Who follows a conversation at its end needs its newest messages; the rest comes back when they scroll to it.
export function trimMessages(conversation) {
  if (conversation.messages.size <= HELD_MOST) return;
  const seqs = [...conversation.messages.keys()].sort((a, b) => a - b);
  const from = seqs.at(-HELD_AFTER_TRIM);
  for (const seq of seqs) if (seq < from) conversation.messages.delete(seq);
  Object.assign(conversation, { from, complete: false });
}

// A page of history: everything from `from` on is now held.
export function applyHistory(state, conversation, messages, { from, complete }) {
  conversation.from = Math.min(conversation.from, complete ? 0 : from);
  conversation.complete ||= complete;
  for (const seq of conversation.messages.keys()) if (seq < conversation.from) conversation.messages.delete(seq);
  applyMessages(state, conversation, messages);
}

// Remember that a change was heard. What is left in `ahead` afterwards lies behind a gap.
export function applyVersion(conversation, version) {
  if (version > conversation.version) conversation.ahead.add(version);
  while (conversation.ahead.delete(conversation.version + 1)) conversation.version += 1;
}

// The server says that everything up to `version` has been told.
export function reachVersion(conversation, version) {
  conversation.version = Math.max(conversation.version, version);
  for (const heard of [...conversation.ahead].sort((a, b) => a - b)) {
    conversation.ahead.delete(heard);
    applyVersion(conversation, heard);
  }
}

export function applyRead(state, conversation, userId, seq) {
  if (userId !== state.me.id) {
    conversation.peerReadTo = Math.max(conversation.peerReadTo, seq);
    return;
  }
  if (seq <= conversation.readTo) return;
  conversation.readTo = seq;
  if (seq >= conversation.lastSeq) conversation.unread = 0;
  else countUnread(state, conversation);
}

// What a conversation shows: stored messages in the order of everybody, then what waits to be sent.
export function messagesOf(conversation) {
  const stored = [...conversation.messages.values()].filter((one) => !one.deleted_at).sort((a, b) => a.seq - b.seq);
  return [...stored, ...conversation.pending];
}

export function waitsLong(message) {
  return message.state === "pending" && Date.now() - new Date(message.created_at) >= LATE;
}

export function waitingInAll(state) {
  const pending = [...state.conversations.values()].flatMap((conversation) => conversation.pending);
  return pending.filter((message) => message.state === "pending").length;
}

export function lastActivity(conversation) {
  const waiting = conversation.pending.at(-1)?.created_at ?? "";
  const stored = conversation.lastMessage?.created_at ?? "";
  return waiting > stored ? waiting : stored;
}

export function conversationWith(state, userId) {
  for (const conversation of state.conversations.values()) if (conversation.peerId === userId) return conversation;
  return null;
}

export function isMuted(conversation, now = Date.now()) {
  return Boolean(conversation?.mutedUntil) && Date.parse(conversation.mutedUntil) > now;
}

export function unreadInAll(state) {
  let count = 0;
  for (const conversation of state.conversations.values()) count += conversation.unread;
  return count;
}
