// The way to what one can do with a message: tools beside it under the mouse, a menu by the second button, by a long press
// or by a key. Arrows go from message to message.

import { html, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { isLine, partnerOf, placeOf } from "../conversations.js";
import { icon } from "../pieces.js";
import { excerptOf } from "../message.js";
import { addressOf } from "../navigation.js";
import { createMessageMenu } from "./message_menu.js";

const LONG_PRESS = 450;
const LIFTED = 100; // ms in which a lifted finger may still be taken for a click
const STILL = 10; // px that a finger may move and still press

// `mount` is the log; `actions` are those of life.js, and confirm(question), which asks before something is lost.
export function createMessageTools(mount, { state }, actions) {
  const bar = document.createElement("div");
  const menu = createMessageMenu({ state }, { ...actions, remove, copy, linkTo });
  let pressing = null; // {timer, x, y}
  let pressed = false; // the touch that ends now opened the menu
  let selected = false; // there was a selection when the button went down: some systems then select a word
  Object.assign(bar, { className: "tools" });
  bar.dataset.tools = "";
  bar.setAttribute("role", "toolbar");

  mount.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && show(rowOf(target)));
  mount.addEventListener("pointerleave", () => bar.contains(document.activeElement) || bar.remove());
  mount.addEventListener("focusin", entered);
  mount.addEventListener("contextmenu", asked);
  mount.addEventListener("keydown", key);
  mount.addEventListener("pointerdown", press);
  for (const end of ["pointerup", "pointercancel", "pointermove"]) mount.addEventListener(end, release);
  window.addEventListener("pointerdown", () => (pressed = false), true);
  window.addEventListener("click", swallow, true);

  const rowOf = (target) => target.closest?.("[data-message]");
  const rows = () => [...mount.querySelectorAll("[data-message]")];

  function messageOf(row) {
    const { messages, whispers } = state.open?.conversation ?? {};
    if (!messages || row.hasAttribute("data-gone")) return null;
    return messages.get(Number(row.dataset.seq)) ?? whispers.find((one) => one.client_id === row.dataset.clientId) ?? null;
  }

  function show(row) {
    if (!row || row.contains(bar)) return;
    const message = messageOf(row);
    if (!message || message.kind === "whisper" || isLine(message)) return bar.remove();
    const tool = (name, words, sign, act) => html`<button class="button button--icon" type="button" data-tool=${name} aria-label=${words} title=${words} @click=${act}>${icon(sign)}</button>`;
    bar.setAttribute("aria-label", t("What to do with this message"));
    render(
      [
        tool("react", t("React"), "smile-plus", ({ currentTarget }) => menu.open(message, row, { beside: currentTarget, only: "reactions" })),
        tool("reply", t("Answer"), "reply", () => actions.reply(message)),
        tool("more", t("More"), "ellipsis", ({ currentTarget }) => menu.open(message, row, { beside: currentTarget })),
      ],
      bar,
    );
    row.querySelector(".bubble").append(bar);
  }

  // Tab leads from the log to the last message on screen, and back to the one it came from.
  function entered({ target }) {
    const row = rowOf(target);
    if (row && row.matches(":focus-visible, :has(:focus-visible)")) show(row);
    if (row) lead(row);
    else if (target.matches("[data-log]")) lead(lastVisible());
  }

  function lead(row) {
    for (const other of mount.querySelectorAll('[data-message][tabindex="0"]')) other.tabIndex = -1;
    if (row) row.tabIndex = 0;
  }

  function lastVisible() {
    const { bottom } = mount.querySelector("[data-log]").getBoundingClientRect();
    return rows().findLast((row) => row.getBoundingClientRect().top < bottom - STILL);
  }

  function key(event) {
    const row = event.target;
    if (!row.matches("[data-message]") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const act = {
      ArrowUp: () => step(row, -1),
      ArrowDown: () => step(row, 1),
      Enter: () => open(row),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  function step(row, by) {
    const all = rows();
    const next = all[all.indexOf(row) + by];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  }

  // A link has a menu of its own, and so has a text that is selected. The key's event comes without a place.
  function asked(event) {
    const row = rowOf(event.target);
    const theirs = event.shiftKey || event.target.closest("a") || (event.button === 2 && selected);
    if (!row || theirs) return;
    if (pressed || open(row, event.button === 2 ? { x: event.clientX, y: event.clientY } : {})) event.preventDefault();
  }

  function open(row, place = {}) {
    const message = messageOf(row);
    if (message && !isLine(message)) return menu.open(message, row, place);
    return false;
  }

  function press({ target, pointerType, isPrimary, clientX: x, clientY: y }) {
    selected = !getSelection().isCollapsed;
    const row = rowOf(target);
    if (pointerType !== "touch" || !isPrimary || !row || target.closest("a")) return;
    const timer = setTimeout(() => (pressed = open(row)), LONG_PRESS);
    pressing = { timer, x, y };
  }

  function release({ type, clientX, clientY }) {
    if (pressed && type !== "pointermove") setTimeout(() => (pressed = false), LIFTED);
    if (!pressing || (type === "pointermove" && Math.hypot(clientX - pressing.x, clientY - pressing.y) < STILL)) return;
    clearTimeout(pressing.timer);
    pressing = null;
  }

  // The finger that opened the menu presses nothing when it is lifted, and least of all in the menu under it.
  function swallow(event) {
    if (!pressed) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The pointer may rest on a message since before this was loaded.
  if (matchMedia("(hover: hover)").matches) show(mount.querySelector("[data-message]:hover"));

  // A room is found under any account of a browser; a person's name leads to the conversation of whoever follows it.
  function linkTo({ seq }) {
    const { conversation } = state.open;
    const page = location.origin + location.pathname;
    const base = conversation.kind === "group" ? page.replace(/\/u\/\d\/$/, "/") : page;
    return base + addressOf({ ...placeOf(partnerOf(state, conversation)), seq });
  }

  function remove(message) {
    const own = message.sender.id === state.me.id;
    const rest = t("Whoever has seen it sees that it was deleted; everybody else sees nothing.");
    actions.confirm({
      label: own ? t("Delete the message?") : t("Delete this person’s message?"),
      text: html`<span class="asked" dir="auto">${excerptOf(message)}</span>${rest}`,
      words: t("Delete"),
      act: () => actions.remove(message),
    }).catch(() => actions.remark(message.room_id, t("This needs a connection. Try again.")));
  }
}

// Plain HTTP in a house network is no secure context and has no clipboard of the newer kind.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
}
