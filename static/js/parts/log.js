// The messages of the open conversation.

import { html, nothing, render, repeat } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { messageRow, quoteOf, reactionsOf, readersOf, seenBy, stateOf } from "../message.js";
import { face, icon, nameOf } from "../pieces.js";
import { isLine, readersAt, serverNow } from "../conversations.js";
import { Place } from "../scroll.js";
import { isSaid, messagesOf, openPartner, reachesEnd } from "../state.js";
import { dayKey, dayName } from "../times.js";

const TOGETHER = 5 * 60_000; // messages of one person within it stand together
const SKELETONS = ["44%", "30%", "58%", "36%", "50%"];

// `actions`: older(), newer(), reach() (loads what one is led to), lookAt(seq), retry(message), discard(message), reload(), moved(), calendar(moment), files()
// (files.js, null until it has come), and takePlace(conversation), which gives the {seq, top} that was looked at before the page was loaded anew, once.
export function createLog(mount, actions) {
  let place = null;
  let shown = null; // the conversation on screen
  let settled = false; // its first position has been taken
  let seenTo = 0;
  let wanted = null; // the place to return to
  let open = null; // what is open, as the state has it
  let today = null; // the chip of the day of what is at the top, to which a key leads (keys.js)
  const lines = { made: null, asked: null }; // the words for comings and goings, loaded with the first one

  function draw(state) {
    open = state.open;
    const conversation = open?.conversation ?? null;
    if (conversation !== shown) start(conversation);
    if (!place) {
      render(frame(state, conversation), mount);
      place = new Place(mount.querySelector("[data-log]"), actions.moved);
    }
    if (isAtEnd()) seenTo = Math.max(conversation?.readTo ?? 0, conversation?.lastSeq ?? 0);
    place.keep(() => render(frame(state, conversation), mount));
    place.follows = !conversation || conversation.to === Infinity;
    if (conversation && !settled && conversation.from !== Infinity) settle();
    if (settled && open?.target) lead();
    if (conversation && settled && !conversation.error) extend();
    turnDay();
  }

  const isAtEnd = () => place.atEnd && (!shown || shown.to === Infinity);

  function start(conversation) {
    shown = conversation;
    settled = false;
    seenTo = conversation?.readTo ?? 0;
    wanted = conversation && actions.takePlace(conversation);
    place?.toEnd();
  }

  function settle() {
    if (wanted && !open.target && !mount.querySelector(`[data-seq="${wanted.seq}"]`)) open.target = wanted.seq; // and it is led to
    settled = true;
    if (open.target) return;
    const before = wanted && mount.querySelector(`[data-seq="${wanted.seq}"]`);
    const unread = mount.querySelector("[data-unread-line]");
    if (before) place.to(before, wanted.top);
    else if (unread) place.to(unread);
    else place.toEnd();
    actions.moved();
  }

  function extend() {
    if (place.nearStart) actions.older();
    if (place.nearEnd) actions.newer();
  }

  // What one is led to is loaded first where it is not there.
  function lead() {
    const { target: seq, asked, enter, conversation } = open;
    if ([conversation.loading, conversation.error].some((what) => ["newest", "around"].includes(what))) return;
    const row = mount.querySelector(`[data-seq="${seq}"]`);
    const isEnd = seq === Infinity && reachesEnd(conversation);
    if (!row && !isEnd && asked !== seq) return actions.reach();
    open.target = null;
    if (isEnd) return toEnd();
    if (!row) return missing(conversation);
    const { top } = wanted?.seq === seq ? wanted : {};
    wanted = null;
    place.to(row, top);
    delete row.dataset.led;
    requestAnimationFrame(() => (row.dataset.led = ""));
    if (enter) row.focus({ preventScroll: true });
    actions.moved();
  }

  function missing(conversation) {
    actions.missing(conversation);
    actions.lookAt(Infinity);
  }

  function turnDay() {
    const now = place.section?.querySelector("[data-day]") ?? null;
    if (now === today) return;
    today?.removeAttribute("data-reached");
    now?.setAttribute("data-reached", "");
    today = now;
  }

  function frame(state, conversation) {
    const partner = openPartner(state);
    const label = labelOf(partner);
    const loading = Boolean(conversation?.loading);
    // Silent by itself: what is loaded above, waits or becomes read is no news. Additions are read out by noticed.js.
    return html`<div class="log__scroll" data-log role="log" aria-live="off" tabindex="0" aria-label=${label} aria-busy=${loading}>
        <div class="log__column">
          ${conversation ? content(state, conversation, partner) : refusal(state.open?.error)}
        </div>
      </div>
      ${conversation ? pill(conversation, state.me) : nothing}`;
  }

  function content(state, conversation, partner) {
    const days = timeline(conversation, state);
    if (days.some(({ rows }) => rows.some(({ kind }) => kind === "line"))) loadLines();
    const error = conversation.error ? failed() : nothing;
    const tools = { ...actions, me: state.me, find: (name) => state.names.get(name) };
    const below = conversation.error === "newer";
    if (days.length) return [below ? nothing : error, repeat(days, (day) => day.key, (day) => section(day, tools)), below ? error : nothing];
    if (conversation.error) return error;
    return conversation.from === Infinity ? html`<div>${SKELETONS.map(skeleton)}</div>` : hint(partner);
  }

  // The day stays in view while something of it is.
  function section({ key, at, rows }, tools) {
    const jump = t("Jump to a day");
    return html`<section class="log__section" data-section=${key}>
      <button class="log__day" type="button" tabindex="-1" data-day=${at} aria-haspopup="dialog" title=${jump} @click=${() => actions.calendar(at)}><span class="log__chip">${dayName(at)}</span></button>
      <ol class="log__rows" role="list">${repeat(rows, (row) => row.key, (row) => drawRow(row, tools))}</ol>
    </section>`;
  }

  function drawRow(row, tools) {
    if (row.kind === "line") return html`<li class="log__line" data-line data-seq=${row.messages[0].seq}>${lines.made?.lineOf(row.messages) ?? nothing}</li>`;
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
    if (!place || isAtEnd()) return nothing;
    const isNew = (one) => one.seq > seenTo && one.sender.id !== me.id && isSaid(one);
    const count = reachesEnd(conversation) ? messagesOf(conversation).filter(isNew).length : conversation.unread;
    const words = count ? tn("%(count)s new message", "%(count)s new messages", count) : t("To the newest");
    return html`<button class="button pill" type="button" data-to-end @click=${toEnd}>${icon("arrow-down")}${words}</button>`;
  }

  // Where the newest are not held, they are loaded first.
  function toEnd() {
    if (shown && shown.to !== Infinity) return actions.lookAt(Infinity);
    place.toEnd();
    actions.moved();
  }

  function failed() {
    return html`<div class="log__error">
      <p>${t("The messages could not be loaded.")}</p>
      <button class="button button--small" type="button" @click=${actions.reload}>${icon("rotate-cw")}${t("Try again")}</button>
    </div>`;
  }

  return {
    draw,
    toEnd,
    get place() { return place?.current ?? null; },
    get atEnd() { return settled && isAtEnd() && !open?.target; },
  };
}

