// What is known of a conversation beyond its messages: how a room is kept, who is in it and who has it open; and what the
// parts ask about conversations. Plain data, as state.js, which gives all of it out.

export const LATE = 2_000; // a message that waits longer than this can be taken back

const DESCRIPTION = [
  "name", "topic", "emoji", "avatar_id", "visibility", "keeps_history", "history_from_join", "admits_guests", "message_ttl", "idle_ttl", "ends_at",
  "owner_id", "member_count", "role", "notify", "general",
];

// A room as the server describes it, whole or the part that all members share. What is known already may be newer.
export function applyDescription(conversation, room) {
  if (room.kind === "direct" || room.version < (conversation.described ?? 0)) return;
  for (const name of DESCRIPTION) if (name in room) conversation[name] = room[name];
  conversation.described = room.version;
  if (room.read_by) applyReaders(conversation, room.read_by);
  conversation.members ??= nobodyHeld();
  conversation.here ??= new Set(); // ids of those who have it open, while it is open here
}

export function nobodyHeld() {
  return { roles: new Map(), complete: false, loading: false, last: null, error: "" }; // user id → role; `last` read of the pages
}

export function applyMembers(conversation, members) {
  for (const { id, role, here } of members) {
    conversation.members.roles.set(id, role);
    if (here) conversation.here.add(id);
  }
}

// Who has read how far and is in since when, as small rooms tell it; of larger ones nothing is known. Marks never go back.
function applyReaders(conversation, told) {
  const known = conversation.readers;
  const reader = ({ user_id: id, seq, joined_at: since }) => [id, { seq: Math.max(seq, known?.get(id)?.seq ?? 0), since }];
  conversation.readers = new Map(told.map(reader));
}

// Of those who were there when somebody said it, the ids of who has seen it and of who has not yet; null where that is not known.
export function seenOf({ kind, readers }, { seq, sender, created_at: at }) {
  if (kind !== "group" || !seq || !readers?.size) return null;
  const others = [...readers].filter(([id, { since }]) => id !== sender.id && since <= at);
  const ids = (has) => others.filter(([, reader]) => reader.seq >= seq === has).map(([id]) => id);
  return others.length ? { by: ids(true), yet: ids(false) } : null;
}

// The last message that each of the others has read, among these in their order: message → ids. Not where somebody wrote
// it themselves, nor in the middle of what is held, where one who has read on would seem to have stopped.
export function readersAt({ readers, lastSeq }, messages, me) {
  const stored = messages.filter(({ seq }) => seq);
  const heldTo = stored.at(-1)?.seq ?? 0;
  const found = new Map();
  for (const [id, { seq: to, since }] of readers ?? []) {
    const last = id !== me.id && (to <= heldTo || heldTo >= lastSeq) && stored.findLast(({ seq }) => seq <= to);
    if (!last || isLine(last) || last.sender.id === id || since > last.created_at) continue;
    found.set(last, [...(found.get(last) ?? []), id]);
  }
  return found;
}

export function applyMembersChanged(state, conversation, { member_count: count, members, gone, read_by: readers }) {
  conversation.member_count = count;
  if (readers) applyReaders(conversation, readers); // what one does here oneself is told with them in a moment
  applyMembers(conversation, members.map((one) => ({ ...one, here: false })));
  for (const id of gone) {
    conversation.members.roles.delete(id);
    conversation.here.delete(id);
  }
  const mine = members.find(({ id }) => id === state.me.id);
  if (mine) conversation.role = mine.role;
}

export function applyHere(conversation, { came, gone }) {
  for (const id of came) conversation.here.add(id);
  for (const id of gone) conversation.here.delete(id);
}

// Somebody else said how a room is kept now, to all who are in it.
export function applyRoomChanged(conversation, room) {
  applyDescription(conversation, { ...room, kind: "group" });
}

// Messages end on the server's clock, which is asked with the page and with every catch-up.
export function setClock(state, now) {
  if (now) state.clockAhead = Date.parse(now) - Date.now();
}

export const serverNow = (state) => Date.now() + state.clockAhead;

// It has expired, and is taken away any moment.
export const isOver = (state, { expires_at: end }) => Boolean(end) && Date.parse(end) <= serverNow(state);

// Whether the details lie over the conversation, with or without a picture over them.
export const coversDetails = ({ layer }) => layer?.split("/")[0] === "details";

