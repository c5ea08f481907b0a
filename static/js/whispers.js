// What is said to one person in a room and to nobody else. Never stored, neither by the server nor here: kept in the
// memory of this page, and gone with it.

import { uuid } from "./text.js";

const HELD_MOST = 200; // in one room

// `back(conversation, person, body, refusal)` takes what could not be said, `heard(conversation, whisper)` what others said.
export function createWhispers({ state, changed }, { emit, ended, back, heard }) {
  async function say(conversation, person, body, clientId = uuid()) {
    const { id: roomId, lastSeq } = conversation;
    const { id, username, display_name, kind, hue } = person;
    const recipient = { id, username, display_name, kind, hue };
    const said = { room_id: roomId, client_id: clientId, after_seq: lastSeq, sender: state.me, recipient, body };
    keep(conversation, { ...said, created_at: new Date().toISOString(), state: "pending" });
    try {
      const { whisper } = await emit("whisper", { room_id: roomId, user_id: person.id, body, client_id: clientId });
      keep(conversation, whisper);
    } catch (refusal) {
      const waiting = conversation.whispers.find((one) => one.client_id === clientId)?.state === "pending";
      if (refusal.endsSession) ended(refusal);
      if (waiting) forget(conversation, clientId); // else it was heard meanwhile, and only the answer was lost
      if (waiting) back(conversation, person, body, { refusal, clientId });
    }
  }

  function take({ whisper }) {
    const conversation = state.conversations.get(whisper.room_id);
    if (!conversation) return;
    const known = conversation.whispers.some((one) => one.client_id === whisper.client_id);
    keep(conversation, whisper);
    if (!known && whisper.sender.id !== state.me.id) heard(conversation, whisper);
  }

  function keep(conversation, whisper) {
    const others = conversation.whispers.filter((one) => one.client_id !== whisper.client_id);
    conversation.whispers = [...others, { ...whisper, kind: "whisper" }].slice(-HELD_MOST);
    changed();
  }

  function forget(conversation, clientId) {
    conversation.whispers = conversation.whispers.filter((one) => one.client_id !== clientId);
    changed();
  }

  return { say, take };
}