function refusal(error) {
  return error ? html`<p class="log__hint" role="alert">${error}</p>` : nothing;
}

function skeleton(width, index) {
  return html`<div class="skeleton" aria-hidden="true" ?data-own=${index % 2 === 1} .style=${`--wide: ${width}`}></div>`;
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
  return html`<div class="log__hint">
    ${face(partner)}
    <p>${words}</p>
  </div>`;
}

// The days of a conversation in their order, and the rows of each: the line before what is new, messages with their neighbours.
function timeline(conversation, state) {
  const { me } = state;
  const { peerReadTo, kind, complete, divider } = conversation;
  const days = [];
  const all = messagesOf(conversation);
  let last = null; // the row of the message before, while nothing stands between
  let marked = divider === null || conversation.from > divider + 1; // or the line belongs above what is held
  const facts = { me, peerReadTo, inRoom: kind === "group", now: serverNow(state), conversation, state };
  const readers = readersAt(conversation, all, me);
  for (const message of all) {
    if (dayKey(message.created_at) !== days.at(-1)?.name) {
      days.push(dayOf(message, days));
      last = null;
    }
    const { rows } = days.at(-1);
    if (isLine(message)) {
      if (rows.at(-1)?.kind === "line" && mergeable(rows.at(-1).messages.at(-1), message)) rows.at(-1).messages.push(message);
      else rows.push({ kind: "line", key: `line ${message.seq}`, messages: [message] });
      last = null;
      continue;
    }
    const own = message.sender.id === me.id;
    if (!marked && !own && message.seq > divider) {
      marked = true;
      rows.push({ kind: "unread", key: "unread" });
      last = null;
    }
    last = { ...row(message, own, last, facts), readers: readersOf(readers.get(message), state) };
    rows.push(last);
  }
  return shownOf(days, { first: !complete, last: conversation.to !== Infinity });
}

// A clock that is wrong may bring a day twice.
function dayOf({ created_at: at }, days) {
  const name = dayKey(at);
  const before = days.filter((day) => day.name === name).length;
  return { name, key: before ? `${name} ${before}` : name, at, rows: [] };
}

// Where more is to come, the row at the edge only tells how its neighbour stands.
function shownOf(days, { first, last }) {
  if (first && isMessage(days[0]?.rows[0])) days[0].rows.shift();
  if (last && isMessage(days.at(-1)?.rows.at(-1))) days.at(-1).rows.pop();
  return days.filter(({ rows }) => rows.length);
}

const isMessage = (row) => row?.kind === "message";

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
    seen: seenBy(message, facts),
  };
}

function continues(before, message) {
  if (before.kind === "whisper" || message.kind === "whisper") return false;
  return before.sender.id === message.sender.id && new Date(message.created_at) - new Date(before.created_at) < TOGETHER;
}
