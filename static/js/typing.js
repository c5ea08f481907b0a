// Who is typing: tells others while somebody writes here, forgets others who fell silent.

const REPEAT = 4_000;
const FORGET = 6_000;
const PAUSE = 5_000;

export function createTyping(store, { emit }) {
  const { state, changed } = store;
  let told = null; // {id of the conversation, at}
  let stopTimer;

  function wrote(conversation) {
    clearTimeout(stopTimer);
    stopTimer = setTimeout(stop, PAUSE);
    if (told?.id === conversation.id && Date.now() - told.at < REPEAT) return;
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

  function heard({ room_id: roomId, typing }) {
    if (typing) {
      state.typing.set(roomId, Date.now() + FORGET);
      setTimeout(forget, FORGET + 50);
    } else {
      state.typing.delete(roomId);
    }
    changed();
  }

  function forget() {
    for (const [roomId, until] of state.typing) if (until <= Date.now()) state.typing.delete(roomId);
    changed();
  }

  return { wrote, stop, heard };
}
