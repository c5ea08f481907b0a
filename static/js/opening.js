// Which conversation is open: found by its place in the address, made or entered where needed.

import { applyPerson, applyRoom, conversationWith } from "./state.js";

const RETRY = 2_000;

// `history` loads messages, `ended(refusal)` hears that the session is over, `close()` leads back to the list,
// `missing()` says that a room is not open to this person, `left()` is told before another conversation is shown.
export function createOpening(store, { emit, history, ended, close, rename, missing, left }) {
  const { state, changed } = store;
  let wanted = null; // {username} or {roomId}, as the address says
  let entered = null; // the room that the server knows to be open here

  // The address names somebody, a room, or nobody.
  function show(place) {
    wanted = place;
    left();
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

  function turnTo(kind, userId, conversation) {
    if (conversation) conversation.divider = conversation.unread ? conversation.readTo : null;
    state.open = { kind, userId, conversation, error: null, target: null };
    if (conversation?.from === Infinity) history.newest(conversation);
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
    else if (state.open?.conversation?.error) history.newest(state.open.conversation);
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

  // Lead the eye to one message of the open conversation, and with `enter` the focus.
  function lookAt(seq, { enter = false } = {}) {
    if (state.open) Object.assign(state.open, { target: seq, enter });
    changed();
  }

  return { show, ready, resume, renamed, closed, lookAt };
}
