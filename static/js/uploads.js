// The files of messages that wait: uploaded one at a time in each conversation, beside the texts; paused without a
// connection and gone on with where they stopped, by a later page too. All tabs of an account share them, as the outbox.

import { t } from "./i18n.js";
import { alone } from "./queue.js";
import { openShelf } from "./shelf.js";
import { createTransfer } from "./transfer.js";

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
const ANEW_MOST = 3; // times that the server may have let go of what was there
const TELL = 400; // ms between words to other tabs
const REVOKED_AFTER = 30_000; // by then the stored picture stands where the waiting one was

// The outbox's: `waiting()` gives what is in the queue, `canSend()`, `keep(message)`, `tell(client_id, upload)` says to other
// tabs how far it is, `ready(conversation)` that a message can be sent, `failed(conversation, message, words)` that it cannot.
export function createUploads(store, { name, api, root, userId, csrf, waiting, canSend, keep, tell, ready, failed, ended }) {
  const { state, changed } = store;
  const shelf = openShelf(`${name}.files`);
  const transfer = createTransfer({ root, userId, csrf, api });
  const pumping = new Set(); // ids of conversations whose turn this tab has or waits for
  const underway = new Map(); // client_id → what ends the request of the moment, and what forgets the file
  const urls = new Map(); // client_id → address of its picture or sound in this page

  store.subscribe(() => !state.connection.online && pause());
  waiting().then((all) => shelf.clear(new Set(all.map((one) => one.client_id))));

  const nextOf = (conversation) => conversation.pending.find((one) => one.state === "pending" && one.file && !one.file.file_id);

  // Ends when a reload would find the file.
  function put(message, blob) {
    show(message, blob);
    return shelf.put(message.client_id, blob);
  }

  function show(message, blob) {
    const { client_id: id } = message;
    if (!urls.has(id)) urls.set(id, URL.createObjectURL(blob));
    message.file.url = urls.get(id);
    changed();
  }

  // The picture of a message that an earlier page or another tab left.
  async function find(message) {
    const blob = urls.has(message.client_id) ? null : await shelf.get(message.client_id);
    if (blob || urls.has(message.client_id)) show(message, blob);
  }

  async function pump(conversation) {
    const { id } = conversation;
    if (pumping.has(id) || !canSend() || !nextOf(conversation)) return;
    pumping.add(id);
    try {
      await alone(`${name}.${id}.files`, () => carryAll(conversation));
    } finally {
      pumping.delete(id);
    }
  }

  async function carryAll(conversation) {
    for (let next = nextOf(conversation); next && !state.notice; next = nextOf(conversation)) {
      await carry(conversation, next);
      changed();
    }
  }

  async function carry(conversation, message) {
    const blob = await shelf.get(message.client_id);
    if (!blob) return failed(conversation, message, t("This file is no longer kept in this browser. Please choose it again."));
    try {
      await bring(message, blob, () => keep(message));
      ready(conversation);
    } catch (refusal) {
      if (refusal && !state.notice) failed(conversation, message, refusal.message || t("This file could not be sent."));
    }
  }

  // Until the file of a message is with the server, and has a `file_id`. Throws what it was refused with, and null when it
  // was forgotten meanwhile or the session is over. `changes()` is told of what a later page has to know.
  async function bring(message, blob, changes = () => {}) {
    const { client_id: id, file } = message;
    const forgotten = new AbortController();
    let tries = 0;
    let anew = 0;
    while (!file.file_id) {
      try {
        await attempt(message, blob, { forgotten, changes, progress: () => (tries = 0) });
      } catch (refusal) {
        if (forgotten.signal.aborted) throw null;
        if (refusal.endsSession) throw (ended(refusal), null);
        if (!refusal.passes) Object.assign(file, { upload: null });
        if (refusal.code === "not_found" && (anew += 1) <= ANEW_MOST) continue;
        if (!refusal.passes && refusal.code !== "too_often") throw (underway.delete(id), Object.assign(message, { upload: null }), refusal);
        said(message, "paused", message.upload.sent);
        await rest(refusal.retryAfter ? refusal.retryAfter * 1_000 : Math.min(FIRST_RETRY * 2 ** tries, LONGEST_RETRY), forgotten.signal);
        tries += 1;
      }
    }
    underway.delete(id);
    changes();
  }

  async function attempt(message, blob, { forgotten, changes, progress }) {
    const { client_id: id, file } = message;
    const ends = new AbortController();
    underway.set(id, { ends, forgotten });
    said(message, "uploading", message.upload?.sent ?? 0);
    const stored = await transfer.send(blob, file, {
      signal: ends.signal,
      begun: (upload) => upload !== file.upload && (Object.assign(file, { upload }), changes()),
      progress: (sent) => {
        progress();
        said(message, "uploading", sent);
      },
      sent: () => said(message, "processing", file.size),
    });
    Object.assign(file, { file_id: stored.id, upload: null });
  }

  function said(message, phase, sent) {
    const { upload: before, file } = message;
    message.upload = { sent, total: file.size, phase, told: before?.told ?? 0 };
    changed();
    if (phase === before?.phase && Date.now() - message.upload.told < TELL) return;
    message.upload.told = Date.now();
    tell(message.client_id, message.upload);
  }

  // Some time, and until there is a connection; a new one ends it early.
  function rest(time, signal) {
    return new Promise((resolve) => {
      let lost = !canSend();
      let over = false;
      const timer = setTimeout(() => ((over = true), look()), time);
      const unsubscribe = store.subscribe(look);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();

      function look() {
        lost ||= !canSend();
        if (canSend() && (over || lost)) done();
      }

      function done() {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      }
    });
  }

  function pause() {
    for (const { ends } of underway.values()) ends.abort();
  }

  // It was sent, or is not to be sent: then what the server has of it goes too.
  function forget(clientId, cancelled = null) {
    const { ends, forgotten } = underway.get(clientId) ?? {};
    underway.delete(clientId);
    forgotten?.abort();
    ends?.abort();
    shelf.remove(clientId);
    if (cancelled?.file?.upload) transfer.cancel(cancelled.file.upload);
    const url = urls.get(clientId);
    urls.delete(clientId);
    if (url) setTimeout(() => URL.revokeObjectURL(url), cancelled ? 0 : REVOKED_AFTER);
  }

  // A file without a message: an avatar.
  const send = (blob, about) => transfer.send(blob, about, { signal: new AbortController().signal });

  return { put, show, find, pump, forget, bring, send };
}
