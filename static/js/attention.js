// What one does here that others are told of: reading and typing.

import { applyRead, reachesEnd } from "./state.js";

const READ_RETRY = 3_000;
const TYPING_REPEAT = 4_000;
const TYPING_FORGET = 6_000;
const TYPING_PAUSE = 5_000;

export const lookingLock = (me) => `parley.looking.${me.id}`;

// Only what is on a visible, focused page, at the end of the open conversation, has been read.
export function createReading(store, { emit }) {
  const { state, changed } = store;
  let busy = false;

  let look = null; // ends the lock by which this account's other tabs see that somebody is looking

  const attentive = () => document.visibilityState === "visible" && document.hasFocus();

  function watch() {
    for (const moment of ["focus", "blur", "visibilitychange"]) window.addEventListener(moment, turn);
    turn();
  }

  function turn() {
    if (!attentive()) {
      look?.();
      look = null;
    } else if (!look) {
      const until = new Promise((resolve) => (look = resolve));
      navigator.locks?.request(lookingLock(state.me), { mode: "shared" }, () => until);
    }
  }

  async function check({ atEnd }) {
    const conversation = state.open?.conversation;
    if (busy || !conversation || !atEnd || !attentive() || !state.connection.online || state.notice) return;
    if (!reachesEnd(conversation) || conversation.lastSeq <= conversation.readTo) return;
    busy = true;
    try {
      const { last_read_seq } = await emit("mark_read", { room_id: conversation.id, seq: conversation.lastSeq });
      applyRead(state, conversation, state.me.id, last_read_seq);
      busy = false;
    } catch {
      setTimeout(() => {
        busy = false;
        changed();
      }, READ_RETRY);
    }
    changed();
  }

  return { attentive, watch, check };
}

// Tells others while somebody writes here, and forgets others who fell silent.
export function createTyping(store, { emit }) {
  const { state, changed } = store;
  let told = null; // {id of the conversation, at}
  let stopTimer;

  function wrote(conversation) {
    clearTimeout(stopTimer);
    stopTimer = setTimeout(stop, TYPING_PAUSE);
    if (told?.id === conversation.id && Date.now() - told.at < TYPING_REPEAT) return;
    if (told && told.id !== conversation.id) stop();
    told = { id: conversation.id, at: Date.now() };
    tell(conversation.id, true);
  }

  function stop() {
    clearTimeout(stopTimer);
    if (told) tell(told.id, false);
    told = null;
  }

  // Nobody waits for this: an indicator that is lost is no loss.
  function tell(roomId, typing) {
    if (state.connection.online && !state.notice) emit("set_typing", { room_id: roomId, typing }).catch(() => {});
  }

  function heard({ room_id: roomId, user_id: userId, typing }) {
    if (!state.typing.has(roomId)) state.typing.set(roomId, new Map());
    if (typing) {
      state.typing.get(roomId).set(userId, Date.now() + TYPING_FORGET);
      setTimeout(forget, TYPING_FORGET + 50);
    } else {
      state.typing.get(roomId).delete(userId);
    }
    changed();
  }

  function forget() {
    for (const people of state.typing.values()) {
      for (const [userId, until] of people) if (until <= Date.now()) people.delete(userId);
    }
    changed();
  }

  return { wrote, stop, heard };
}
