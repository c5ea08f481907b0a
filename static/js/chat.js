// What a person does and what the server tells, turned into changes of the state. Knows the services, draws nothing.

import * as accounts from "./accounts.js";
import { createApi } from "./api.js";
import { createReading, createTyping } from "./attention.js";
import { createCatchUp } from "./catch_up.js";
import { createDrafts } from "./drafts.js";
import { createHistory } from "./history.js";
import { createLooks } from "./looks.js";
import { createOutbox } from "./outbox.js";
import { createPeople } from "./people.js";
import { connect, watchForDoubt } from "./socket.js";
import {
  applyMessages, applyOnline, applyPerson, applyPresence, applyRead, applyRoom, applyVersion, conversationWith, trimMessages,
} from "./state.js";

const RETRY = 2_000;
export const QUIET = 5_000; // a shorter loss of the connection is not worth a word

// `heard(conversation, message)` is told of every message of another person that was not known here.
export function createChat(store, boot, { closeConversation, renameConversation, heard, sent }) {
  const { state, changed } = store;
  let connection;
  let wanted = null; // the username in the address
  let attempt = 0;

  const emit = (event, data) => connection.emit(event, data);
  const api = createApi({ root: boot.root, userId: boot.user.id, csrf: boot.csrf });
  const looks = createLooks(store, { api, locale: boot.locale });
  const history = createHistory(store, { api, ended });
  const outbox = createOutbox(store, { emit, stored: take, ended });
  const people = createPeople(store, { api, ended, first: boot.people });
  const catchUp = createCatchUp(store, { emit, reload: history.newest, heard: arrived });
  const typing = createTyping(store, { emit });
  const reading = createReading(store, { emit });
  const drafts = createDrafts(store);

  function start() {
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
    room_opened: roomOpened,
    messages_read: read,
    typing_changed: typing.heard,
    presence_changed: presence,
    user_registered: ({ user }) => people.registered(user),
    user_changed: ({ user }) => personChanged(user),
    preferences_changed: looks.heard,
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
    if (wanted && !state.open) show(wanted);
    if (state.connection.online) connected();
    changed();
  }

  function connected() {
    attempt += 1;
    Object.assign(state.connection, { online: true, lostAt: null });
    changed();
    if (attempt > 1) looks.refresh();
    if (attempt > 1 && state.open) applyPerson(state, { id: state.open.userId, described: false });
    if (state.ready) resume(attempt);
  }

  // Everything that a new connection owes: what was missed, what waits, who is here.
  async function resume(mine) {
    outbox.pumpAll();
    if (wanted && !state.open?.conversation) openDirect(wanted);
    else if (state.open?.conversation?.error) history.newest(state.open.conversation);
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
    else if (!reading.attentive() && conversation.divider === null) conversation.divider = conversation.readTo;
    if (message.seq > conversation.lastSeq) arrived(conversation, message);
    applyMessages(state, conversation, [message]);
    applyVersion(conversation, message.version);
    catchUp.watch(conversation);
    if (conversation !== state.open?.conversation) trimMessages(conversation);
    changed();
  }

  // What has been drawn is at its end, or not.
  function drawn({ atEnd }) {
    reading.check({ atEnd });
    if (atEnd && state.open?.conversation) trimMessages(state.open.conversation);
  }

  function arrived(conversation, message) {
    if (message.sender.id !== state.me.id && !message.deleted_at) heard(conversation, message);
  }

  // The first message of somebody new comes with its room.
  function roomOpened({ room }) {
    const known = state.conversations.has(room.id);
    const conversation = applyRoom(state, room);
    if (!known && room.last_message) arrived(conversation, room.last_message);
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
    if (user.id === state.open?.userId && user.username !== wanted) {
      wanted = user.username;
      renameConversation(wanted);
    }
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

  // The address names somebody, or nobody: open the conversation with them, making it if there is none.
  function show(username) {
    wanted = username;
    typing.stop();
    const person = username && [...state.people.values()].find((one) => one.username === username);
    const conversation = person && conversationWith(state, person.id);
    if (person && person.id !== state.me.id) enter(person, conversation);
    else state.open = null;
    if (username && !conversation && state.ready) openDirect(username);
    changed();
  }

  function enter(person, conversation) {
    if (conversation) conversation.divider = conversation.unread ? conversation.readTo : null;
    state.open = { userId: person.id, conversation, error: null, target: null };
    if (conversation?.from === Infinity) history.newest(conversation);
  }

  async function openDirect(username) {
    if (!state.connection.online) return;
    try {
      const { room } = await emit("open_direct", { username });
      const conversation = applyRoom(state, room);
      if (wanted === username && state.open?.conversation !== conversation) enter(room.peer, conversation);
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else if (refusal.passes) setTimeout(() => wanted === username && !state.open?.conversation && openDirect(username), RETRY);
      else if (state.open) state.open.error = refusal.message;
      else if (wanted === username) closeConversation();
    }
    changed();
  }

  function send(conversation, body) {
    conversation.divider = null;
    typing.stop();
    outbox.add(conversation, body);
    sent();
  }

  // Lead the eye to one message of the open conversation.
  function lookAt(seq) {
    if (state.open) state.open.target = seq;
    changed();
  }

  const opened = (act) => state.open?.conversation && act(state.open.conversation);

  return {
    api,
    looks,
    ended,
    start,
    show,
    mute,
    describe: people.describe,
    send,
    draft: drafts.keep,
    wrote: typing.wrote,
    search: people.search,
    find: people.find,
    attentive: reading.attentive,
    lookAt,
    morePeople: people.more,
    drawn,
    older: () => opened(history.older),
    reload: () => opened((one) => (one.error === "older" ? history.older(one) : history.newest(one))),
    retry: (message) => opened((one) => outbox.retry(one, message.client_id)),
    discard: (message) => opened((one) => outbox.discard(one, message.client_id)),
    leave: () => connection.end(),
  };
}
