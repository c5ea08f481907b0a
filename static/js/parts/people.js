// The list on the left: conversations by last activity, below them everyone else; or what a search finds.

import { html, nothing, render, repeat } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { plain } from "../markup.js";
import { face, icon, nameOf } from "../pieces.js";
import { conversationWith, isMuted, lastActivity } from "../state.js";
import { folded } from "../text.js";
import { brief, full, lastSeen } from "../times.js";

const LINES = 500;
const lines = new Map(); // text → how the list shows it, the latest ones

// `actions`: open(username), more().
export function createPeopleList(mount, actions) {
  let stop = null; // the username of the one row that Tab leads to; arrows lead on

  mount.addEventListener("scroll", () => nearEnd() && actions.more(), { passive: true });
  mount.addEventListener("focusin", ({ target }) => (stop = target.dataset.person ?? stop));
  mount.addEventListener("keydown", move);

  const nearEnd = () => mount.scrollHeight - mount.scrollTop < mount.clientHeight * 2;

  function draw(state) {
    render(state.search.text ? found(state) : everyone(state), mount);
    chooseStop();
    if (state.ready && !state.search.text && nearEnd()) actions.more();
  }

  const rows = () => [...mount.querySelectorAll("[data-person]")];

  function chooseStop() {
    const all = rows();
    const kept = all.find((row) => row.dataset.person === stop) ?? all.find((row) => row.ariaCurrent) ?? all[0];
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

  function enter() {
    (rows().find((row) => row.tabIndex === 0) ?? mount).focus();
  }

  function everyone(state) {
    const talking = conversations(state);
    const others = strangers(state, state.directory.ids, talking);
    const alone = state.ready && state.directory.complete && !talking.length && !others.length;
    const invite = t(
      "Nobody else is here yet. Give your friends the address of this page; they appear here as soon as they register.",
    );
    return html`${group(state, t("Conversations"), talking, { titled: others.length > 0 })}
      ${group(state, talking.length ? t("Everyone else") : t("Everyone here"), others)}
      ${alone ? html`<p class="list__empty">${invite}</p>` : nothing}`;
  }

  function found(state) {
    const wanted = folded(state.search.text);
    const matches = ({ person }) => folded(nameOf(person)).includes(wanted) || folded(person.username).includes(wanted);
    const talking = conversations(state).filter(matches);
    const others = strangers(state, state.search.ids, talking);
    const nobody = !talking.length && !others.length && !state.search.loading;
    const words = t("Nobody by the name “%(name)s”.", { name: state.search.text });
    return html`${group(state, t("Conversations"), talking)} ${group(state, t("People"), others)}
      ${nobody ? html`<p class="list__empty" role="status">${words}</p>` : nothing}`;
  }

  function group(state, title, rows, { titled = true } = {}) {
    if (!rows.length) return nothing;
    const heading = titled ? html`<h2 class="list__title">${title}</h2>` : nothing;
    return html`${heading}<ul aria-label=${title}>${repeat(rows, ({ person }) => person.id, (row) => drawRow(state, row))}</ul>`;
  }

  function drawRow(state, { person, conversation }) {
    const unread = conversation?.unread ?? 0;
    const at = conversation && lastActivity(conversation);
    return html`<li>
      <button
        class="row"
        type="button"
        data-person=${person.username}
        aria-current=${state.open?.userId === person.id ? "true" : nothing}
        @click=${() => actions.open(person.username)}
      >
        ${face(person, { presence: true })}
        <span class="row__text">
          <span class="row__name"><bdi>${nameOf(person)}</bdi>${isMuted(conversation) ? hushed() : nothing}</span>
          ${at ? html`<time class="row__time" datetime=${at} title=${full(at)}>${brief(at)}</time>` : html`<span></span>`}
          <span class="row__about">${about(state, person, conversation)}</span>
          ${unread ? badge(unread, isMuted(conversation)) : nothing}
        </span>
      </button>
    </li>`;
  }

  return { draw, enter };
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

function about(state, person, conversation) {
  if (conversation && state.typing.has(conversation.id)) return html`<span class="row__typing">${t("typing…")}</span>`;
  const draft = conversation && state.open?.conversation !== conversation && state.drafts.get(conversation.id);
  if (draft) return html`<span class="row__draft">${t("Draft:")}</span> <bdi>${oneLine(draft)}</bdi>`;
  const last = conversation?.pending.at(-1) ?? conversation?.lastMessage;
  if (!last && person.kind === "deleted") return "";
  if (!last) return person.online ? t("online") : lastSeen(person.last_seen_at);
  if (last.deleted_at) return t("Message deleted");
  return last.sender.id === state.me.id ? html`${t("You:")} <bdi>${oneLine(last.body)}</bdi>` : html`<bdi>${oneLine(last.body)}</bdi>`;
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
  const rows = [...state.conversations.values()].filter((conversation) => lastActivity(conversation));
  rows.sort((a, b) => lastActivity(b).localeCompare(lastActivity(a)));
  return rows.map((conversation) => ({ person: state.people.get(conversation.peerId), conversation }));
}

function strangers(state, ids, talking) {
  const shown = new Set(talking.map(({ person }) => person.id));
  const people = ids.filter((id) => !shown.has(id)).map((id) => state.people.get(id)).filter(({ kind }) => kind !== "deleted");
  people.sort((a, b) => a.display_name.localeCompare(b.display_name));
  return people.map((person) => ({ person, conversation: conversationWith(state, person.id) }));
}
