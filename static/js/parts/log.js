// The messages of the open conversation.

import { html, nothing, render, repeat } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { messageRow, quoteOf, reactionsOf, stateOf } from "../message.js";
import { face, icon, nameOf } from "../pieces.js";
import { isLine, serverNow } from "../conversations.js";
import { Place } from "../scroll.js";
import { isSaid, messagesOf, openPartner } from "../state.js";
import { dayKey, dayName } from "../times.js";

const TOGETHER = 5 * 60_000; // messages of one person within it stand together
const SKELETONS = ["44%", "30%", "58%", "36%", "50%"];

// `actions`: older(), retry(message), discard(message), reload(), moved(), files() (files.js, null until it has come), and takePlace(conversation), which gives the
// {seq, top} that was looked at before the page was loaded anew, once.
export function createLog(mount, actions) {
  let place = null;
  let shown = null; // the conversation on screen
  let settled = false; // its first position has been taken
  let seenTo = 0;
  let wanted = null; // the place to return to
  const lines = { made: null, asked: null }; // the words for comings and goings, loaded with the first one

  function draw(state) {
    const conversation = state.open?.conversation ?? null;
    if (conversation !== shown) start(conversation);
    const { readTo, lastSeq } = conversation ?? {};
    if (!place) {
      render(frame(state, conversation), mount);
      place = new Place(mount.querySelector("[data-log]"), actions.moved);
    }
    if (place.atEnd) seenTo = Math.max(readTo ?? 0, lastSeq ?? 0);
    place.keep(() => render(frame(state, conversation), mount));
    if (conversation && !settled && conversation.from !== Infinity) settle();
    if (settled && state.open?.target) lead(state.open);
    if (conversation && settled && place.nearStart && !conversation.error) actions.older();
  }

  function start(conversation) {
    shown = conversation;
    settled = false;
    seenTo = conversation?.readTo ?? 0;
    wanted = conversation && actions.takePlace(conversation);
    place?.toEnd();
  }

  function settle() {
    const missing = wanted && wanted.seq < shown.from && !shown.complete && !shown.error;
    if (missing) {
      actions.older();
      return;
    }
    settled = true;
    const before = wanted && mount.querySelector(`[data-seq="${wanted.seq}"]`);
    const unread = mount.querySelector("[data-unread-line]");
    if (before) place.to(before, wanted.top);
    else if (unread) place.to(unread);
    else place.toEnd();
    actions.moved();
  }

  // Older messages are loaded until the one that is wanted is among them, or cannot be.
  function lead(open) {
    const { target: seq, enter, conversation } = open;
    const row = mount.querySelector(`[data-seq="${seq}"]`);
    if (!row && seq < conversation.from && !conversation.complete && !conversation.error) return actions.older();
    open.target = null;
    if (!row) return actions.missing(conversation);
    place.to(row);
    delete row.dataset.led;
    requestAnimationFrame(() => (row.dataset.led = ""));
    if (enter) row.focus({ preventScroll: true });
    actions.moved();
  }

  function frame(state, conversation) {
    const partner = openPartner(state);
    const label = labelOf(partner);
    const loading = Boolean(conversation?.loading);
    // Silent by itself: what is loaded above, waits or becomes read is no news. Additions are read out by noticed.js.
    return html`<div class="log__scroll" data-log role="log" aria-live="off" tabindex="0" aria-label=${label} aria-busy=${loading}>
        <ol class="log__column" role="list">
          ${conversation ? content(state, conversation, partner) : refusal(state.open?.error)}
        </ol>
      </div>
      ${conversation ? pill(conversation, state.me) : nothing}`;
  }

  function content(state, conversation, partner) {
    const rows = timeline(conversation, state);
    if (rows.some(({ kind }) => kind === "line")) loadLines();
    const error = conversation.error ? failed() : nothing;
    const tools = { ...actions, me: state.me, find: (name) => state.names.get(name) };
    if (rows.length) return [error, repeat(rows, (row) => row.key, (row) => drawRow(row, tools))];
    if (conversation.error) return error;
    return conversation.from === Infinity ? SKELETONS.map(skeleton) : hint(partner);
  }

  function drawRow(row, tools) {
    if (row.kind === "day") return html`<li class="log__day">${dayName(row.at)}</li>`;
    if (row.kind === "line") return html`<li class="log__line" data-line>${lines.made?.lineOf(row.messages) ?? nothing}</li>`;
    if (row.kind === "unread") return html`<li class="log__unread" data-unread-line>${t("New messages")}</li>`;
    return messageRow(row, tools);
  }

  function loadLines() {
    lines.asked ??= import("../lines.js").then(
      (made) => {
        lines.made = made;
        actions.moved();
      },
      () => (lines.asked = null),
    );
  }

  function pill(conversation, me) {
    if (place?.atEnd ?? true) return nothing;
    const isNew = (one) => one.seq > seenTo && one.sender.id !== me.id && isSaid(one);
    const count = [...conversation.messages.values()].filter(isNew).length;
    const words = count ? tn("%(count)s new message", "%(count)s new messages", count) : t("To the newest");
    return html`<button class="button pill" type="button" data-to-end @click=${toEnd}>${icon("arrow-down")}${words}</button>`;
  }

  function toEnd() {
    place.toEnd();
    actions.moved();
  }

  function failed() {
    return html`<li class="log__error">
      <p>${t("The messages could not be loaded.")}</p>
      <button class="button button--small" type="button" @click=${actions.reload}>${icon("rotate-cw")}${t("Try again")}</button>
    </li>`;
  }

  return { draw, toEnd, get place() { return place?.current ?? null; }, get atEnd() { return settled && place.atEnd; } };
}

