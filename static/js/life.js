// What one does with messages that are there: answer, react, edit, delete, whisper to whoever wrote them.
// Loaded with the first touch of the page.

import { t } from "./i18n.js";
import { createNaming } from "./naming.js";
import { createReacting } from "./reacting.js";
import { createWhispers } from "./whispers.js";
import { createWriting } from "./writing.js";

// `emit` sends, `take(message)` applies one that the server answered with, `ended(refusal)` hears that the session is over,
// `draft(conversation, text)` and `answer(conversation, quote)` keep a draft and what it answers, `heard(conversation,
// whisper)` is told of others' whispers.
export function createLife(store, { api, emit, take, ended, draft, answer, heard, uploads }) {
  const { state, changed } = store;
  const whispers = createWhispers(store, { emit, ended, heard, uploads, back: (...given) => writing.back(...given) });
  const writing = createWriting(store, { api, emit, take, ended, draft, answer, remark, whisper: whispers.say, whisperFile: whispers.sayFile });

  async function remove(message) {
    const { message: gone } = await emit("delete_message", { room_id: message.room_id, seq: message.seq });
    take(gone);
  }

  function remark(roomId, words) {
    state.remark = words ? { roomId, words } : null;
    changed();
  }

  const missing = ({ id }) => remark(id, t("This message is no longer here."));

  return { ...createReacting(store, { emit, take, ended, remark }), ...writing, ...createNaming(store, { api }), whispered: whispers.take, whisperAgain: whispers.again, unwhisper: whispers.takeBack, remove, missing, remark };
}
