// The quick switcher: find a person or a conversation by a few letters, in whatever layout they were typed.

import { html, nothing, render, repeat } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { readings } from "./layouts.js";
import { face, icon } from "./pieces.js";
import { conversationWith, lastActivity } from "./state.js";
import { folded } from "./text.js";

const MOST = 50;
const TYPING_PAUSE = 200;

// `open(username)` goes there; `find(texts)` asks the server for people whom this page does not know yet.
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
          aria-activedescendant=${found.length ? `switcher-${found[at].id}` : nothing}
          autocomplete="off"
          spellcheck="false"
          dir="auto"
          maxlength="64"
          autofocus
          @input=${wrote}
          @keydown=${(event) => key(event, found)}
        />
      </div>
      <ul class="switcher__list" id="switcher-list" role="listbox" aria-label=${t("People")}>
        ${repeat(found, (person) => person.id, (person, index) => option(person, index === at))}
      </ul>
      <p class="switcher__none" role="status">${found.length || asking ? nothing : t("Nobody by the name “%(name)s”.", { name: text })}</p>
    </dialog>`;
  }

  function option(person, selected) {
    const unread = conversationWith(state, person.id)?.unread;
    return html`<li class="switcher__one" id=${`switcher-${person.id}`} role="option" aria-selected=${selected} data-option=${person.username} @click=${() => choose(person)}>
      ${face(person, { presence: true })}
      <span class="switcher__name" dir="auto">${person.display_name}</span>
      ${person.username === person.display_name ? nothing : html`<span class="switcher__username" dir="auto">@${person.username}</span>`}
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

  function choose(person) {
    layer.querySelector("dialog").close();
    open(person.username);
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
  const rows = people.map((person) => ({ person, rank: rank(person, wanted), last: lastOf(state, person) }));
  const fitting = rows.filter(({ rank }) => rank > 0);
  fitting.sort((a, b) => b.rank - a.rank || b.last.localeCompare(a.last) || byName(a.person, b.person));
  return fitting.slice(0, MOST).map(({ person }) => person);
}

function rank(person, wanted) {
  if (!wanted.length) return 1;
  const names = [folded(person.display_name), folded(person.username)];
  const parts = names.flatMap((name) => name.split(/[\s._-]+/u));
  const begins = wanted.some((text) => [...names, ...parts].some((name) => name.startsWith(text)));
  return begins ? 2 : Number(wanted.some((text) => names.some((name) => name.includes(text))));
}

function lastOf(state, person) {
  const conversation = conversationWith(state, person.id);
  return conversation ? lastActivity(conversation) : "";
}

const byName = (a, b) => a.display_name.localeCompare(b.display_name);
