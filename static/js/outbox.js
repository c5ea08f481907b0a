// Messages on their way: kept in memory and in the browser until acknowledged, sent in order, one at a time in each
// conversation, always with the client_id they were written under. All tabs of an account share them. A message with a file
// waits for it (uploads.js), and no other message waits for that one.

import { alone, openQueue } from "./queue.js";
import { LATE } from "./state.js";
import { uuid } from "./text.js";

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

// `emit` sends, `stored(message)` takes the acknowledged one, `ended(refusal)` hears that the session is over,
// `files(outbox)` loads what uploads.
export function createOutbox(store, { emit, stored, ended, files }) {
  const { state, changed } = store;
  const name = `parley.outbox.${state.me.id}`;
  const queue = openQueue(name, heard);
  const known = new Set(); // the client_ids in the queue
  const settled = new Set(); // and those that have left it
  const pumping = new Set(); // ids of conversations whose turn this tab has or waits for
  const pauses = new Map(); // id of a conversation → timer until the next try
  let restored = false;
  let uploads = null; // once there was a file
  let coming = null;

  store.subscribe(() => known.size && tidy());

  const canSend = () => restored && state.connection.online && !state.notice;
  const nextOf = (conversation) => conversation.pending.find((one) => one.state === "pending" && (!one.file || one.file.file_id));

  function heard({ put, gone, why, carried, upload }) {
    if (put) appear(put);
    else if (gone) vanish(gone, why);
    else if (carried) told(carried, upload);
  }

  // What an earlier page or another tab left unsent, put back as waiting.
  async function restore() {
    (await queue.all()).forEach(appear);
    restored = true;
    pumpAll();
  }

  // `quote` is what it answers, as in a message's reply_to, or null; `file` is {blob, name, kind, type, size, …}.
  function add(conversation, body, quote = null, file = null) {
    const kept = {
      room_id: conversation.id,
      client_id: uuid(),
      body,
      reply_to: quote,
      created_at: new Date().toISOString(),
      order: (conversation.pending.at(-1)?.order ?? 0) + 1,
      error: null,
      ...(file && { kind: "file", file: waitingFile(file) }),
    };
    if (!file) queue.put(kept);
    const message = appear(kept);
    if (file) shelve(conversation, message, file.blob);
    pump(conversation);
  }

  // The file before its message: whoever finds that one in the queue finds the file too.
  async function shelve(conversation, message, blob) {
    await uploads.put(message, blob);
    if (!settled.has(message.client_id)) queue.put(kept(message));
    uploads.pump(conversation);
  }

  // Whoever adds a file has to have waited for it; others are served when it is there.
  async function withUploads(act = (made) => made) {
    const host = { name, waiting: queue.all, canSend, keep, tell: (carried, upload) => queue.tell({ carried, upload }), ready: pump, failed: fail };
    coming ??= files(host);
    uploads = await coming.catch((error) => ((coming = null), Promise.reject(error)));
    return act(uploads);
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
    const message = pendingMessage(state.me, kept);
    setPending(roomId, [...others, message].sort(inOrder));
    setTimeout(changed, LATE + 50);
    changed();
    if (message.file) withUploads((made) => made.find(message)).catch(() => {});
    if (conversation) pump(conversation);
    return message;
  }

  // How far another tab is with a file.
  function told(clientId, upload) {
    const message = [...state.conversations.values()].flatMap((one) => one.pending).find((one) => one.client_id === clientId);
    if (message) Object.assign(message, { upload });
    changed();
  }

  // Another tab had it stored, or cancelled it.
  function vanish(clientId, why) {
    known.delete(clientId);
    settled.add(clientId);
    uploads?.forget(clientId);
    for (const { id, pending } of state.conversations.values()) {
      const message = pending.find((one) => one.client_id === clientId);
      if (message && why === "stored") message.state = "sent"; // until it is heard with its place
      else if (message) drop(id, clientId);
    }
    changed();
  }

  async function pump(conversation) {
    const { id } = conversation;
    if (conversation.pending.some((one) => one.file)) withUploads((made) => made.pump(conversation)).catch(() => {});
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
    const { room_id, body, client_id, reply_to: quote, file } = next;
    try {
      const more = { ...(quote && { reply_to: quote.seq }), ...(file && { file_id: file.file_id }) };
      const { message } = await emit("send_message", { room_id, body, client_id, ...more });
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
      keep(message);
      return true;
    } else if (refusal.field === "file_id" && !message.again) {
      message.again = true; // it waited longer than the server keeps what nobody sends
      Object.assign(message.file, { file_id: null, upload: null });
      keep(message);
      uploads.pump(conversation);
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
    if (conversation.pending.includes(message)) keep(message);
    changed();
  }

  function keep(message) {
    if (!settled.has(message.client_id)) queue.put(kept(message));
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

  function settle(clientId, why = "stored", cancelled = null) {
    if (!known.delete(clientId)) return;
    settled.add(clientId);
    queue.remove(clientId, why);
    uploads?.forget(clientId, cancelled);
  }

  // Nobody is left in whose name it could be sent.
  async function forget() {
    for (const { client_id: id } of await queue.all()) queue.remove(id, "cancelled");
    indexedDB.deleteDatabase(`${name}.files`);
  }

  function retry(conversation, clientId) {
    const message = conversation.pending.find((one) => one.client_id === clientId);
    if (!message) return;
    Object.assign(message, { state: "pending", error: null, tries: 0, again: false, anew: 0 });
    keep(message);
    changed();
    pump(conversation);
  }

  function discard(conversation, clientId) {
    settle(clientId, "cancelled", conversation.pending.find((one) => one.client_id === clientId) ?? null);
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

  return { add, restore, pumpAll, settle, forget, retry, discard, uploads: () => withUploads() };
}

const inOrder = (a, b) => a.order - b.order || a.created_at.localeCompare(b.created_at);

// Drawn like one of the server's, with an address in this page instead of an id.
export function waitingFile({ blob, ...about }) {
  const nothingYet = { id: null, width: null, height: null, animated: false, thumbhash: null, duration: null, waveform: null };
  return { ...nothingYet, voice: false, portable: true, upload: null, file_id: null, ...about };
}

function pendingMessage(me, entry) {
  const { file = null, error } = entry;
  const upload = file && error === null ? { sent: 0, total: file.size, phase: file.file_id ? "processing" : "paused" } : null;
  return { ...entry, file: file && { ...file }, upload, sender: me, state: error === null ? "pending" : "failed", tries: 0 };
}

function kept({ room_id, client_id, body, reply_to = null, created_at, order, state, error, file }) {
  const entry = { room_id, client_id, body, reply_to, created_at, order, error: state === "failed" ? (error ?? "") : null };
  return file ? { ...entry, kind: "file", file: { ...file, url: null } } : entry;
}
