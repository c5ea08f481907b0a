// Messages on their way: kept in memory and in the browser until acknowledged, sent in order, one at a time in each
// conversation, always with the client_id they were written under.

import * as storage from "./storage.js";

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

// `emit` sends, `stored(message)` takes the acknowledged one, `ended(refusal)` hears that the session is over.
export function createOutbox(store, { emit, stored, ended }) {
  const { state, changed } = store;
  const prefix = `parley.outbox.${state.me.id}.`;
  const busy = new Map(); // conversation id → client_id on the wire, or a timer until the next try

  // What an earlier page left unsent, put back as waiting.
  function restore() {
    const kept = storage.entries(prefix).map(([, message]) => message);
    kept.sort((a, b) => a.created_at.localeCompare(b.created_at) || a.order - b.order);
    state.unsent = Map.groupBy(kept.map((one) => pendingMessage(state.me, one)), (one) => one.room_id);
  }

  function add(conversation, body) {
    const kept = {
      room_id: conversation.id,
      client_id: crypto.randomUUID?.() ?? uuid(),
      body,
      created_at: new Date().toISOString(),
      order: conversation.pending.length,
    };
    storage.write(prefix + kept.client_id, kept);
    conversation.pending.push(pendingMessage(state.me, kept));
    changed();
    pump(conversation);
  }

  async function pump(conversation) {
    const next = conversation.pending.find((one) => one.state === "pending");
    if (!next || busy.has(conversation.id) || !state.connection.online || state.notice) return;
    busy.set(conversation.id, next.client_id);
    try {
      const { room_id, body, client_id } = next;
      const { message } = await emit("send_message", { room_id, body, client_id });
      settle(client_id);
      stored(message);
      goOn(conversation);
    } catch (refusal) {
      refused(conversation, next, refusal);
    }
    changed();
  }

  function refused(conversation, message, refusal) {
    if (refusal.endsSession) {
      busy.delete(conversation.id);
      ended(refusal);
    } else if (refusal.code === "too_often") {
      later(conversation, (refusal.retryAfter ?? 1) * 1_000);
    } else if (refusal.passes) {
      message.tries += 1;
      later(conversation, Math.min(FIRST_RETRY * 2 ** (message.tries - 1), LONGEST_RETRY));
    } else {
      Object.assign(message, { state: "failed", error: refusal.message });
      goOn(conversation);
    }
  }

  function goOn(conversation) {
    busy.delete(conversation.id);
    pump(conversation);
  }

  function later(conversation, pause) {
    busy.set(conversation.id, setTimeout(() => goOn(conversation), pause));
  }

  // After a connect nothing is on the wire, and nobody need wait out a pause.
  function pumpAll() {
    for (const timer of busy.values()) if (typeof timer === "number") clearTimeout(timer);
    busy.clear();
    for (const conversation of state.conversations.values()) pump(conversation);
  }

  function settle(clientId) {
    storage.remove(prefix + clientId);
  }

  function forget() {
    for (const [clientId] of storage.entries(prefix)) storage.remove(prefix + clientId);
  }

  function retry(conversation, clientId) {
    const message = conversation.pending.find((one) => one.client_id === clientId);
    if (message) Object.assign(message, { state: "pending", error: null, tries: 0 });
    changed();
    pump(conversation);
  }

  function discard(conversation, clientId) {
    settle(clientId);
    conversation.pending = conversation.pending.filter((one) => one.client_id !== clientId);
    changed();
  }

  return { add, restore, pumpAll, settle, forget, retry, discard };
}

function pendingMessage(me, { room_id, client_id, body, created_at }) {
  return { room_id, client_id, body, created_at, sender: me, state: "pending", error: null, tries: 0 };
}

// Plain HTTP in a house network is no secure context and lacks randomUUID.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
