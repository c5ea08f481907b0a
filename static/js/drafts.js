// What is written and not sent, kept for each conversation of this account in this browser.

import * as storage from "./storage.js";

export function createDrafts({ state, changed }) {
  const prefix = `parley.draft.${state.me.id}.`;

  function restore() {
    state.drafts = new Map(storage.entries(prefix).map(([id, text]) => [Number(id), text]));
  }

  function keep(conversation, text) {
    if (text.trim()) {
      state.drafts.set(conversation.id, text);
      storage.write(prefix + conversation.id, text);
    } else {
      state.drafts.delete(conversation.id);
      storage.remove(prefix + conversation.id);
    }
    changed();
  }

  function forget() {
    for (const [id] of storage.entries(prefix)) storage.remove(prefix + id);
  }

  return { restore, keep, forget };
}
