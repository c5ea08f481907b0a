// What a person does and what the server tells, turned into changes of the state. Knows the services, draws nothing.

import * as accounts from "./accounts.js";
import { createApi } from "./api.js";
import { createReading, createTyping } from "./attention.js";
import { createDrafts } from "./drafts.js";
import { createCatchUp, createHistory } from "./history.js";
import { createLooks } from "./looks.js";
import { createOpening } from "./opening.js";
import { createOutbox } from "./outbox.js";
import { createPeople } from "./people.js";
import { applyHere, applyMembersChanged, applyRoomChanged, nobodyHeld, setClock } from "./conversations.js";
import { connect, watchForDoubt } from "./socket.js";
import { applyCleared, applyMessages, applyOnline, applyPerson, applyPresence, applyRead, applyRoom, applyVersion, isSaid, trimMessages } from "./state.js";

const RETRY = 2_000;
export const QUIET = 5_000; // a shorter loss of the connection is not worth a word

// `heard(conversation, message)` is told of every message of another person that was not known here, `roomGone(room, reason)` of every room that one is no longer in, `noRoom()` of an address that names none.
export function createChat(store, boot, { closeConversation, renameConversation, heard, act, sent, roomGone, noRoom }) {
  const { state, changed } = store;
  let connection;
  let attempt = 0;

  const emit = (event, data) => connection.emit(event, data);
  const api = createApi({ root: boot.root, userId: boot.user.id, csrf: boot.csrf });
  const looks = createLooks(store, { api, locale: boot.locale });
  const history = createHistory(store, { api, ended });
  const outbox = createOutbox(store, { emit, stored: take, ended, files });
  const people = createPeople(store, { api, ended, first: boot.people });
  const catchUp = createCatchUp(store, { emit, reload: history.newest, heard: arrived, closed });
  const typing = createTyping(store, { emit });
  const reading = createReading(store, { emit });
  const drafts = createDrafts(store);
  const opening = createOpening(store, {
    emit, history, ended, close: closeConversation, rename: renameConversation, missing: noRoom, left: typing.stop,
  });

  function start() {
    setClock(state, boot.now);
    drafts.restore();
    lost();
    connection = connect({ root: boot.root, userId: boot.user.id, hear, onConnect: connected, onLost: lost, onRefused: ended });
    outbox.restore();
    loadConversations();
    watchForDoubt(connection.probe);
    reading.watch();
  }

  const hear = {
    message_sent: ({ message }) => take(message),
    message_changed: ({ message }) => take(message),
    history_cleared: historyCleared,
    whispered: act("whispered"),
    room_opened: roomOpened,
    messages_read: read,
    typing_changed: typing.heard,
    presence_changed: presence,
    user_registered: ({ user }) => people.registered(user),
    user_changed: ({ user }) => personChanged(user),
    preferences_changed: looks.heard,
    room_changed: ({ room }) => roomTold(room.id, room.version, (one) => applyRoomChanged(one, room)),
    members_changed: (told) => roomTold(told.room_id, 0, (one) => applyMembersChanged(state, one, told)),
    here_changed: hereChanged,
    room_closed: ({ room_id: roomId, reason }) => closed(roomId, reason),
    export_changed: ({ export: one }) => (state.exports.set(one.id, one), changed()),
    room_muted: ({ room_id: roomId, muted_until: until }) => muted(roomId, until),
    signed_out: ({ reason }) => ended({ code: "unauthenticated", reason }),
  };

  async function loadConversations() {
    try {
      let page = boot.rooms; // the first page came with ours
      while (page) {
        page.rooms.forEach((room) => applyRoom(state, room));
        page = page.complete ? null : await api.rooms({ before: page.rooms.at(-1).id });
      }
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else setTimeout(loadConversations, RETRY);
      return;
    }
    state.ready = true;
    opening.ready();
    if (state.connection.online) connected();
    changed();
  }

  function connected() {
    attempt += 1;
    Object.assign(state.connection, { online: true, lostAt: null });
    changed();
    if (attempt > 1) looks.refresh();
    for (const one of state.conversations.values()) if (one.members) one.members = nobodyHeld(); // who came and went was not heard
    opening.resume();
    if (state.ready) resume(attempt);
  }

  // Everything that a new connection owes: what was missed, what waits, who is here.
  async function resume(mine) {
    outbox.pumpAll();
    try {
      await catchUp.all();
      applyOnline(state, (await emit("load_presence", {})).online);
      outbox.pumpAll();
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else setTimeout(() => mine === attempt && state.connection.online && resume(mine), RETRY);
    }
    changed();
  }

  function lost() {
    const { connection: line } = state;
    line.online = false;
    line.lostAt ??= Date.now();
    state.typing.clear();
    setTimeout(changed, QUIET + 50);
    changed();
  }

  function ended({ code, reason = null }) {
    if (state.notice) return;
    state.notice = { code, reason };
    if (code === "unauthenticated") accounts.forget(boot.slot);
    if (reason === "deleted") for (const kept of [drafts, outbox]) kept.forget();
    connection?.end();
    changed();
  }

  function take(message) {
    const conversation = state.conversations.get(message.room_id);
    if (!conversation) {
      if (state.ready) catchUp.these([]).catch(() => {});
      return;
    }
    const own = message.sender.id === state.me.id;
    if (own) outbox.settle(message.client_id);
    const fresh = message.seq > conversation.lastSeq;
    if (fresh && !own && !reading.attentive()) conversation.divider = conversation.readTo;
    if (fresh) arrived(conversation, message);
    applyMessages(state, conversation, [message]);
    applyVersion(conversation, message.version);
    catchUp.watch(conversation);
    if (conversation.lastMessage?.deleted_at) catchUp.these([conversation.id]).catch(() => {}); // for the one before it
    trimMessages(conversation);
    changed();
  }

  function historyCleared({ room_id: roomId, cleared_seq: seq }) {
    const conversation = state.conversations.get(roomId);
    if (!conversation) return;
    const wasLoaded = conversation.from !== Infinity;
    if (state.replies.get(roomId)?.seq <= seq) drafts.answer(conversation, null);
    if (!applyCleared(state, conversation, seq)) catchUp.these([roomId]).catch(() => {});
    if (wasLoaded && conversation.from === Infinity) history.newest(conversation);
    changed();
  }

  // What has been drawn is at its end, or not; `looksAt` is the message at the reader's eye, or null at the end.
  function drawn({ atEnd, looksAt }) {
    reading.check({ atEnd });
    if (state.open?.conversation) Object.assign(state.open.conversation, { looksAt });
  }

  function arrived(conversation, message) {
    if (message.sender.id !== state.me.id && isSaid(message)) heard(conversation, message);
  }

  // The first message of somebody new comes with its room.
  function roomOpened({ room }) {
    const known = state.conversations.has(room.id);
    const conversation = applyRoom(state, room);
    if (!known && room.last_message) arrived(conversation, room.last_message);
    if (!known && room.kind === "group") conversation.since = new Date().toISOString();
    changed();
  }

  function roomTold(roomId, version, apply) {
    const conversation = state.conversations.get(roomId);
    if (!conversation) return;
    apply(conversation);
    applyVersion(conversation, version);
    catchUp.watch(conversation);
    changed();
  }

  function hereChanged({ room_id: roomId, came, gone }) {
    came.forEach((user) => applyPerson(state, user));
    roomTold(roomId, 0, (one) => applyHere(one, { came: came.map(({ id }) => id), gone }));
  }

  // What was written there and not sent is kept, for the case that one is in it again.
  function closed(roomId, reason = "ended") {
    const conversation = state.conversations.get(roomId);
    if (!conversation) return;
    state.conversations.delete(roomId);
    if (conversation.pending.length) state.unsent.set(roomId, conversation.pending);
    if (conversation.kind === "group") roomGone(conversation, reason);
    opening.closed(conversation);
    changed();
  }

  function presence(told) {
    applyPresence(state, told);
    changed();
  }

  function read({ room_id: roomId, user_id: userId, last_read_seq: seq }) {
    const conversation = state.conversations.get(roomId);
    if (conversation) applyRead(state, conversation, userId, seq);
    changed();
  }

  // A name, a colour, or the account is gone: everywhere on this page, in what was said before too.
  function personChanged(user) {
    applyPerson(state, { ...user, described: false });
    if (user.id === state.me.id) accounts.remember(boot.slot, state.me, boot.root);
    opening.renamed(user);
    changed();
  }

  function muted(roomId, until) {
    const conversation = state.conversations.get(roomId);
    if (conversation) conversation.mutedUntil = until;
    changed();
  }

  async function mute(conversation, seconds) {
    const { muted_until: until } = await emit("mute_room", { room_id: conversation.id, seconds });
    muted(conversation.id, until);
  }

  function send(conversation, body) {
    typing.stop();
    outbox.add(conversation, body, state.replies.get(conversation.id) ?? null);
    drafts.answer(conversation, null);
    sent();
  }

  async function files(outbox) {
    const { createUploads } = await import("./uploads.js");
    return createUploads(store, { api, ended, root: boot.root, userId: boot.user.id, csrf: boot.csrf, ...outbox });
  }

  // Several are several messages: the first one is the answer, the words stand below the last.
  async function sendFiles(conversation, chosen, body) {
    await outbox.uploads();
    const quote = state.replies.get(conversation.id) ?? null;
    typing.stop();
    chosen.forEach((file, index) => outbox.add(conversation, index === chosen.length - 1 ? body : "", index ? null : quote, file));
    drafts.answer(conversation, null);
    sent();
  }

  function draft(conversation, text) {
    state.remark = null;
    drafts.keep(conversation, text);
  }

  const opened = (act) => state.open?.conversation && act(state.open.conversation);

  return {
    api,
    looks,
    ended,
    start,
    show: opening.show,
    mute,
    describe: people.describe,
    emit,
    take,
    send,
    sendFiles,
    uploads: outbox.uploads,
    draft,
    answer: drafts.answer,
    whisperTo: act("whisperTo"),
    wrote: typing.wrote,
    search: people.search,
    find: people.find,
    attentive: reading.attentive,
    lookAt: opening.lookAt,
    lookAtMoment: opening.lookAtMoment,
    reach: opening.reach,
    morePeople: people.more,
    drawn,
    older: () => opened(history.older),
    newer: () => opened(history.newer),
    roomOpened,
    refresh: (roomIds) => catchUp.these(roomIds),
    reload: () => opened(opening.reload),
    retry: (message) => (message.kind === "whisper" ? act("whisperAgain")(message) : opened((one) => outbox.retry(one, message.client_id))),
    discard: (message) => (message.kind === "whisper" ? act("unwhisper")(message) : opened((one) => outbox.discard(one, message.client_id))),
    leave: () => connection.end(),
  };
}
