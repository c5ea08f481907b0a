// A month's days, of which those with messages can be gone to: the date picker dialog of the WAI-ARIA practices.
// Loaded when a day is first clicked on.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { icon, styled, wordsOf } from "../pieces.js";
import { dateOf, monthName } from "../times.js";

const WEEK = 7;
const MONDAY = 1;
const KEYS = {
  ArrowUp: (day) => moved(day, -WEEK),
  ArrowDown: (day) => moved(day, WEEK),
  PageUp: (day, year) => inMonth(day, year ? -12 : -1),
  PageDown: (day, year) => inMonth(day, year ? 12 : 1),
};

// `layer` is where dialogs are drawn; `lookAtMoment(moment)` leads to the first message from then on.
export function createCalendar(layer, { state, api, ended, lookAtMoment }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const firstOfWeek = weekBegin();
  let roomId = null;
  let at = null; // the day that has the focus, at noon, which every zone has
  let chosen = null; // the one that is looked at
  let first = null; // the oldest day with messages
  let months = new Map(); // "2026-11" → its days with messages, null while they are on their way
  let error = "";

  // At the day of this moment.
  async function open(moment) {
    await styled("calendar.css");
    roomId = state.open.conversation.id;
    at = chosen = noon(new Date(moment));
    [first, months, error] = [null, new Map(), ""];
    draw();
    layer.querySelector("dialog").showModal();
    turn();
  }

  function draw() {
    render(dialog(), layer);
  }

  // To the month of the day that has the focus.
  function turn() {
    draw();
    layer.querySelector('[data-date][tabindex="0"]').focus();
    if (!months.has(keyOf(at))) load(keyOf(at));
  }

  async function load(month) {
    const room = roomId;
    months.set(month, null);
    error = "";
    draw();
    try {
      const answer = await api.days(room, { month, zone });
      if (room !== roomId) return;
      months.set(month, new Set(answer.days));
      first = answer.first;
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      months.delete(month);
      error = wordsOf(refusal);
    }
    if (layer.querySelector("[data-calendar]")) draw();
  }

  function dialog() {
    const label = t("Jump to a day");
    const loading = months.get(keyOf(at)) === null;
    return html`<dialog class="sheet calendar" data-calendar aria-label=${label} @close=${() => render(nothing, layer)} @mousedown=${outside}>
      <header class="calendar__head">
        ${step("previous-month", t("Previous month"), "chevron-left", -1, !isBefore(inMonth(at, -1)))}
        <h2 class="calendar__month" id="calendar-month" aria-live="polite">${monthName(at)}</h2>
        ${step("next-month", t("Next month"), "chevron-right", 1, !isAfter(inMonth(at, 1)))}
      </header>
      <table class="calendar__days" role="grid" aria-labelledby="calendar-month" aria-busy=${loading} @keydown=${key}>
        <thead><tr>${weekdays().map(({ short, long }) => html`<th scope="col" abbr=${long}><span aria-hidden="true">${short}</span><span class="visually-hidden">${long}</span></th>`)}</tr></thead>
        <tbody>${weeks().map((week) => html`<tr>${week.map(cell)}</tr>`)}</tbody>
      </table>
      ${error ? html`<p class="field__error" role="alert">${error}</p><button class="button button--small" type="button" data-calendar-again @click=${turn}>${icon("rotate-cw")}${t("Try again")}</button>` : nothing}
      <footer class="calendar__foot">
        <button class="button" type="button" data-first-day ?disabled=${!first} @click=${() => go(local(first))}>${t("To the beginning")}</button>
        <button class="button" type="button" data-close @click=${close}>${t("Cancel")}</button>
      </footer>
    </dialog>`;
  }

  function step(name, words, sign, months, fits) {
    return html`<button class="button button--icon" type="button" data-calendar-step=${name} aria-label=${words} title=${words} ?disabled=${!fits} @click=${() => page(months)}>${icon(sign)}</button>`;
  }

  // The focus stays on the button.
  function page(by) {
    at = within(inMonth(at, by));
    draw();
    if (!months.has(keyOf(at))) load(keyOf(at));
  }

  function cell(day) {
    if (!day) return html`<td class="calendar__cell"></td>`;
    const has = Boolean(months.get(keyOf(day))?.has(day.getDate()));
    const current = isSame(day, chosen);
    const label = has ? dateOf(day) : t("%(date)s, no messages", { date: dateOf(day) });
    return html`<td class="calendar__cell" role="gridcell" aria-selected=${current}>
      <button class="calendar__day" type="button" data-date=${keyOf(day, true)} tabindex=${isSame(day, at) ? 0 : -1} aria-disabled=${!has} aria-label=${label} aria-current=${isSame(day, new Date()) ? "date" : nothing} ?data-chosen=${current} @click=${() => has && go(day)}>${day.getDate()}</button>
    </td>`;
  }

  function key(event) {
    const turned = getComputedStyle(layer).direction === "rtl" ? -1 : 1;
    const place = (at.getDay() - firstOfWeek + WEEK) % WEEK;
    const steps = { ArrowLeft: -turned, ArrowRight: turned, Home: -place, End: WEEK - 1 - place };
    const next = event.key in steps ? moved(at, steps[event.key]) : KEYS[event.key]?.(at, event.shiftKey);
    if (!next || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    at = within(next);
    turn();
  }

  function weeks() {
    const [year, month] = [at.getFullYear(), at.getMonth()];
    const before = (new Date(year, month, 1).getDay() - firstOfWeek + WEEK) % WEEK;
    const count = new Date(year, month + 1, 0).getDate();
    const days = [...Array(before).fill(null), ...Array.from({ length: count }, (_, index) => new Date(year, month, index + 1, 12))];
    while (days.length % WEEK) days.push(null);
    return Array.from({ length: days.length / WEEK }, (_, week) => days.slice(week * WEEK, (week + 1) * WEEK));
  }

  function weekdays() {
    const name = (weekday) => new Intl.DateTimeFormat(document.documentElement.lang, { weekday }).format;
    const [short, long] = [name("short"), name("long")];
    return Array.from({ length: WEEK }, (_, index) => new Date(2026, 1, 1 + firstOfWeek + index)).map((day) => ({ short: short(day), long: long(day) })); // February 1st of 2026 is a Sunday
  }

  // Before the first message and after today there is nothing.
  const isBefore = (day) => Boolean(first) && keyOf(day) < first.slice(0, 7);
  const isAfter = (day) => keyOf(day) > keyOf(new Date());

  function within(day) {
    const today = noon(new Date());
    if (day > today) return today;
    return first && day < local(first) ? local(first) : day;
  }

  function go(day) {
    close();
    lookAtMoment(new Date(day.getFullYear(), day.getMonth(), day.getDate()).toISOString());
  }

  function close() {
    layer.querySelector("[data-calendar]")?.close();
  }

  function outside(event) {
    if (event.target === event.currentTarget) close();
  }

  return { open };
}

const noon = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate(), 12);
const moved = (day, by) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + by, 12);
const isSame = (one, other) => one.toDateString() === other.toDateString();

function local(date) {
  const [year, month, day] = date.split("-").map(Number);
  return new Date(year, month - 1, day, 12);
}

// The same day of another month, or its last.
function inMonth(day, by) {
  const last = new Date(day.getFullYear(), day.getMonth() + by + 1, 0).getDate();
  return new Date(day.getFullYear(), day.getMonth() + by, Math.min(day.getDate(), last), 12);
}

// 2026-11, or with the day 2026-11-21; in the reader's zone.
function keyOf(day, whole = false) {
  const parts = [String(day.getFullYear()).padStart(4, "0"), day.getMonth() + 1, ...(whole ? [day.getDate()] : [])];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

function weekBegin() {
  const locale = new Intl.Locale(navigator.languages.find((known) => known.split("-")[0] === document.documentElement.lang) ?? document.documentElement.lang);
  return ((locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? MONDAY) % WEEK;
}
