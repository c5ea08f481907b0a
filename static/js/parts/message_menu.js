// What one can do with a message: quick reactions in a row, actions below; a sheet from below on a phone.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { seenOf } from "../conversations.js";
import { face, fileAddress, icon, nameOf, seenWords } from "../pieces.js";

const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const EDGE = 8; // px to the window's edge
const FACES = 3;

// `actions`: reply(message), react(message, emoji), edit(message), remove(message), whisperTo(conversation, person), copy(text), linkTo(message), meet(conversation), which learns who is in it.
export function createMessageMenu({ state }, actions) {
  const panel = document.createElement("div");
  // Not "auto": a finger that is lifted where it pressed long would close it at once.
  Object.assign(panel, { className: "menu actions", popover: "manual" });
  panel.dataset.actions = "";
  panel.setAttribute("role", "menu");
  panel.setAttribute("aria-label", t("Message"));
  panel.addEventListener("keydown", key);
  window.addEventListener("pointerdown", ({ target }) => !panel.contains(target) && close(), true);
  for (const moved of ["resize", "blur", "popstate"]) window.addEventListener(moved, close);
  const form = document.querySelector("[data-composer]").closest("form");
  form.after(panel);
  let picker = null; // made when first wanted
  let reacted = null; // the message for which the picker is open
  let opener = null; // what had the focus
  let opened = null; // the message it is about

  // Below `beside`, at `x`, `y`, or at the message. Always true: it is open.
  function open(message, row, { beside = row.querySelector(".bubble"), x = null, y = null, only = null } = {}) {
    close();
    opener = document.activeElement;
    opened = message;
    draw(message, row, only);
    meetReaders(message, () => draw(message, row, only));
    panel.showPopover();
    place(x === null ? beside.getBoundingClientRect() : new DOMRect(x, y, 0, 0));
    items()[0]?.focus();
    return true;
  }

  function close() {
    const inside = panel.contains(document.activeElement);
    if (panel.matches(":popover-open")) panel.hidePopover();
    if (inside) opener?.focus({ preventScroll: true });
  }

  // Below what it belongs to, above where there is no room; at its start, or its end.
  function place({ left, right, top, bottom }) {
    const { offsetWidth: width, offsetHeight: height } = panel;
    const over = top - height - EDGE;
    const y = bottom + EDGE + height < innerHeight || over < EDGE ? bottom + EDGE / 2 : over;
    const x = left + width + EDGE < innerWidth ? left : right - width;
    panel.style.setProperty("--x", `${Math.max(EDGE, Math.min(x, innerWidth - width - EDGE))}px`);
    panel.style.setProperty("--y", `${Math.max(EDGE, Math.min(y, innerHeight - height - EDGE))}px`);
  }

  function draw(message, row, only) {
    const whispered = message.kind === "whisper";
    const choices = only ? nothing : html`<div class="actions__list">${choicesFor(message, whispered).map(choice)}${seen(message)}</div>`;
    render(html`${whispered ? nothing : quick(message, row)} ${choices}`, panel);
  }

  // Who has read one's own message. An item that does nothing, so that the arrows and what is read aloud come by it.
  function seen(message) {
    const { conversation } = state.open;
    const known = message.sender.id === state.me.id && message.seq ? seenIn(conversation, message) : null;
    if (!known) return nothing;
    const { words, people } = known;
    return html`<div class="menu__item menu__item--still actions__seen" role="menuitem" aria-disabled="true" tabindex="-1" data-seen>
      ${icon("eye")}<span dir="auto">${words}</span>
      ${people.length ? html`<span class="actions__faces" aria-hidden="true">${people.slice(0, FACES).map((person) => face(person))}</span>` : nothing}
    </div>`;
  }

  function seenIn(conversation, message) {
    if (conversation.kind !== "group") return { words: message.seq <= conversation.peerReadTo ? t("Seen") : t("Not seen yet"), people: [] };
    const seen = seenOf(conversation, message);
    return seen && { words: seenWords(seen, state.people), people: seen.by.map((id) => state.people.get(id)).filter(Boolean) };
  }

  // Somebody who has said nothing here and is not in the list may be among them.
  async function meetReaders(message, redraw) {
    const { conversation } = state.open;
    const by = message.sender.id === state.me.id ? (seenOf(conversation, message)?.by ?? []) : [];
    if (by.every((id) => state.people.has(id))) return;
    await actions.meet(conversation);
    if (panel.matches(":popover-open") && opened === message) redraw();
  }

  function quick(message, row) {
    const given = (emoji) => Boolean(message.reactions?.find((one) => one.emoji === emoji)?.user_ids.includes(state.me.id));
    const one = (emoji) => html`<button class="actions__emoji" type="button" role="menuitemcheckbox" aria-checked=${given(emoji)} aria-label=${emoji} tabindex="-1" data-quick=${emoji} @click=${act(() => actions.react(message, emoji))}>${emoji}</button>`;
    const words = t("Any emoji");
    return html`<div class="actions__quick" role="group" aria-label=${t("React")}>
      ${QUICK.map(one)}
      <button class="button button--icon" type="button" role="menuitem" tabindex="-1" data-more-emoji aria-label=${words} title=${words} @click=${act(() => pick(message, row))}>${icon("smile-plus")}</button>
    </div>`;
  }

  function choicesFor(message, whispered) {
    const { conversation } = state.open;
    const own = message.sender.id === state.me.id;
    const other = whispered && own ? message.recipient : message.sender;
    const grouped = conversation.kind === "group";
    const moderates = grouped && ["owner", "moderator"].includes(conversation.role);
    return [
      [!whispered, "reply", "reply", t("Answer"), () => actions.reply(message)],
      [Boolean(message.body), "copy", "copy", t("Copy text"), () => actions.copy(message.body)],
      [!whispered, "link", "link", t("Copy link"), () => actions.copy(actions.linkTo(message))],
      [Boolean(message.file), "download", "download", t("Download"), () => download(message.file)],
      [own && !whispered, "edit", "pencil", t("Edit"), () => actions.edit(message)],
      [grouped && other.id !== state.me.id && other.kind !== "deleted", "whisper", "lock", t("Whisper to %(name)s", { name: nameOf(other) }), () => actions.whisperTo(conversation, other)],
      [(own || moderates) && !whispered, "delete", "trash-2", t("Delete"), () => actions.remove(message)],
    ].filter(([fits]) => fits);
  }

  function choice([, name, sign, words, does]) {
    return html`<button class="menu__item" type="button" role="menuitem" tabindex="-1" data-action=${name} @click=${act(does)}>${icon(sign)}<span>${words}</span></button>`;
  }

  // The focus goes back to the message before anything else takes it.
  const act = (does) => () => {
    close();
    does();
  };

  async function pick(message, row) {
    reacted = message;
    try {
      const { createPicker } = await import("./picker.js");
      picker ??= createPicker(form, (emoji) => actions.react(reacted, emoji));
      await picker.toggle(row);
    } catch {
      actions.remark(message.room_id, t("The emoji could not be loaded. Try again when there is a connection."));
    }
  }

  const items = () => [...panel.querySelectorAll("[role^=menuitem]")];

  function key(event) {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const inRow = all.filter((one) => one.closest(".actions__quick")).length;
    const turned = getComputedStyle(panel).direction === "rtl" ? -1 : 1;
    const next = {
      ArrowDown: at < inRow ? inRow % all.length : (at + 1) % all.length,
      ArrowUp: at < inRow ? all.length - 1 : at - 1,
      ArrowRight: at + turned,
      ArrowLeft: at - turned,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    const closes = ["Tab", "Escape"].includes(event.key);
    if (next === undefined && !closes) return;
    event.preventDefault();
    if (closes) close();
    else all.at(next % all.length).focus();
  }

  return { open };
}

function download({ id, name }) {
  Object.assign(document.createElement("a"), { href: `${fileAddress(id)}?download=1`, download: name }).click();
}
