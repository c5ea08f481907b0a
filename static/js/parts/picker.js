// All emoji to choose from: by category, by what was used last, by a search; a sheet from below on a phone.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { load, recent, search, setTone, tone, toned, use } from "../emoji.js";
import { t, tn } from "../i18n.js";
import { icon } from "../pieces.js";

const HANDS = ["✋", "✋🏻", "✋🏼", "✋🏽", "✋🏾", "✋🏿"];
const GAP = 8;

// It comes after `host` in the page, above its end. Opening it by a button fails where the emoji cannot be loaded;
// `take(sign)` hears what was chosen, with Shift several.
export function createPicker(host, take) {
  const touch = matchMedia("(pointer: coarse)");
  const panel = document.createElement("div");
  Object.assign(panel, { className: "picker", popover: "auto" });
  panel.dataset.picker = "";
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", t("Emoji"));
  panel.addEventListener("toggle", toggled);
  panel.addEventListener("keydown", key);
  host.after(panel);
  let button = null; // by which it was opened
  let all = null; // null until loaded
  let wanted = "";
  let latest = []; // as it was on opening: nothing moves under the pointer
  let current = 0; // the button that Tab leads to

  async function toggle(opener) {
    if (panel.matches(":popover-open")) return panel.hidePopover();
    all = await load();
    button = opener;
    [wanted, current, latest] = ["", 0, recent()];
    draw();
    panel.showPopover();
    panel.querySelector("[data-emoji-list]").scrollTop = 0;
    if (!touch.matches) panel.querySelector("input")?.focus();
  }

  function toggled({ newState }) {
    const open = newState === "open";
    if (button.hasAttribute("aria-expanded")) button.setAttribute("aria-expanded", open);
    if (open) place();
    window[open ? "addEventListener" : "removeEventListener"]("resize", place);
    if (!open && panel.contains(document.activeElement)) button.focus();
  }

  // Above the composer, at its end; style sheets of all browsers cannot say that yet.
  function place() {
    const { top, right } = host.getBoundingClientRect();
    panel.style.setProperty("--from-end", `${innerWidth - right}px`);
    panel.style.setProperty("--from-below", `${innerHeight - top + GAP}px`);
  }

  function sections() {
    if (wanted) return [[t("Found"), "", search(all, wanted)]];
    const known = latest.map((emoji) => all.find((one) => one.emoji === emoji)).filter(Boolean);
    const groups = categories().map(([number, name, sign]) => [name, sign, all.filter(({ group }) => group === number)]);
    return known.length ? [[t("Used last"), "🕘", known], ...groups] : groups;
  }

  function draw() {
    const shown = sections();
    const found = shown[0][2].length;
    let place = 0;
    const grid = ([name, , ones]) => html`<section class="picker__group" aria-label=${name}>
      <div class="picker__title" aria-hidden="true">${name}</div>
      <div class="picker__grid">${ones.map((one) => cell(one, place++))}</div>
    </section>`;
    render(
      html`<div class="picker__head">
        <label class="picker__search">
          ${icon("search")}
          <input type="search" .value=${wanted} placeholder=${t("Search emoji")} aria-label=${t("Search emoji")} autocomplete="off" spellcheck="false" @input=${find} />
        </label>
        <select class="picker__tone emoji" aria-label=${t("Skin tone")} title=${t("Skin tone")} @change=${({ target }) => paint(Number(target.value))}>
          ${HANDS.map((hand, number) => html`<option value=${number} ?selected=${number === tone()}>${hand}</option>`)}
        </select>
      </div>
      ${wanted ? nothing : html`<nav class="picker__tabs" aria-label=${t("Categories")}>${shown.map(tab)}</nav>`}
      <div class="picker__all" data-emoji-list>
        <p class=${wanted && !found ? "picker__empty" : "visually-hidden"} role="status">${wanted ? counted(found) : ""}</p>
        ${wanted && !found ? nothing : shown.map(grid)}
      </div>`,
      panel,
    );
  }

  function tab([name, sign], index) {
    const show = () => panel.querySelectorAll(".picker__group")[index].scrollIntoView({ block: "start" });
    return html`<button class="picker__tab emoji" type="button" aria-label=${name} title=${name} @click=${show}>${sign}</button>`;
  }

  function cell(one, place) {
    return html`<button
      class="picker__one emoji"
      type="button"
      tabindex=${place === current ? 0 : -1}
      aria-label=${one.name}
      title=${one.codes.length ? `${one.name} :${one.codes[0]}:` : one.name}
      @click=${(event) => choose(one, event)}
      @focus=${() => (current = place)}
      >${toned(one)}</button
    >`;
  }

  function find({ target }) {
    wanted = target.value.trim();
    current = 0;
    draw();
    panel.querySelector("[data-emoji-list]").scrollTop = 0;
  }

  function paint(number) {
    setTone(number);
    draw();
  }

  function choose(one, { shiftKey }) {
    const sign = use(one);
    if (!shiftKey) panel.hidePopover();
    const from = document.activeElement;
    take(sign);
    if (shiftKey) from.focus();
  }

  function key(event) {
    const cells = [...panel.querySelectorAll(".picker__one")];
    const at = cells.indexOf(event.target);
    const typing = event.target.matches("input");
    if (event.isComposing || !cells.length) return;
    if (typing && event.key === "Enter" && wanted) cells[0].click();
    else if (typing && event.key === "ArrowDown") go(cells, 0);
    else if (at >= 0 && target(cells, at, event.key) !== undefined) go(cells, target(cells, at, event.key));
    else return;
    event.preventDefault();
  }

  function go(cells, to) {
    const next = cells[to];
    cells[current]?.setAttribute("tabindex", -1);
    if (!next) return panel.querySelector("input").focus();
    next.setAttribute("tabindex", 0);
    next.focus();
  }

  return { toggle };
}

