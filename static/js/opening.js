// Which conversation is open: found by its place in the address, made or entered where needed.

import { applyPerson, applyRoom, conversationWith, letGo, messagesOf, reachesEnd } from "./state.js";

const RETRY = 2_000;

// `history` loads messages, `ended(refusal)` hears that the session is over, `close()` leads back to the list,
// `missing()` says that a room is not open to this person, `left()` is told before another conversation is shown.
export function createOpening(store, { emit, history, ended, close, rename, missing, left }) {
  const { state, changed } = store;
  let wanted = null; // {username} or {roomId}, with a seq or none, as the address says
  let entered = null; // the room that the server knows to be open here

  // The address names somebody, a room, or nobody; and perhaps a message.
  function show(place) {
    const stays = place && isOpen(place);
    wanted = place;
    if (stays) return place.seq ? lookAt(place.seq) : undefined;
    left();
    if (state.open?.conversation) state.open.conversation.looksAt = null;
    if (place?.roomId) showRoom(place.roomId);
    else showPerson(place?.username ?? null);
    enterRoom();
    changed();
  }

  function showRoom(roomId) {
    const conversation = state.conversations.get(roomId);
    if (conversation?.kind === "group") turnTo("room", null, conversation);
    else state.open = null;
    if (!state.open && state.ready) missing();
  }

  // The conversation with a person is made if there is none.
  function showPerson(username) {
    const person = username && [...state.people.values()].find((one) => one.username === username);
    const conversation = person && conversationWith(state, person.id);
    if (person && person.id !== state.me.id) turnTo("person", person.id, conversation);
    else state.open = null;
    if (username && !conversation && state.ready) openDirect(username);
  }

  function isOpen({ roomId, username }) {
    if (roomId) return state.open?.kind === "room" && state.open.conversation.id === roomId;
    return state.open?.kind === "person" && state.people.get(state.open.userId)?.username === username;
  }

  function turnTo(kind, userId, conversation) {
    state.open = { kind, userId, conversation, error: null, target: wanted.seq ?? null, asked: null };
    if (!conversation) return;
    conversation.divider = conversation.unread ? conversation.readTo : null;
    // Whoever comes back finds the end, or what is new.
    const lacks = !reachesEnd(conversation) || (conversation.unread && conversation.from > conversation.readTo + 1);
    if (lacks && !(conversation.from === Infinity && conversation.loading)) letGo(conversation);
    if (conversation.from === Infinity && !conversation.loading) begin(conversation);
  }

  // Load what is to be seen first.
  function begin(conversation) {
    if (state.open?.conversation === conversation && state.open.target) reach();
    else history.begin(conversation);
  }

  // Load what could not be loaded.
  function reload(conversation) {
    const more = { older: history.older, newer: history.newer }[conversation.error];
    (more ?? begin)(conversation);
  }

  // Load where the eye is to be led.
  function reach() {
    const { conversation, target } = state.open;
    state.open.asked = target;
    if (target === Infinity) history.newest(conversation);
    else history.around(conversation, target);
  }

  async function openDirect(username) {
    if (!state.connection.online) return;
    try {
      const { room } = await emit("open_direct", { username });
      const conversation = applyRoom(state, room);
      if (wanted?.username === username && state.open?.conversation !== conversation) turnTo("person", room.peer.id, conversation);
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else if (refusal.passes) setTimeout(() => wanted?.username === username && !state.open?.conversation && openDirect(username), RETRY);
      else if (state.open) state.open.error = refusal.message;
      else if (wanted?.username === username) close();
    }
    changed();
  }

  // All conversations are known now.
  function ready() {
    if (wanted && !state.open) show(wanted);
  }

  // A new connection knows of nothing that is open here.
  function resume() {
    entered = null;
    if (state.open?.userId) applyPerson(state, { id: state.open.userId, described: false });
    if (!state.ready) return;
    enterRoom();
    if (wanted?.username && !state.open?.conversation) openDirect(wanted.username);
    else if (state.open?.conversation?.error) reload(state.open.conversation);
  }

  // Those in a room see who has it open.
  async function enterRoom() {
    const conversation = state.open?.kind === "room" ? state.open.conversation : null;
    if (conversation === entered || !state.connection.online) return;
    entered = conversation;
    try {
      const { here } = await emit("enter_room", { room_id: conversation?.id ?? null });
      if (conversation) conversation.here = new Set(here);
    } catch (refusal) {
      if (entered === conversation) entered = undefined;
      if (refusal.passes || refusal.code === "too_often") setTimeout(() => entered === undefined && enterRoom(), RETRY);
    }
    changed();
  }

  // The person one talks to has another name.
  function renamed(user) {
    if (user.id !== state.open?.userId || user.username === wanted?.username) return;
    wanted = { username: user.username };
    rename(wanted);
  }

  function closed(conversation) {
    if (state.open?.conversation === conversation) close();
  }

  // Lead the eye to one message of the open conversation, Infinity for its end, and with `enter` the focus.
  function lookAt(seq, { enter = false } = {}) {
    if (!state.open) return;
    Object.assign(state.open, { target: seq, asked: null, enter });
    if (state.open.conversation?.from === Infinity) reach();
    changed();
  }

  // To the first message from a moment on, given as ISO text.
  async function lookAtMoment(moment) {
    const { conversation } = state.open ?? {};
    if (!conversation || !(await history.at(conversation, moment)) || state.open?.conversation !== conversation) return;
    const first = messagesOf(conversation).find((one) => one.seq && one.created_at >= moment);
    lookAt(first?.seq ?? Infinity, { enter: true });
  }

  return { show, ready, resume, renamed, closed, lookAt, lookAtMoment, reach, reload };
}
