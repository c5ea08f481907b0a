// What is said to one person in a room and to nobody else. Never stored, neither by the server nor here: kept in the
// memory of this page, and gone with it.

import { t } from "./i18n.js";
import { waitingFile } from "./outbox.js";
import { nameOf } from "./pieces.js";
import { uuid } from "./text.js";

const HELD_MOST = 200; // in one room

// `back(conversation, person, body, refusal)` takes what could not be said, `heard(conversation, whisper)` what others said,
// `uploads()` loads what brings files to the server.
export function createWhispers({ state, changed }, { emit, ended, back, heard, uploads }) {
  const files = new Map(); // client_id → the file, while it is on its way

  function begin(conversation, { id, username, display_name, kind, hue, avatar_id }, body, clientId) {
    const recipient = { id, username, display_name, kind, hue, avatar_id };
    const said = { room_id: conversation.id, client_id: clientId, after_seq: conversation.lastSeq, sender: state.me, recipient, body };
    return { ...said, created_at: new Date().toISOString(), state: "pending" };
  }

  async function say(conversation, person, body, clientId = uuid()) {
    keep(conversation, begin(conversation, person, body, clientId));
    try {
      const { whisper } = await emit("whisper", { room_id: conversation.id, user_id: person.id, body, client_id: clientId });
      keep(conversation, whisper);
    } catch (refusal) {
      const waiting = conversation.whispers.find((one) => one.client_id === clientId)?.state === "pending";
      if (refusal.endsSession) ended(refusal);
      if (waiting) forget(conversation, clientId); // else it was heard meanwhile, and only the answer was lost
      if (waiting) back(conversation, person, body, { refusal, clientId });
    }
  }

  // A file is no text to be put back into the box: it waits where it will stand, and is tried again there.
  function sayFile(conversation, person, body, file) {
    const upload = { sent: 0, total: file.size, phase: "uploading" };
    const whisper = { ...begin(conversation, person, body, uuid()), kind: "whisper", file: waitingFile(file), upload };
    files.set(whisper.client_id, file.blob);
    conversation.whispers = [...conversation.whispers, whisper].slice(-HELD_MOST);
    changed();
    return bring(conversation, whisper);
  }

  async function bring(conversation, whisper) {
    const { client_id: clientId, recipient, body, file } = whisper;
    const made = await uploads();
    try {
      if (!file.url) made.show(whisper, files.get(clientId));
      await made.bring(whisper, files.get(clientId));
      const { whisper: said } = await emit("whisper", { room_id: conversation.id, user_id: recipient.id, body, client_id: clientId, file_id: file.file_id });
      keep(conversation, said);
      settle(clientId);
    } catch (refusal) {
      if (!refusal || !files.has(clientId)) return; // taken back, or heard meanwhile
      if (refusal.endsSession) ended(refusal);
      if (refusal.field === "file_id") file.file_id = null;
      Object.assign(whisper, { state: "failed", error: refusal.message || t("The whisper to %(name)s could not be sent. Try again.", { name: nameOf(recipient) }) });
      changed();
    }
  }

  function again(whisper) {
    Object.assign(whisper, { state: "pending", error: null });
    changed();
    return bring(state.conversations.get(whisper.room_id), whisper);
  }

  function takeBack(whisper) {
    settle(whisper.client_id, whisper);
    forget(state.conversations.get(whisper.room_id), whisper.client_id);
  }

  function settle(clientId, cancelled = null) {
    if (files.delete(clientId)) uploads().then((made) => made.forget(clientId, cancelled));
  }

  function take({ whisper }) {
    const conversation = state.conversations.get(whisper.room_id);
    if (!conversation) return;
    const known = conversation.whispers.some((one) => one.client_id === whisper.client_id);
    settle(whisper.client_id);
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

  return { say, sayFile, again, takeBack, take };
}
