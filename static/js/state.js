// What this page knows: people, conversations, messages. Plain data and functions that change it; no network, no drawing.
// Live, caught-up and loaded messages all go through `applyMessages`.

import { applyDescription, applyToFinds, applyToMedia, isLine, isSaid, isWithin, messagesOf, reachesEnd } from "./conversations.js";
import { nameKey } from "./text.js";

export * from "./conversations.js";

const HELD_MOST = 400;
const HELD_AFTER_TRIM = 200;

export function createState(me, preferences) {
  return {
    me,
    preferences, // theme, accent, density, send_key, sound, clock
    people: new Map([[me.id, me]]),
    names: new Map([[nameKey(me.username), me]]), // folded username → person
    conversations: new Map(),
    open: null, // {kind: "person" or "room", userId or null, conversation: null while it is being made, error, target: seq to lead the eye to (Infinity: the end) or null, asked: the target that was loaded}
    typing: new Map(), // conversation id → Map of user id → time at which it is forgotten
    drafts: new Map(), // conversation id → text
    replies: new Map(), // conversation id → what the draft answers: {seq, sender, body, kind}
    writing: new Map(), // conversation id → what is written instead of the draft (writing.js)
    wishes: new Map(), // message and emoji → whether one wants to have reacted so, until the server knows (reacting.js)
    remark: null, // {roomId, words}: what to say at the composer
    unsent: new Map(), // conversation id → what an earlier page left waiting, until the conversation is known
    directory: { ids: [], complete: false, loading: false },
    search: { text: "", ids: [], rooms: [], loading: false },
    seek: null, // what is looked for in the open conversation: {text, seq of the hit one is at, or null, place}
    finds: new Set(), // what searches have found (searches.js)
    connection: { online: false, lostAt: null },
    ready: false, // the list of conversations has been loaded
    ending: new Set(), // ids of conversations with messages that expire
    clockAhead: 0, // how far the server's clock is ahead of this browser's, in milliseconds
    layer: null, // what lies over the conversation: "details", "panel", "panel/<section>"
    leaning: false, // the open conversation scrolls by itself (leanback.js)
    exports: new Map(), // id → what one takes away (exporting.js)
    playing: null, // {message, state: "loading", "playing", "paused" or "failed"}: the one sound of the page (playing.js)
    notice: null,
  };
}

const SIGNATURE = ["username", "display_name", "kind", "hue", "avatar_id"];

export function applyPerson(state, person) {
  const known = state.people.get(person.id);
  const now = { ...known, ...person };
  state.people.set(person.id, now);
  if (now.id === state.me.id) state.me = now;
  if (known && known.username !== now.username) state.names.delete(nameKey(known.username));
  if (now.username) state.names.set(nameKey(now.username), now);
  if (known && SIGNATURE.some((name) => known[name] !== now[name])) signAnew(state, now);
}

