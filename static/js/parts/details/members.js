// Who is in a room, and who of them has it open now; what may be done about each.

import { html, nothing, repeat } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { face, guestBadge, icon, nameOf, wordsOf } from "../../pieces.js";
import { moderates, owns } from "../../conversations.js";
import { folded } from "../../text.js";
import { lastSeen } from "../../times.js";

const SEARCHED_FROM = 15; // people; fewer are seen at a glance
const TYPING_PAUSE = 200;

export function createMembers(mount, actions) {
  let wanted = ""; // what names are searched for
  let found = null; // ids, null until the server has answered
  let chosen = null; // {person, choices} of the menu that is open; as it was on opening: nothing moves under the pointer
  let error = "";
  let timer;
  mount.addEventListener("scroll", ({ target }) => nearEnd(target) && actions.changed(), { capture: true, passive: true });

  const nearEnd = (box) => box.scrollHeight - box.scrollTop < box.clientHeight * 2;

  function reset() {
    [wanted, found, error] = ["", null, ""];
  }

  function draw(state, room) {
    const { members } = room;
    const scroll = mount.querySelector("[data-details-scroll]");
    if (!members.roles.size || (scroll && nearEnd(scroll))) actions.rooms.moreMembers(room);
    const people = inOrder(state, room).filter(matches);
    return html`<section class="members" aria-labelledby="members-title" data-members>
      <h3 class="members__title" id="members-title">${t("People")} <span class="members__count" data-member-count>${room.member_count}</span></h3>
      ${room.member_count > SEARCHED_FROM ? search(room) : nothing}
      ${error ? html`<p class="field__error" role="alert">${error}</p>` : nothing}
      <ul class="members__list">${repeat(people, ({ id }) => id, (person) => row(state, room, person))}</ul>
      ${wanted && !people.length && found ? html`<p class="members__none" role="status">${t("Nobody by this name is in the room.")}</p>` : nothing}
      ${members.error ? failed(room) : nothing}
      ${menu()}
    </section>`;
  }

  function search(room) {
    const words = t("Search people in the room");
    return html`<div class="search members__search" role="search">
      ${icon("search")}
      <input class="search__box" type="search" data-member-search placeholder=${words} aria-label=${words} autocomplete="off" spellcheck="false" dir="auto" maxlength="64" .value=${wanted} @input=${({ target }) => wrote(room, target)} />
    </div>`;
  }

  function wrote(room, { value }) {
    wanted = value.trim();
    found = null;
    clearTimeout(timer);
    if (wanted) timer = setTimeout(find, TYPING_PAUSE, room, wanted);
    actions.changed();
  }

  async function find(room, text) {
    const ids = await actions.rooms.findMembers(room, text).catch(() => []); // those who are loaded are found without
    if (text === wanted) found = new Set(ids);
    actions.changed();
  }

  function matches(person) {
    if (!wanted) return true;
    const text = folded(wanted);
    return found?.has(person.id) || [nameOf(person), person.username].some((name) => folded(name).includes(text));
  }

  function row(state, room, person) {
    const mine = person.id === state.me.id;
    const here = room.here.has(person.id);
    const words = t("What to do about %(name)s", { name: nameOf(person) });
    return html`<li class="member" data-member=${person.username} data-role=${roleOf(room, person)} ?data-here=${here}>
      ${face(person, { presence: true })}
      <div class="member__text">
        <p class="member__name"><bdi>${nameOf(person)}</bdi>${guestBadge(person)}</p>
        <p class="member__state" ?data-lively=${here}>${mine ? t("you") : here ? t("here now") : person.online ? t("online") : seen(person)}</p>
      </div>
      ${badge(roleOf(room, person))}
      ${mine ? nothing : html`<button class="button button--icon member__more" type="button" data-member-menu aria-label=${words} title=${words} aria-haspopup="menu" @click=${(event) => openMenu(event, person, choices(state, room, person))}>${icon("ellipsis")}</button>`}
    </li>`;
  }

  function openMenu({ currentTarget: button }, person, choices) {
    chosen = { person, choices };
    actions.changed();
    // Drawn in the next frame; only then is there something to open.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const panel = mount.querySelector("[data-member-actions]");
      if (!panel) return;
      const { top, bottom, right, left } = button.getBoundingClientRect();
      const backwards = getComputedStyle(button).direction === "rtl";
      panel.showPopover();
      const below = bottom + panel.offsetHeight < innerHeight;
      panel.style.setProperty("--from-top", `${below ? bottom : Math.max(8, top - panel.offsetHeight)}px`);
      panel.style.setProperty("--from-end", `${Math.max(8, backwards ? left : innerWidth - right)}px`);
      panel.querySelector("button")?.focus();
    }));
  }

  function menu() {
    if (!chosen) return nothing;
    const label = nameOf(chosen.person);
    return html`<div class="menu menu--member" popover data-member-actions role="menu" aria-label=${label} @toggle=${toggled} @keydown=${moved}>
      <ul class="menu__list" role="none">${chosen.choices.map(([name, drawing, words, act]) => html`<li role="none">
        <button class="menu__item" type="button" role="menuitem" data-act=${name} @click=${() => pick(act)}>${icon(drawing)}${words}</button>
      </li>`)}</ul>
    </div>`;
  }

  function toggled({ newState }) {
    if (newState === "open") return;
    chosen = null;
    actions.changed();
  }

  function moved(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...event.currentTarget.querySelectorAll("button")];
    all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
  }

  function choices(state, room, person) {
    const role = roleOf(room, person);
    const name = nameOf(person);
    const { rooms } = actions;
    const all = [["write", "pencil", t("Write to them"), () => actions.open({ username: person.username })]];
    if (actions.whisper && room.here.has(person.id)) all.push(["whisper", "lock", t("Whisper"), () => actions.whisper(person)]);
    if (owns(room) && role === "member" && person.kind !== "guest") all.push(["promote", "shield", t("Make a moderator"), () => rooms.setRole(room, person.id, "moderator")]);
    if (owns(room) && role === "moderator") all.push(["demote", "shield", t("No longer a moderator"), () => rooms.setRole(room, person.id, "member")]);
    if (owns(room) && role !== "owner" && person.kind !== "guest") all.push(["hand-over", "crown", t("Hand the room over"), () => actions.confirm(handingOver(room, person, name))]);
    const removable = !room.general && (owns(room) ? role !== "owner" : moderates(room) && role === "member");
    if (removable) all.push(["remove", "user-minus", t("Remove from the room"), () => actions.confirm(removal(room, person, name))]);
    return all;
  }

  function handingOver(room, person, name) {
    const text = t("%(name)s becomes the owner. You stay as a moderator and cannot take that back.", { name });
    return { label: t("Hand the room over to %(name)s?", { name }), text, words: t("Hand the room over"), act: () => actions.rooms.handOver(room, person.id) };
  }

  function removal(room, person, name) {
    const text = t("They come back only by an invitation of the owner or a moderator.");
    return { label: t("Remove %(name)s from the room?", { name }), text, words: t("Remove from the room"), act: () => actions.rooms.removeMember(room, person.id) };
  }

  async function pick(act) {
    mount.querySelector("[data-member-actions]").hidePopover();
    error = "";
    try {
      await act();
    } catch (refusal) {
      error = wordsOf(refusal);
    }
    actions.changed();
  }

  function failed(room) {
    return html`<p class="field__error" role="alert">${room.members.error}</p>
      <button class="button button--small" type="button" @click=${() => actions.rooms.membersAnew(room)}>${icon("rotate-cw")}${t("Try again")}</button>`;
  }

  return { draw, reset };
}

const roleOf = (room, { id }) => room.members.roles.get(id);
const seen = ({ last_seen_at: at }) => (at === undefined ? nothing : lastSeen(at));

function badge(role) {
  const words = { owner: t("owner"), moderator: t("moderator") }[role];
  return words ? html`<span class="tag">${words}</span>` : nothing;
}

// Those who are here first, then those who could come, each by name.
function inOrder(state, { members, here }) {
  const people = [...members.roles.keys()].map((id) => state.people.get(id)).filter(Boolean);
  const rank = (person) => (here.has(person.id) ? 0 : person.online ? 1 : 2);
  return people.sort((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)));
}