function refusal(error) {
  return error ? html`<li class="log__hint" role="alert">${error}</li>` : nothing;
}

function skeleton(width, index) {
  return html`<li class="skeleton" aria-hidden="true" ?data-own=${index % 2 === 1} .style=${`--wide: ${width}`}></li>`;
}

function labelOf(partner) {
  if (!partner) return t("Messages");
  const name = nameOf(partner);
  return partner.kind === "group" ? t("Messages in %(name)s", { name }) : t("Messages with %(name)s", { name });
}

function hint(partner) {
  const name = nameOf(partner);
  const first = t("Nothing here yet. Write the first message to %(name)s.", { name });
  const words = partner.kind === "group" ? t("Nothing here yet. Write the first message in %(name)s.", { name }) : first;
  return html`<li class="log__hint">
    ${face(partner)}
    <p>${words}</p>
  </li>`;
}

// The rows of a conversation in their order: days, the line before what is new, messages with their neighbours.
function timeline(conversation, state) {
  const { me } = state;
  const rows = [];
  let last = null; // the row of the message before, while nothing stands between
  let day = null;
  let marked = conversation.divider === null;
  const { peerReadTo, kind } = conversation;
  const facts = { me, peerReadTo, inRoom: kind === "group", now: serverNow(state), conversation, state };
  for (const message of messagesOf(conversation)) {
    if (dayKey(message.created_at) !== day) {
      day = dayKey(message.created_at);
      rows.push({ kind: "day", key: `day ${day} ${message.seq ?? ""}`, at: message.created_at });
      last = null;
    }
    if (isLine(message)) {
      if (rows.at(-1).kind === "line" && mergeable(rows.at(-1).messages.at(-1), message)) rows.at(-1).messages.push(message);
      else rows.push({ kind: "line", key: `line ${message.seq}`, messages: [message] });
      last = null;
      continue;
    }
    const own = message.sender.id === me.id;
    if (!marked && !own && message.seq > conversation.divider) {
      marked = true;
      rows.push({ kind: "unread", key: "unread" });
      last = null;
    }
    last = row(message, own, last, facts);
    rows.push(last);
  }
  return rows;
}

// Comings and goings stand together; invitations and removals where one person made them.
function mergeable(before, next) {
  const crowd = ["joined", "left"];
  if (crowd.includes(before.kind)) return crowd.includes(next.kind);
  return before.kind === next.kind && ["invited", "removed"].includes(next.kind) && before.sender.id === next.sender.id;
}

function row(message, own, before, facts) {
  const follows = Boolean(before) && continues(before.message, message);
  if (follows) before.followed = true;
  return {
    kind: "message",
    key: message.client_id,
    message,
    state: stateOf(message, facts),
    own,
    follows,
    followed: false,
    inRoom: facts.inRoom,
    left: message.expires_at ? Math.max(0, Date.parse(message.expires_at) - facts.now) : null,
    quote: quoteOf(message, facts.conversation),
    reactions: reactionsOf(message, facts.state),
  };
}

function continues(before, message) {
  if (before.kind === "whisper" || message.kind === "whisper") return false;
  return before.sender.id === message.sender.id && new Date(message.created_at) - new Date(before.created_at) < TOGETHER;
}
