// The quick switcher: find a person or a conversation by a few letters, in whatever layout they were typed.

import { html, nothing, render, repeat } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { readings } from "./layouts.js";
import { face, icon, nameOf, rowKey } from "./pieces.js";
import { conversationWith, lastActivity, placeOf } from "./state.js";
import { folded } from "./text.js";

const MOST = 50;
const TYPING_PAUSE = 200;

// `open(place)` goes there; `find(texts)` asks the server for people whom this page does not know yet.
export function openSwitcher(store, { layer, open, find }) {
  const { state } = store;
  let text = "";
  let at = 0;
  let asked;
  let asking = false;

  function draw() {
    const found = matches(state, text);
    at = Math.min(at, Math.max(0, found.length - 1));
    render(dialog(found), layer);
    layer.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  function dialog(found) {
    const label = t("Find a person or a conversation");
    return html`<dialog class="sheet switcher" data-switcher aria-label=${label} @close=${ended} @click=${outside}>
      <div class="switcher__field">
        ${icon("search")}
        <input
          class="switcher__box"
          role="combobox"
          aria-label=${label}
          placeholder=${label}
          aria-expanded="true"
          aria-controls="switcher-list"
          aria-autocomplete="list"
          aria-activedescendant=${found.length ? `switcher-${rowKey(found[at])}` : nothing}
          autocomplete="off"
          spellcheck="false"
          dir="auto"
          maxlength="64"
          autofocus
          @input=${wrote}
          @keydown=${(event) => key(event, found)}
        />
      </div>
      <ul class="switcher__list" id="switcher-list" role="listbox" aria-label=${t("People and rooms")}>
        ${repeat(found, rowKey, (one, index) => option(one, index === at))}
      </ul>
      <p class="switcher__none" role="status">${found.length || asking ? nothing : t("Nobody by the name “%(name)s”.", { name: text })}</p>
    </dialog>`;
  }

  function option(one, selected) {
    const unread = conversationOf(state, one)?.unread;
    const under = one.kind !== "group" && one.username !== one.display_name ? html`<span class="switcher__username" dir="auto">@${one.username}</span>` : nothing;
    return html`<li class="switcher__one" id=${`switcher-${rowKey(one)}`} role="option" aria-selected=${selected} data-option=${rowKey(one)} @click=${() => choose(one)}>
      ${face(one, { presence: true })}
      <span class="switcher__name" dir="auto">${nameOf(one)}</span>
      ${under}
      ${unread ? html`<span class="badge">${unread}</span>` : nothing}
    </li>`;
  }

  function wrote(event) {
    text = event.target.value.trim();
    at = 0;
    clearTimeout(asked);
    asking = Boolean(text);
    asked = setTimeout(ask, TYPING_PAUSE, text);
    draw();
  }

  async function ask(wanted) {
    if (wanted) await find(readings(wanted));
    if (wanted === text) asking = false;
    if (layer.querySelector("[data-switcher]")) draw();
  }

  function key(event, found) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing || (!step && event.key !== "Enter")) return;
    event.preventDefault();
    if (!found.length) return;
    if (!step) return choose(found[at]);
    at = (at + step + found.length) % found.length;
    draw();
  }

  function choose(one) {
    layer.querySelector("dialog").close();
    open(placeOf(one));
  }

  function ended() {
    stop();
    render(nothing, layer);
  }

  function outside(event) {
    if (event.target === event.currentTarget) event.target.close();
  }

  render(dialog(matches(state, "")), layer);
  layer.querySelector("dialog").showModal();
  const stop = store.subscribe(draw);
}

// Those who were talked to last come first; a name that begins so before one that only holds it.
function matches(state, text) {
  const wanted = readings(text);
  const people = [...state.people.values()].filter((person) => person.id !== state.me.id && person.kind !== "deleted");
  const rooms = [...state.conversations.values()].filter(({ kind }) => kind === "group");
  const rows = [...people, ...rooms].map((one) => ({ one, rank: rank(one, wanted), last: lastOf(state, one) }));
  const fitting = rows.filter(({ rank }) => rank > 0);
  fitting.sort((a, b) => b.rank - a.rank || b.last.localeCompare(a.last) || byName(a.one, b.one));
  return fitting.slice(0, MOST).map(({ one }) => one);
}

function rank(one, wanted) {
  if (!wanted.length) return 1;
  const names = [folded(nameOf(one)), folded(one.username ?? "")];
  const parts = names.flatMap((name) => name.split(/[\s._-]+/u)).filter(Boolean);
  const begins = wanted.some((text) => [...names, ...parts].some((name) => name.startsWith(text)));
  return begins ? 2 : Number(wanted.some((text) => names.some((name) => name.includes(text))));
}

const conversationOf = (state, one) => (one.kind === "group" ? one : conversationWith(state, one.id));

function lastOf(state, one) {
  const conversation = conversationOf(state, one);
  return conversation ? lastActivity(conversation) : "";
}

const byName = (a, b) => nameOf(a).localeCompare(nameOf(b));
