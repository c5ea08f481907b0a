// One search: what the server finds, page by page, newest first, how many there are, and what has become of the hits since.

import { findKey, isOver, serverNow } from "./conversations.js";
import { applyPerson } from "./state.js";

const TYPING_PAUSE = 250;
const PAGE = 50;
const RETRY = 3_000;
const UNFINISHED = /(?:^|\s)-?(?:from|in|before|after|on|has):$/i; // its word is still to come
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

// `began(text)` hears what is asked, once the person has stopped typing.
export function createSearch(store, { api, ended, began }) {
  const { state, changed } = store;
  const find = nothing();
  let timer;
  let ending;
  let question = 0;
  state.finds.add(find);

  // Look for it, in one room or everywhere. `now`: it was not typed here.
  function look(text, roomId = null, { now = false } = {}) {
    if (text === find.text && roomId === find.roomId) return;
    const asked = text.replace(UNFINISHED, "").trim();
    const same = asked === find.asked && roomId === find.roomId;
    question += same ? 0 : 1;
    clearTimeout(timer);
    if (!asked || roomId !== find.roomId) Object.assign(find, nothing());
    Object.assign(find, { text, asked, roomId, loading: asked && !same ? "first" : find.loading });
    const mine = question;
    timer = setTimeout(() => {
      began(text);
      if (asked && !same && mine === question) first();
    }, now || !text ? 0 : TYPING_PAUSE);
    changed();
  }

  async function first() {
    const mine = question;
    const answer = await ask(mine, {}, first);
    if (!answer) return;
    Object.assign(find, nothing(), { text: find.text, asked: find.asked, roomId: find.roomId, words: answer.words, layout: answer.layout });
    take(answer);
    if (find.next) count(mine);
    else find.count = { count: find.found.size, more: false };
    changed();
  }

  async function more() {
    if (find.loading || !find.next) return;
    find.loading = "more";
    changed();
    const mine = question;
    const answer = await ask(mine, { before: find.next }, () => ((find.loading = ""), more()));
    if (!answer) return;
    take(answer);
    find.loading = "";
    changed();
  }

  // What the server says, unless something else is looked for by now. Without an answer it is asked `again`.
  async function ask(mine, query, again) {
    try {
      const answer = await api.search({ q: find.asked, room: find.roomId, zone, limit: PAGE, ...query });
      return mine === question ? answer : null;
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      if (mine !== question) return null;
      const later = refusal.passes || refusal.code === "too_often";
      if (later) timer = setTimeout(() => mine === question && again(), (refusal.retryAfter ?? 0) * 1_000 || RETRY);
      else Object.assign(find, nothing(), { text: find.text, asked: find.asked, roomId: find.roomId, error: refusal.message });
      find.waiting = later;
      find.refused = later ? refusal.message : ""; // empty where there was no answer at all
      changed();
      return null;
    }
  }

  function take({ messages, next }) {
    for (const message of messages) {
      if (!state.people.has(message.sender.id)) applyPerson(state, message.sender);
      find.found.set(findKey(message), message);
    }
    Object.assign(find, { next, waiting: false });
  }

  async function count(mine) {
    try {
      const { count, more } = await api.countFound({ q: find.asked, room: find.roomId, zone });
      if (mine === question) find.count = { count, more };
    } catch {
      // The hits are there all the same.
    }
    changed();
  }

  // The hits as they are by now, without those that are gone.
  function hits() {
    const all = [...find.found.values()].map(current).filter(Boolean);
    planEnd(all);
    return all;
  }

  function current(message) {
    const key = findKey(message);
    const now = find.newer.get(key) ?? message;
    const conversation = state.conversations.get(message.room_id);
    const gone = !conversation || message.seq <= (conversation.clearedSeq ?? 0) || now.deleted_at || isOver(state, now);
    if (gone) return null;
    if (now.body !== message.body) check(key, message, now);
    return find.lost.has(key) ? null : now;
  }

  // The text was changed: whether it is still meant, the server knows.
  async function check(key, message, now) {
    if (find.checked.get(key) === now.version) return;
    find.checked.set(key, now.version);
    const mine = question;
    try {
      const before = `${Date.parse(now.created_at)}.${now.room_id}.${now.seq + 1}`;
      const { messages } = await api.search({ q: find.asked, room: now.room_id, zone, before, limit: 1 });
      if (mine !== question) return;
      if (messages[0]?.seq === now.seq) find.lost.delete(key);
      else find.lost.add(key);
      changed();
    } catch {
      find.checked.delete(key); // with the next drawing
    }
  }

  // The next one that vanishes is taken away in its moment.
  function planEnd(all) {
    clearTimeout(ending);
    const ends = all.filter((one) => one.expires_at).map((one) => Date.parse(one.expires_at));
    if (ends.length) ending = setTimeout(changed, Math.min(Math.max(0, Math.min(...ends) - serverNow(state)) + 5, 2 ** 31 - 1));
  }

  // How many there are, or null while that is not known.
  function total() {
    if (!find.count) return null;
    const { count, more } = find.count;
    return { count: more ? count : Math.max(0, count - (find.found.size - hits().length)), more };
  }

  return { find, look, more, hits, total };
}

function nothing() {
  return {
    text: "", // as it was typed
    asked: "", // what of it is asked
    roomId: null,
    words: [], // folded
    layout: null, // the same in the other keyboard layout, which finds something
    found: new Map(), // by key, as the server found it
    newer: new Map(), // by key, what it is by now
    lost: new Set(), // keys of those that are no longer meant
    checked: new Map(),
    next: null,
    count: null,
    loading: "", // "first" or "more"
    waiting: false, // to ask again
    refused: "", // why
    error: "",
  };
}