// Somebody has another name or colour: so have the messages they wrote before.
function signAnew(state, person) {
  const sender = Object.fromEntries(["id", ...SIGNATURE].map((name) => [name, person[name]]));
  for (const { messages, pending, whispers, lastMessage } of state.conversations.values()) {
    for (const message of [...messages.values(), ...pending, ...whispers, lastMessage]) {
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
  if (room.peer) applyPerson(state, room.peer);
  const known = state.conversations.get(room.id);
  const conversation = known ?? newConversation(state, room);
  const current = room.last_read_seq >= conversation.readTo;
  conversation.readTo = Math.max(conversation.readTo, room.last_read_seq);
  conversation.peerReadTo = Math.max(conversation.peerReadTo, room.peer_read_seq);
  conversation.mutedUntil = room.muted_until;
  if (room.last_seq) conversation.activeAt = room.active_at;
  if (room.cleared_seq > conversation.clearedSeq) applyCleared(state, conversation, room.cleared_seq);
  applyDescription(conversation, room);
  if (room.last_seq >= conversation.lastSeq) {
    conversation.lastSeq = room.last_seq;
    conversation.lastMessage = room.last_message;
  }
  if (room.last_message?.expires_at) state.ending.add(room.id);
  const behind = !reachesEnd(conversation) && room.last_seq < conversation.lastSeq; // what came since is counted, and not held
  if (current && !behind) conversation.unread = room.unread + heardAfter(state, conversation, room.last_seq);
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
  return message.seq > conversation.readTo && message.sender.id !== state.me.id && isSaid(message);
}

function newConversation(state, room) {
  const pending = state.unsent.get(room.id) ?? [];
  state.unsent.delete(room.id);
  return {
    id: room.id,
    kind: room.kind, // "direct" or "group"; what else is known of a group is in conversations.js
    peerId: room.peer?.id ?? null,
    version: room.version, // everything up to here is held
    ahead: new Set(), // versions heard beyond it: what lies between was missed
    lastSeq: 0,
    clearedSeq: room.cleared_seq, // up to here nothing is shown
    activeAt: null, // ISO time
    lastMessage: null,
    readTo: 0,
    peerReadTo: 0,
    unread: 0,
    mutedUntil: null, // ISO time
    pending,
    whispers: [], // never stored: they leave with the page
    divider: null, // new is what comes after it
    media: null,
    ...nothingHeld(),
  };
}

function nothingHeld() {
  return { messages: new Map(), from: Infinity, to: Infinity, complete: false, loading: null, error: null, looksAt: null }; // seq at the reader's eye, null at the end
}

// Too much was missed: drop what is held, to be loaded again.
export function forgetMessages(conversation, version, clearedSeq = 0) {
  Object.assign(conversation, nothingHeld(), { version, ahead: new Set(), divider: null, media: null, clearedSeq });
}

// Another part of it is wanted.
export function letGo(conversation) {
  Object.assign(conversation, nothingHeld());
}

// For each seq the highest version stays. Changes to messages older than what is held are not kept: they would stand
// alone before a hole, and come with their page of history anyway.
export function applyMessages(state, conversation, messages) {
  for (const message of messages) {
    conversation.pending = conversation.pending.filter((one) => one.client_id !== message.client_id);
    if (message.seq <= conversation.clearedSeq) continue; // it was on its way
    if (!state.people.has(message.sender.id)) applyPerson(state, message.sender);
    if (message.expires_at) state.ending.add(conversation.id);
    const held = conversation.messages.get(message.seq);
    const wanted = conversation.loading || isWithin(conversation, message.seq);
    if (message.deleted_at) message.tombstone = held?.tombstone ?? wasSeen(state, conversation, held);
    if (wanted && !(held?.version >= message.version)) conversation.messages.set(message.seq, message);
    applyToMedia(conversation, message);
    applyToFinds(state, message);
    applyToSummary(state, conversation, message);
    // Who writes has seen what is above.
    applyRead(state, conversation, message.sender.id, message.seq);
  }
  countUnread(state, conversation);
}

// Whoever has seen a message on this page sees that it is gone; to everybody else it never was.
function wasSeen(state, conversation, held) {
  return Boolean(held) && !held.deleted_at && !isUnread(state, conversation, held);
}

// Exact where all unread ones are held; otherwise the count goes on from the server's.
function countUnread(state, conversation) {
  if (conversation.from > conversation.readTo + 1 || !reachesEnd(conversation)) return;
  const held = [...conversation.messages.values()];
  conversation.unread = held.filter((one) => isUnread(state, conversation, one)).length;
}

function applyToSummary(state, conversation, message) {
  const own = message.sender.id === state.me.id;
  if (message.seq === conversation.lastMessage?.seq && message.version > conversation.lastMessage.version) {
    conversation.lastMessage = message.deleted_at ? (newestSaid(conversation) ?? message) : message;
  }
  if (message.seq <= conversation.lastSeq) return;
  conversation.lastSeq = message.seq;
  if (!isLine(message)) conversation.lastMessage = message;
  if (isUnread(state, conversation, message)) conversation.unread += 1;
  if (!own) state.typing.get(conversation.id)?.delete(message.sender.id);
}

// The page holds a window of so many. Who follows a conversation at its end needs its newest messages; else what is far
// from the reader's eye goes. It comes back when they scroll to it.
export function trimMessages(conversation) {
  const { messages, looksAt } = conversation;
  if (messages.size <= HELD_MOST) return;
  const seqs = [...messages.keys()].sort((a, b) => a - b);
  const older = seqs.filter((seq) => seq < (looksAt ?? Infinity)).length;
  if (looksAt === null) keepFrom(conversation, seqs.at(-HELD_AFTER_TRIM));
  else if (older > seqs.length / 2) keepFrom(conversation, seqs.at(-HELD_MOST));
  else conversation.to = seqs[HELD_MOST - 1];
  dropBeyond(conversation);
}

function keepFrom(conversation, from) {
  Object.assign(conversation, { from, complete: false });
}

// What was heard while a page was on its way may lie outside of what is held now.
export function dropBeyond(conversation) {
  for (const seq of conversation.messages.keys()) if (!isWithin(conversation, seq)) conversation.messages.delete(seq);
}

// A page of history, which joins what is held or, with `anew`, takes its place: everything from `from` to `to` is held now.
// What it does not show of that was deleted by the room's `version`.
export function applyHistory(state, conversation, messages, { from = conversation.from, to = conversation.to, complete = conversation.complete, anew = false, version = 0 }) {
  if (anew) for (const held of conversation.messages.values()) if (held.version <= version) conversation.messages.delete(held.seq);
  Object.assign(conversation, { from: complete ? 0 : from, to, complete });
  dropBeyond(conversation);
  applyMessages(state, conversation, messages);
  trimMessages(conversation);
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
    const reader = conversation.readers?.get(userId);
    if (reader) reader.seq = Math.max(reader.seq, seq);
    return;
  }
  if (seq <= conversation.readTo) return;
  conversation.readTo = seq;
  if (seq >= conversation.lastSeq) conversation.unread = 0;
  else countUnread(state, conversation);
}

// What a conversation held until now is not there any more; whether it is known without asking what is left.
export function dropMessages(state, conversation, seqs) {
  const { lastMessage } = conversation;
  for (const seq of seqs) conversation.messages.delete(seq);
  for (const list of Object.values(conversation.media ?? {})) for (const seq of seqs) list.messages.delete(seq);
  for (const { reply_to: quote } of conversation.messages.values()) if (seqs.includes(quote?.seq)) Object.assign(quote, { body: "", file: null });
  countUnread(state, conversation);
  if (!lastMessage || !seqs.includes(lastMessage.seq)) return true;
  conversation.lastMessage = newestSaid(conversation);
  return Boolean(conversation.lastMessage) || (conversation.complete && reachesEnd(conversation));
}

// Cleared up to `seq`: whether what is left is known.
export function applyCleared(state, conversation, seq) {
  const { lastMessage, lastSeq, messages, media, whispers } = conversation;
  if (seq <= conversation.clearedSeq) return seq === conversation.clearedSeq;
  conversation.clearedSeq = seq;
  for (const one of whispers) if (one.after_seq <= seq) one.cleared = true;
  for (const held of [messages, ...Object.values(media ?? {}).map((list) => list.messages)]) for (const one of held.keys()) if (one <= seq) held.delete(one);
  for (const { reply_to: quote } of messages.values()) if (quote?.seq <= seq) Object.assign(quote, { body: "", file: null });
  if (lastMessage?.seq <= seq) conversation.lastMessage = newestSaid(conversation);
  if (conversation.from <= seq) Object.assign(conversation, { from: 0, complete: true });
  if (seq >= lastSeq) conversation.unread = 0;
  // Only what is gone was held.
  if (conversation.from !== Infinity && !messages.size && (seq < lastSeq || !reachesEnd(conversation))) forgetMessages(conversation, conversation.version, seq);
  countUnread(state, conversation);
  return seq >= lastSeq || (conversation.complete && Boolean(messages.size));
}

function newestSaid(conversation) {
  if (!reachesEnd(conversation)) return null;
  return messagesOf(conversation).findLast((one) => one.seq && isSaid(one)) ?? null;
}
