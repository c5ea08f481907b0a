// What the text box is used for instead of the next message: to change one that is there, or to whisper. The draft waits
// meanwhile. None of it leaves the memory of this page but what a draft answers, which is kept with it.

import { t } from "./i18n.js";
import { nameOf, wordsOf } from "./pieces.js";
import { nameKey } from "./text.js";

const COMMAND = /^\/w\s+@?(\S+)(?:\s+([^]*))?$/u;
const QUOTED = 200; // characters of a message that its answers carry

// A writing is {kind: "edit", message, text, busy, error} or {kind: "whisper", person, pinned, text, error, clientId}; it may
// have another beneath it, to return to.
export function createWriting(store, { api, emit, take, ended, draft, answer, remark, whisper, whisperFile }) {
  const { state, changed, now: draw } = store;

  const conversationOf = (message) => state.conversations.get(message.room_id);

  // Drawn at once, like its end: what is typed next belongs to it.
  function begin(conversation, writing) {
    state.writing.set(conversation.id, { error: null, ...writing });
    remark(conversation.id, "");
    draw();
  }

  // The same one goes on, with what is typed meanwhile.
  function goOn(conversation, writing, change) {
    Object.assign(writing, { error: null, ...change });
    remark(conversation.id, "");
  }

  function end(conversation) {
    const { beneath } = state.writing.get(conversation.id);
    if (beneath) state.writing.set(conversation.id, beneath);
    else state.writing.delete(conversation.id);
    changed();
    draw();
  }

  function reply(message) {
    const conversation = conversationOf(message);
    const { seq, sender, kind, file } = message;
    if (state.writing.has(conversation.id)) end(conversation);
    answer(conversation, { seq, sender, kind, file: file ?? null, body: [...message.body.slice(0, 2 * QUOTED)].slice(0, QUOTED).join("") });
  }

  // One's own last message, where it is held.
  function editLast(conversation) {
    const own = ({ sender, kind, deleted_at: gone }) => sender.id === state.me.id && ["text", "file"].includes(kind) && !gone;
    const last = [...conversation.messages.values()].filter(own).sort((a, b) => b.seq - a.seq)[0];
    if (last) edit(last);
  }

  function edit(message) {
    begin(conversationOf(message), { kind: "edit", message, text: message.body, busy: false });
  }

  function whisperTo(conversation, person, text = "") {
    const now = state.writing.get(conversation.id);
    begin(conversation, { kind: "whisper", person, pinned: false, text: text || (now?.kind === "whisper" ? now.text : "") });
  }

  // `/w bob come here` in a room. While it is typed only those are looked for who are known here; `sent`, the server is
  // asked, and what follows the name is whispered at once.
  async function command(conversation, text, { sent = false } = {}) {
    const [, name, rest] = COMMAND.exec(text) ?? [];
    if (!name) return sent && remark(conversation.id, t("Write whom to whisper to: /w name text"));
    if (!sent && rest === undefined) return; // the name goes on: who is called bob is not who is called bo
    const person = state.names.get(nameKey(name)) ?? (sent ? await memberBy(conversation, name) : null);
    if (person && person.id !== state.me.id) {
      draft(conversation, "");
      whisperTo(conversation, person, rest);
      if (sent && rest) await submit(conversation, rest);
    } else if (sent && person !== undefined) {
      remark(conversation.id, person ? t("That is you.") : t("Nobody by the name “%(name)s” is in this room.", { name }));
    }
  }

  // Null where there is none, undefined where nobody could be asked.
  async function memberBy(conversation, name) {
    try {
      const { members } = await api.members(conversation.id, { q: name });
      return members.find(({ username }) => nameKey(username) === nameKey(name)) ?? null;
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else remark(conversation.id, wordsOf(refusal));
      return undefined;
    }
  }

  function pin(conversation) {
    const writing = state.writing.get(conversation.id);
    goOn(conversation, writing, { pinned: !writing.pinned });
  }

  // One Escape for each: the edit or the whisper, then what the draft answers.
  function cancel(conversation) {
    if (state.writing.has(conversation.id)) end(conversation);
    else answer(conversation, null);
  }

  function submit(conversation, body) {
    const writing = state.writing.get(conversation.id);
    if (writing.kind === "edit") return save(conversation, writing, body);
    const clientId = body === writing.failed ? writing.clientId : undefined;
    if (writing.pinned) goOn(conversation, writing, { failed: undefined, clientId: undefined });
    else end(conversation);
    return whisper(conversation, writing.person, body, clientId);
  }

  // Several are several whispers, the words go with the last.
  function submitFiles(conversation, chosen, body) {
    const writing = state.writing.get(conversation.id);
    if (writing.pinned) begin(conversation, { ...writing, text: "", error: null, failed: undefined, clientId: undefined });
    else end(conversation);
    chosen.forEach((file, index) => whisperFile(conversation, writing.person, index === chosen.length - 1 ? body : "", file));
  }

  async function save(conversation, writing, body) {
    if (body === writing.message.body) return end(conversation);
    Object.assign(writing, { text: body, busy: true, error: null });
    changed();
    try {
      const { message } = await emit("edit_message", { room_id: conversation.id, seq: writing.message.seq, body });
      take(message);
      if (state.writing.get(conversation.id) === writing) end(conversation);
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      writing.error = state.connection.online ? wordsOf(refusal) : t("Messages are changed with a connection only. Your text stays here.");
    }
    writing.busy = false;
    changed();
  }

  // What could not be whispered stands in the box again, before what was begun meanwhile.
  function back(conversation, person, body, { refusal, clientId }) {
    const now = state.writing.get(conversation.id);
    const same = now?.kind === "whisper" && now.person.id === person.id;
    const text = same && now.text ? `${body}\n${now.text}` : body;
    const words = refusal.message || t("The whisper to %(name)s could not be sent. Try again.", { name: nameOf(person) });
    const again = { failed: body, clientId }; // the same text sent again is the same whisper
    begin(conversation, { kind: "whisper", person, pinned: same && now.pinned, text, error: words, ...again, beneath: same ? now.beneath : now });
  }

  return { reply, edit, editLast, whisperTo, command, pin, cancel, submit, submitFiles, back };
}
