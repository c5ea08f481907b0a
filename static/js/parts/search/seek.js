// The search in the open conversation: a field in place of its bar, the hits in a list below, and the way from one to the next.

import { html, nothing, render, repeat } from "../../../vendor/lit-html/lit-html.js";
import { findKey } from "../../conversations.js";
import { countWords, hitRow, remark, skeletons } from "../../hits.js";
import { t } from "../../i18n.js";
import { help } from "../../operators.js";
import { icon } from "../../pieces.js";

// `search` is the search of the conversation; step(by) goes to an older or newer hit, choose(message) to one, `wrote(text)`
// hears what is typed, `saw()` that hits were drawn, `close()` ends it. `put` and `write` make functions that fill a field.
export function createSeek(mount, { search, step, choose, wrote, close, put, write, saw, changed }) {
  let shown = null; // the conversation that is searched
  let listed = true; // the list of hits is open
  const touch = matchMedia("(hover: none) and (pointer: coarse)");

  render(frame(), mount);
  const field = mount.querySelector("[data-seek-field]");
  const around = field.closest("[role=search]");
  const count = mount.querySelector("[data-seek-count]");
  const list = mount.querySelector("[data-seek-list]");
  const [older, newer] = ["older", "newer"].map((name) => mount.querySelector(`[data-seek-${name}]`));
  list.addEventListener("scroll", () => list.scrollHeight - list.scrollTop < list.clientHeight * 2 && search.more(), { passive: true });
  list.addEventListener("keydown", move);
  mount.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !mount.contains(relatedTarget) && toggle(false));

  function frame() {
    const words = t("Search in this conversation");
    return html`<div class="seek__bar" role="search" aria-label=${words}>
        <button class="button button--icon" type="button" data-seek-close aria-label=${t("End the search")} title=${t("End the search")} @click=${close}>${icon("x")}</button>
        <div class="search seek__search">
          ${icon("search")}
          <input class="search__box" role="combobox" aria-expanded="false" data-seek-field placeholder=${t("Search")} aria-label=${words} autocomplete="off" spellcheck="false" dir="auto" maxlength="200" enterkeyhint="search" @input=${typed} @keydown=${key} />
        </div>
        <button class="button button--small seek__count" type="button" data-seek-count aria-controls="seek-list" aria-expanded="true" title=${t("List of the hits")} @click=${() => toggle(!listed)}></button>
        <button class="button button--icon" type="button" data-seek-older aria-label=${t("Older hit")} title=${t("Older hit")} @click=${() => go(1)}>${icon("arrow-up")}</button>
        <button class="button button--icon" type="button" data-seek-newer aria-label=${t("Newer hit")} title=${t("Newer hit")} @click=${() => go(-1)}>${icon("arrow-down")}</button>
      </div>
      <p class="visually-hidden" role="status" data-seek-status></p>
      <div class="seek__list" id="seek-list" data-seek-list></div>`;
  }

  function draw(state) {
    const conversation = state.seek ? (state.open?.conversation ?? null) : null;
    mount.hidden = !conversation;
    if (conversation !== shown) begin(state, conversation);
    if (!conversation) return;
    const hits = search.hits();
    const at = hits.findIndex(({ seq }) => seq === state.seek.seq);
    const total = search.total();
    const words = wordsOf(at, total);
    render(words, count);
    render(search.find.loading ? nothing : words, mount.querySelector("[data-seek-status]"));
    count.hidden = !total?.count;
    count.ariaExpanded = String(listed);
    older.disabled = !hits.length || (at === hits.length - 1 && !search.find.next);
    newer.disabled = at <= 0;
    list.hidden = !listed;
    render(listed ? content(state, hits) : nothing, list);
    saw();
  }

  function begin(state, conversation) {
    shown = conversation;
    listed = !state.seek?.seq;
    if (conversation && !state.seek.seq) field.focus({ preventScroll: true });
  }

  // What the address says.
  function take(text) {
    if (field.value.trim() !== text.trim()) field.value = text;
  }

  function wordsOf(at, total) {
    if (!total) return "";
    if (at < 0) return countWords(total);
    const all = total.count.toLocaleString(document.documentElement.lang) + (total.more ? "+" : "");
    return t("%(number)s of %(count)s", { number: at + 1, count: all });
  }

  function content(state, hits) {
    const { find } = search;
    if (!find.asked) return help(put(field), { within: true });
    const words = remark({ find, hits }, { online: state.connection.online, took: write(field) });
    const waits = Boolean(find.loading) && !hits.length;
    const row = (message) => hitRow(state, message, find.words, { within: true, chosen: message.seq === state.seek.seq, choose: chosen });
    return html`${words ?? nothing}<ul aria-label=${t("Hits")} aria-busy=${waits}>${words === null && waits ? skeletons() : repeat(hits, findKey, row)}</ul>`;
  }

  function typed() {
    listed = true;
    wrote(field.value);
  }

  // Up is older, as in the conversation.
  function key(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowUp: 1, ArrowDown: -1, Enter: event.shiftKey ? -1 : 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    go(by);
  }

  function go(by) {
    listed = false;
    step(by);
  }

  // A keyboard on the screen would hide what is looked at.
  function chosen(message) {
    listed = false;
    if (!touch.matches) field.focus({ preventScroll: true });
    choose(message);
  }

  function toggle(open) {
    listed = open;
    count.ariaExpanded = String(listed);
    list.hidden = !listed;
    if (listed) changed();
  }

  function move(event) {
    const rows = [...list.querySelectorAll("[data-row], [data-operator]")];
    const here = rows.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    (rows[next] ?? (next < 0 ? field : null))?.focus();
  }

  return { draw, take, field, around };
}