// What somebody may do there. The server decides; this only offers nothing that it would refuse.
export const owns = ({ role }) => role === "owner";
export const moderates = ({ role }) => role === "owner" || role === "moderator";

// Not a line about who came and went, nor something that was taken back.
export function isSaid(message) {
  return isWords(message) && !message.deleted_at;
}

const isWords = ({ kind }) => kind === "text" || kind === "file";

// What the server says about a room, between the messages of people.
export const isLine = (message) => message.kind !== undefined && message.kind !== "whisper" && !isWords(message);

// What a conversation shows: stored messages in the order of everybody, whispers after what stood there when they were
// said, then what waits to be sent.
export function messagesOf(conversation) {
  const { messages, from, to, complete, pending } = conversation;
  const place = (one) => one.seq ?? one.after_seq + 0.5;
  const held = [...messages.values()].filter((one) => isWithin(conversation, one.seq) && (!one.deleted_at || one.tombstone));
  const whispers = conversation.whispers.filter(({ after_seq: seq, cleared }) => !cleared && (complete || seq >= from - 1) && seq < to);
  return [...[...held, ...whispers].sort((a, b) => place(a) - place(b)), ...(to === Infinity ? pending : [])];
}

// What is held of a conversation is everything from `from` to `to`, both at Infinity while it is nothing. Up to Infinity,
// it goes on with what arrives; else that is only counted.
export const isWithin = ({ from, to }, seq) => seq >= from && seq <= to;
export const reachesEnd = ({ from, to }) => from !== Infinity && to === Infinity;

// Pages of a conversation's pictures and of its sound, once somebody looks through them: messages by seq, everything from
// `from` on. What comes and goes meanwhile changes them too.
export function noMedia() {
  const none = () => ({ messages: new Map(), from: Infinity, complete: false, loading: false, error: "" });
  return { image: none(), audio: none() };
}

export function applyToMedia(conversation, message) {
  for (const [kind, list] of Object.entries(conversation.media ?? {})) {
    const held = list.messages.get(message.seq);
    if (held?.version > message.version) continue;
    if (message.file?.kind === kind && message.seq >= list.from) list.messages.set(message.seq, message);
    else list.messages.delete(message.seq);
  }
}

// What a search has found is changed or gone: `newer` holds it as it is by now.
export function applyToFinds({ finds }, message) {
  const key = findKey(message);
  for (const { found, newer } of finds) {
    const held = newer.get(key) ?? found.get(key);
    if (held && message.version > held.version) newer.set(key, message);
  }
}

export const findKey = ({ room_id: roomId, seq }) => `${roomId}/${seq}`;

// A file on its way has its own sign of that.
export function waitsLong(message) {
  return message.state === "pending" && !message.upload && Date.now() - new Date(message.created_at) >= LATE;
}

export function waitingInAll(state) {
  const pending = [...state.conversations.values()].flatMap((conversation) => conversation.pending);
  return pending.filter((message) => message.state === "pending").length;
}

export function lastActivity(conversation) {
  const waiting = conversation.pending.at(-1)?.created_at ?? "";
  const stored = conversation.lastMessage?.created_at ?? conversation.since ?? conversation.activeAt ?? "";
  return waiting > stored ? waiting : stored;
}

// Those in the list: direct ones from their first message on, rooms always.
export function conversationsByActivity(state) {
  const all = [...state.conversations.values()].filter((one) => one.kind === "group" || lastActivity(one));
  return all.sort((a, b) => lastActivity(b).localeCompare(lastActivity(a)) || b.id - a.id);
}

// Whom one talks to there: a person, or the room itself. Both have a name and a face (pieces.js).
export function partnerOf(state, conversation) {
  return conversation.kind === "group" ? conversation : state.people.get(conversation.peerId);
}

// The same of what is open, also while the conversation is still being made; null for nothing.
export function openPartner({ open, people }) {
  return open && ((open.kind === "room" ? open.conversation : people.get(open.userId)) ?? null);
}

// Where it is found: what navigation.js makes an address of.
export function placeOf(partner) {
  return partner.kind === "group" ? { roomId: partner.id } : { username: partner.username };
}

// Who writes there now, as far as this page knows them; null for somebody it does not.
export function typists(state, conversation) {
  return [...(state.typing.get(conversation?.id)?.keys() ?? [])].map((id) => state.people.get(id) ?? null);
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