// Where an arrow leads from the cell `at`; -1 is back to the search, undefined no arrow.
function target(cells, at, key) {
  const grids = [...new Set(cells.map((cell) => cell.parentElement))];
  const grid = cells[at].parentElement;
  const number = grids.indexOf(grid);
  const count = grid.children.length;
  const first = cells.indexOf(grid.firstElementChild);
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const inside = at - first;
  const column = inside % columns;
  const last = Math.min(at + columns, first + count - 1);
  const above = grids[number - 1]?.children.length ?? 0;
  const inRowAbove = above - 1 - Math.max(0, ((above - 1) % columns) - column);
  const rightToLeft = getComputedStyle(grid).direction === "rtl" ? -1 : 1;
  return {
    ArrowRight: Math.min(cells.length - 1, Math.max(0, at + rightToLeft)),
    ArrowLeft: Math.min(cells.length - 1, Math.max(0, at - rightToLeft)),
    ArrowDown: lastRow() ? (number < grids.length - 1 ? nextGrid() : at) : last,
    ArrowUp: inside >= columns ? at - columns : above ? first - above + inRowAbove : -1,
    Home: first,
    End: first + count - 1,
    PageDown: number < grids.length - 1 ? first + count : at,
    PageUp: number > 0 ? first - above : first,
  }[key];

  function lastRow() {
    return Math.floor(inside / columns) === Math.floor((count - 1) / columns);
  }

  function nextGrid() {
    return first + count + Math.min(column, grids[number + 1].children.length - 1);
  }
}

function counted(found) {
  return found ? tn("%(count)s emoji found", "%(count)s emoji found", found) : t("No emoji by this name.");
}

function categories() {
  return [
    [0, t("Smileys"), "😀"],
    [1, t("People"), "👋"],
    [3, t("Animals and nature"), "🐻"],
    [4, t("Food and drink"), "🍔"],
    [5, t("Travel and places"), "🚗"],
    [6, t("Activities"), "⚽"],
    [7, t("Objects"), "💡"],
    [8, t("Symbols"), "❤️"],
    [9, t("Flags"), "🏁"],
  ];
}
