// What is written and not sent, kept for each conversation of this account in this browser.

import * as storage from "./storage.js";

export function createDrafts({ state, changed }) {
  const prefix = `parley.draft.${state.me.id}.`;

  function restore() {
    state.drafts = new Map(storage.entries(prefix).map(([id, text]) => [Number(id), text]));
    window.addEventListener("storage", heard);
  }

  // Another tab of this account writes, or has sent what it wrote.
  function heard({ key }) {
    if (!key?.startsWith(prefix)) return;
    const id = Number(key.slice(prefix.length));
    const text = storage.read(key);
    if (text) state.drafts.set(id, text);
    else state.drafts.delete(id);
    changed();
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
