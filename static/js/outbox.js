// Messages on their way: kept in memory and in the browser until acknowledged, sent in order, one at a time in each
// conversation, always with the client_id they were written under. All tabs of an account share them.

import { alone, openQueue } from "./queue.js";
import { LATE } from "./state.js";
import { uuid } from "./text.js";

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

// `emit` sends, `stored(message)` takes the acknowledged one, `ended(refusal)` hears that the session is over.
export function createOutbox(store, { emit, stored, ended }) {
  const { state, changed } = store;
  const name = `parley.outbox.${state.me.id}`;
  const queue = openQueue(name, ({ put, gone, why }) => (put ? appear(put) : vanish(gone, why)));
  const known = new Set(); // the client_ids in the queue
  const settled = new Set(); // and those that have left it
  const pumping = new Set(); // ids of conversations whose turn this tab has or waits for
  const pauses = new Map(); // id of a conversation → timer until the next try
  let restored = false;

  store.subscribe(() => known.size && tidy());

  const canSend = () => restored && state.connection.online && !state.notice;
  const nextOf = (conversation) => conversation.pending.find((one) => one.state === "pending");

  // What an earlier page or another tab left unsent, put back as waiting.
  async function restore() {
    (await queue.all()).forEach(appear);
    restored = true;
    pumpAll();
  }

  // `quote` is what it answers, as in a message's reply_to, or null.
  function add(conversation, body, quote = null) {
    const kept = {
      room_id: conversation.id,
      client_id: uuid(),
      body,
      reply_to: quote,
      created_at: new Date().toISOString(),
      order: (conversation.pending.at(-1)?.order ?? 0) + 1,
      error: null,
    };
    queue.put(kept);
    appear(kept);
    pump(conversation);
  }

  // In its place among those that wait, where this tab does not know it yet.
  function appear(kept) {
    const { room_id: roomId, client_id: clientId } = kept;
    const conversation = state.conversations.get(roomId);
    const held = [...(conversation?.messages.values() ?? [])];
    if (settled.has(clientId)) return;
    known.add(clientId);
    if (held.some((one) => one.client_id === clientId)) return settle(clientId); // stored, and only the answer was lost
    const others = pendingOf(roomId).filter((one) => one.client_id !== clientId);
    setPending(roomId, [...others, pendingMessage(state.me, kept)].sort(inOrder));
    setTimeout(changed, LATE + 50);
    changed();
    if (conversation) pump(conversation);
  }

  // Another tab had it stored, or cancelled it.
  function vanish(clientId, why) {
    known.delete(clientId);
    settled.add(clientId);
    for (const { id, pending } of state.conversations.values()) {
      const message = pending.find((one) => one.client_id === clientId);
      if (message && why === "stored") message.state = "sent"; // until it is heard with its place
      else if (message) drop(id, clientId);
    }
    changed();
  }

  async function pump(conversation) {
    const { id } = conversation;
    if (pumping.has(id) || !canSend() || !nextOf(conversation)) return;
    clearTimeout(pauses.get(id));
    pumping.add(id);
    try {
      await alone(`${name}.${id}`, () => sendAll(conversation));
    } finally {
      pumping.delete(id);
    }
    changed();
  }

  async function sendAll(conversation) {
    let going = true;
    while (going && canSend() && nextOf(conversation)) {
      going = await send(conversation, nextOf(conversation));
      changed();
    }
  }

  // True when it is the turn of the one behind it.
  async function send(conversation, next) {
    const { room_id, body, client_id, reply_to: quote } = next;
    try {
      const { message } = await emit("send_message", { room_id, body, client_id, ...(quote && { reply_to: quote.seq }) });
      settle(client_id);
      stored(message);
      return true;
    } catch (refusal) {
      return refused(conversation, next, refusal);
    }
  }

  function refused(conversation, message, refusal) {
    if (refusal.endsSession) {
      ended(refusal);
    } else if (refusal.code === "too_often") {
      later(conversation, (refusal.retryAfter ?? 1) * 1_000);
    } else if (refusal.field === "reply_to" && message.reply_to) {
      message.reply_to = null; // what it answers is gone; the answer is not
      queue.put(kept(message));
      return true;
    } else if (refusal.passes) {
      message.tries += 1;
      later(conversation, Math.min(FIRST_RETRY * 2 ** (message.tries - 1), LONGEST_RETRY));
    } else {
      fail(conversation, message, refusal.message);
      return true;
    }
    return false;
  }

  function fail(conversation, message, error) {
    Object.assign(message, { state: "failed", error: error || null });
    if (conversation.pending.includes(message)) queue.put(kept(message));
  }

  function later(conversation, pause) {
    clearTimeout(pauses.get(conversation.id));
    pauses.set(conversation.id, setTimeout(() => pump(conversation), pause));
  }

  // After a connect nothing is on the wire, and nobody need wait out a pause.
  function pumpAll() {
    tidy();
    for (const conversation of state.conversations.values()) pump(conversation);
  }

  // A message whose acknowledgement was lost is found among what was missed, and no longer waits.
  function tidy() {
    if (!state.ready) return;
    const waiting = [...state.conversations.values()].flatMap((one) => one.pending);
    const ids = new Set([...waiting, ...[...state.unsent.values()].flat()].map((one) => one.client_id));
    for (const clientId of known) if (!ids.has(clientId)) settle(clientId);
  }

  function settle(clientId, why = "stored") {
    if (!known.delete(clientId)) return;
    settled.add(clientId);
    queue.remove(clientId, why);
  }

  // Nobody is left in whose name it could be sent.
  async function forget() {
    for (const { client_id: id } of await queue.all()) queue.remove(id, "cancelled");
  }

  function retry(conversation, clientId) {
    const message = conversation.pending.find((one) => one.client_id === clientId);
    if (!message) return;
    Object.assign(message, { state: "pending", error: null, tries: 0 });
    queue.put(kept(message));
    changed();
    pump(conversation);
  }

  function discard(conversation, clientId) {
    settle(clientId, "cancelled");
    drop(conversation.id, clientId);
    changed();
  }

  const pendingOf = (roomId) => state.conversations.get(roomId)?.pending ?? state.unsent.get(roomId) ?? [];

  function setPending(roomId, list) {
    const conversation = state.conversations.get(roomId);
    if (conversation) conversation.pending = list;
    else state.unsent.set(roomId, list);
  }

  function drop(roomId, clientId) {
    setPending(roomId, pendingOf(roomId).filter((one) => one.client_id !== clientId));
  }

  return { add, restore, pumpAll, settle, forget, retry, discard };
}

const inOrder = (a, b) => a.order - b.order || a.created_at.localeCompare(b.created_at);

function pendingMessage(me, entry) {
  return { ...entry, sender: me, state: entry.error === null ? "pending" : "failed", tries: 0 };
}

function kept({ room_id, client_id, body, reply_to = null, created_at, order, state, error }) {
  return { room_id, client_id, body, reply_to, created_at, order, error: state === "failed" ? (error ?? "") : null };
}
