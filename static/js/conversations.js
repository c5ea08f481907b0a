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

export function applyMembersChanged(state, conversation, { member_count: count, members, gone }) {
  conversation.member_count = count;
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
  const place = (one) => one.seq ?? one.after_seq + 0.5;
  const held = [...conversation.messages.values()].filter((one) => !one.deleted_at || one.tombstone);
  const whispers = conversation.whispers.filter((one) => conversation.complete || one.after_seq >= conversation.from - 1);
  return [...[...held, ...whispers].sort((a, b) => place(a) - place(b)), ...conversation.pending];
}

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
  const stored = conversation.lastMessage?.created_at ?? conversation.since ?? "";
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
