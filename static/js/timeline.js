// The rows of a conversation in their order: days, the line before what is new, messages with their neighbours.

import { messagesOf } from "./state.js";
import { stateOf } from "./message.js";
import { dayKey } from "./times.js";

const TOGETHER = 5 * 60_000;

export function timeline(conversation, me) {
  const rows = [];
  let last = null; // the row of the message before, while nothing stands between
  let day = null;
  let marked = conversation.divider === null;
  for (const message of messagesOf(conversation)) {
    if (dayKey(message.created_at) !== day) {
      day = dayKey(message.created_at);
      rows.push({ kind: "day", key: `day ${day} ${message.seq ?? ""}`, at: message.created_at });
      last = null;
    }
    const own = message.sender.id === me.id;
    if (!marked && !own && message.seq > conversation.divider) {
      marked = true;
      rows.push({ kind: "unread", key: "unread" });
      last = null;
    }
    last = row(message, own, last, { me, peerReadTo: conversation.peerReadTo });
    rows.push(last);
  }
  return rows;
}

function row(message, own, before, people) {
  const follows = Boolean(before) && continues(before.message, message);
  if (follows) before.followed = true;
  const key = message.client_id;
  return { kind: "message", key, message, state: stateOf(message, people), own, follows, followed: false };
}

function continues(before, message) {
  return before.sender.id === message.sender.id && new Date(message.created_at) - new Date(before.created_at) < TOGETHER;
}
