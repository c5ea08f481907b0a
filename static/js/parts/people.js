// The list on the left: conversations by last activity, below them everyone else; or what a search finds.

import { html, nothing, render, repeat } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { plain } from "../markup.js";
import { excerptOf } from "../message.js";
import { face, fileIcon, guestBadge, icon, nameOf, rowKey } from "../pieces.js";
import { conversationWith, conversationsByActivity, isMuted, lastActivity, partnerOf, placeOf, typists } from "../state.js";
import { folded } from "../text.js";
import { brief, full, lastSeen } from "../times.js";

const LINES = 500;
const OPERATOR = /(?:^|\s)-?(?:from|in|before|after|on|has):|["“«]/i; // what no name is
const lines = new Map(); // text → how the list shows it, the latest ones

// `actions`: open(place), more(), search(text), join(room), createRoom(name), and messages(), which gives {drawing, some, loading} of the messages that are found.
export function createPeopleList({ list: mount, field, clear }, actions) {
  let entering = false; // Enter was pressed, and waits for what the server finds
  let known = null; // the search that was drawn last
  let stop = null; // the one row that Tab leads to; arrows lead on

  mount.addEventListener("scroll", () => nearEnd() && actions.more(), { passive: true });
  mount.addEventListener("focusin", ({ target }) => (stop = target.dataset.row ?? stop));
  mount.addEventListener("keydown", move);
  field.addEventListener("input", wrote);
  field.addEventListener("keydown", pressed);
  clear.addEventListener("click", cleared);

  const nearEnd = () => mount.scrollHeight - mount.scrollTop < mount.clientHeight * 2;

  function wrote() {
    entering = false;
    clear.hidden = !field.value;
    actions.search(field.value);
  }

  function pressed(event) {
    if (event.isComposing || event.altKey) return;
    if (event.key === "Enter" && field.value.trim()) choose(true);
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    (rows().find((row) => row.tabIndex === 0) ?? mount).focus();
  }

  // Somebody comes to a search, or from one.
  function look(text) {
    if (field.value.trim() === text.trim()) return;
    field.value = text;
    wrote();
  }

  function cleared() {
    field.value = "";
    wrote();
    field.focus();
  }

  function draw(state) {
    render(state.search.text ? found(state) : everyone(state), mount);
    chooseStop();
    known = { ...state.search };
    choose();
    if (state.ready && !state.search.text && nearEnd()) actions.more();
  }

  const rows = () => [...mount.querySelectorAll("[data-row]")];

  function chooseStop() {
    const all = rows();
    const kept = all.find((row) => row.dataset.row === stop) ?? all.find((row) => row.ariaCurrent) ?? all[0];
    for (const row of all) row.tabIndex = row === kept ? 0 : -1;
  }

  function move(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = rows();
    const here = all.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    all[next]?.focus();
    chooseStop();
  }

  function everyone(state) {
    const talking = conversations(state);
    const others = strangers(state, state.directory.ids, talking);
    const alone = state.ready && state.directory.complete && !talking.some(({ conversation }) => conversation.kind === "direct") && !others.length;
    const invite = t(
      "Nobody else is here yet. Give your friends the address of this page; they appear here as soon as they register.",
    );
    return html`${group(state, t("Conversations"), talking, { titled: others.length > 0 })}
      ${group(state, talking.length ? t("Everyone else") : t("Everyone here"), others)}
      ${alone ? html`<p class="list__empty">${invite}</p>` : nothing}`;
  }

  function found(state) {
    const { text, ids, rooms, loading } = state.search;
    const wanted = folded(text);
    const matches = ({ partner }) => folded(nameOf(partner)).includes(wanted) || folded(partner.username ?? "").includes(wanted);
    const talking = conversations(state).filter(matches);
    const others = strangers(state, ids, talking);
    const open = rooms.filter(({ id }) => !state.conversations.has(id)).map((room) => ({ partner: { ...room, kind: "group" }, conversation: null }));
    const asked = OPERATOR.test(text);
    const messages = actions.messages();
    const nothingFound = !asked && !messages.some && !talking.length && !others.length && !open.length && !loading;
    const words = t("Nobody and no room by the name “%(name)s”.", { name: text });
    return html`${group(state, t("Conversations"), talking)} ${group(state, t("Public rooms"), open)} ${group(state, t("People"), others)}
      ${nothingFound ? html`<p class="list__empty" role="status">${words}</p>` : nothing}
      ${mayCreate(state) && !asked ? creating(text) : nothing} ${messages.drawing}`;
  }

  // A name that no room has yet.
  function mayCreate(state) {
    const { text, rooms, loading } = state.search;
    const all = [...rooms, ...[...state.conversations.values()].filter(({ kind }) => kind === "group")];
    return !loading && state.me.kind !== "guest" && !all.some(({ name }) => folded(name) === folded(text));
  }

  function creating(name) {
    const words = t("Create the room “%(name)s”", { name });
    return html`<button class="row row--create" type="button" data-row="create" data-create-room @click=${() => actions.createRoom(name)}>
      <span class="face face--room face--new">${icon("plus")}</span><span class="row__create">${words}</span>
    </button>`;
  }

  // Enter in the search field: the room of exactly this name, or else the first of the names, of the messages, of all there is.
  function choose(now = entering) {
    const text = field.value.trim();
    if (!now) return;
    const named = [...mount.querySelectorAll("[data-room]")].find((row) => folded(row.dataset.name) === folded(text));
    const first = named ?? mount.querySelector("[data-person], [data-room]");
    entering = known?.loading || known?.text !== text || (!first && actions.messages().loading);
    if (entering) return;
    (first ?? mount.querySelector("[data-hit]") ?? rows()[0])?.click();
    field.value = "";
    wrote();
  }

  function group(state, title, rows, { titled = true } = {}) {
    if (!rows.length) return nothing;
    const heading = titled ? html`<h2 class="list__title">${title}</h2>` : nothing;
    return html`${heading}<ul aria-label=${title}>${repeat(rows, ({ partner }) => rowKey(partner), (row) => drawRow(state, row))}</ul>`;
  }

  function drawRow(state, { partner, conversation }) {
    const isRoom = partner.kind === "group";
    const current = isRoom ? state.open?.conversation === partner : state.open?.userId === partner.id;
    const unread = conversation?.unread ?? 0;
    const at = conversation && lastActivity(conversation);
    return html`<li>
      <button
        class="row"
        type="button"
        data-row=${rowKey(partner)}
        data-person=${isRoom ? nothing : partner.username}
        data-room=${isRoom ? partner.id : nothing}
        data-name=${nameOf(partner)}
        aria-current=${current ? "true" : nothing}
        @click=${() => (isRoom && !conversation ? actions.join(partner) : actions.open(placeOf(partner)))}
      >
        ${face(partner, { presence: true })}
        <span class="row__text">
          <span class="row__name"><bdi>${nameOf(partner)}</bdi>${guestBadge(partner)}${isHushed(conversation) ? hushed() : nothing}</span>
          ${at ? html`<time class="row__time" datetime=${at} title=${full(at)}>${brief(at)}</time>` : html`<span></span>`}
          <span class="row__about">${about(state, partner, conversation)}</span>
          ${unread ? badge(unread, isHushed(conversation)) : nothing}
        </span>
      </button>
    </li>`;
  }

  return { draw, look };
}

function hushed() {
  return html`<span class="row__muted" data-muted title=${t("Muted")}>${icon("bell-off")}<span class="visually-hidden">${t("Muted")}</span></span>`;
}

function badge(unread, quiet) {
  const words = tn("%(count)s unread message", "%(count)s unread messages", unread);
  return html`<span class="badge" data-unread=${unread} ?data-quiet=${quiet} title=${words}
    ><span aria-hidden="true">${unread > 999 ? "999+" : unread}</span><span class="visually-hidden">${words}</span></span
  >`;
}

function about(state, partner, conversation) {
  const writing = typists(state, conversation);
  if (writing.length) return html`<span class="row__typing">${partner.kind === "group" && writing[0] ? t("%(name)s is typing…", { name: nameOf(writing[0]) }) : t("typing…")}</span>`;
  const draft = conversation && state.open?.conversation !== conversation && state.drafts.get(conversation.id);
  if (draft) return html`<span class="row__draft">${t("Draft:")}</span> <bdi>${oneLine(draft)}</bdi>`;
  const last = conversation?.pending.at(-1) ?? conversation?.lastMessage;
  if (!last) return silent(partner);
  if (last.deleted_at) return t("Message deleted");
  return html`${author(state, partner, last)}${last.file ? fileIcon(last.file) : nothing}<bdi>${excerptOf(last)}</bdi>`;
}

function silent(partner) {
  if (partner.kind === "deleted") return "";
  if (partner.kind === "group") return partner.topic ? html`<bdi>${oneLine(partner.topic)}</bdi>` : tn("%(count)s member", "%(count)s members", partner.member_count);
  return partner.online ? t("online") : lastSeen(partner.last_seen_at);
}

function author(state, partner, { sender }) {
  if (sender.id === state.me.id) return html`${t("You:")} `;
  return partner.kind === "group" ? html`<bdi>${nameOf(sender)}</bdi>: ` : nothing;
}

// The whole text is read, however long: half a spoiler would be none.
function oneLine(text) {
  if (!lines.has(text)) {
    if (lines.size >= LINES) lines.clear();
    lines.set(text, plain(text).slice(0, 200).replace(/\s+/g, " "));
  }
  return lines.get(text);
}

function conversations(state) {
  return conversationsByActivity(state).map((conversation) => ({ partner: partnerOf(state, conversation), conversation }));
}

function strangers(state, ids, talking) {
  const shown = new Set(talking.map(({ conversation }) => conversation.peerId));
  const people = ids.filter((id) => !shown.has(id)).map((id) => state.people.get(id)).filter(({ kind }) => kind !== "deleted");
  people.sort((a, b) => a.display_name.localeCompare(b.display_name));
  return people.map((person) => ({ partner: person, conversation: conversationWith(state, person.id) }));
}

const isHushed = (conversation) => isMuted(conversation) || ["mentions", "none"].includes(conversation?.notify);
