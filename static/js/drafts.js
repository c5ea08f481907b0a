// What is written and not sent, and what it answers, kept for each conversation of this account in this browser. What is
// going to be a whisper stays in memory.

import * as storage from "./storage.js";
import { isWhisper } from "./text.js";

export function createDrafts({ state, changed }) {
  const shelves = { drafts: `parley.draft.${state.me.id}.`, replies: `parley.reply.${state.me.id}.` };
  const each = Object.entries(shelves);

  function restore() {
    for (const [name, prefix] of each) {
      state[name] = new Map(storage.entries(prefix).map(([id, kept]) => [Number(id), kept]));
    }
    window.addEventListener("storage", heard);
  }

  // Another tab of this account writes, or has sent what it wrote.
  function heard({ key }) {
    const [name, prefix] = each.find(([, one]) => key?.startsWith(one)) ?? [];
    if (!name) return;
    const id = Number(key.slice(prefix.length));
    const kept = storage.read(key);
    if (kept) state[name].set(id, kept);
    else state[name].delete(id);
    changed();
  }

  function put(name, { id }, value, { secret = false } = {}) {
    if (value) state[name].set(id, value);
    else state[name].delete(id);
    if (value && !secret) storage.write(shelves[name] + id, value);
    else storage.remove(shelves[name] + id);
    changed();
  }

  function forget() {
    for (const prefix of Object.values(shelves)) for (const [id] of storage.entries(prefix)) storage.remove(prefix + id);
  }

  return {
    restore,
    forget,
    keep: (conversation, text) => put("drafts", conversation, text.trim() && text, { secret: isWhisper(conversation, text) }),
    answer: (conversation, quote) => put("replies", conversation, quote), // null for none
  };
}
