// Where one writes. The text belongs to the person: nothing but themselves and a change of conversation touches it.

import { html, render } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { icon, nameOf } from "../pieces.js";
import { clean, lengthOf } from "../text.js";

const COUNT_FROM = 500; // characters left
const LATE_ENTER = 50;
const IN_COMPOSITION = 229; // the key code that input methods give
const MARKS = { b: "**", i: "_", e: "`" };
const APPLE = /^(?:Mac|iP)/.test(navigator.platform); // there Ctrl+B and Ctrl+E move the caret
const EMOJI_BEGUN = /:[\p{L}\p{N}_+-]{2,40}:?$/u;

// `actions`: send(conversation, body), draft(conversation, text), wrote(conversation).
export function createComposer(mount, { limit, ...actions }) {
  const touch = matchMedia("(hover: none) and (pointer: coarse)");
  let shown = null;
  let sendKey = "enter";
  let composedAt = -Infinity;
  let fit = () => {};

  render(frame(), mount);
  const box = mount.querySelector("textarea");
  const count = mount.querySelector("[data-count]");
  const note = mount.querySelector("[data-note]");
  const emoji = mount.querySelector("[data-emoji]");
  const send = mount.querySelector("[data-send]");
  const completion = lazily(() => import("./completion.js"), ({ createCompletion }) => createCompletion(box));
  const picker = lazily(() => import("./picker.js"), ({ createPicker }) => createPicker(emoji, box));
  if (!CSS.supports("field-sizing", "content")) fit = fitToText;

  function frame() {
    return html`<form class="composer__box" @submit=${submit}>
        <textarea
          class="composer__text"
          data-composer
          rows="1"
          dir="auto"
          aria-describedby="composer-count"
          @input=${wrote}
          @keydown=${key}
          @compositionend=${composed}
        ></textarea>
        <span class="composer__count" id="composer-count" data-count hidden></span>
        <button
          class="button button--icon composer__emoji"
          type="button"
          data-emoji
          aria-label=${t("Emoji")}
          title=${t("Emoji")}
          aria-haspopup="dialog"
          aria-expanded="false"
          @click=${pick}
        >
          ${icon("smile")}
        </button>
        <button class="composer__send" data-send aria-label=${t("Send")} title=${t("Send")}>${icon("arrow-up")}</button>
      </form>
      <p class="composer__note" role="status" data-note></p>`;
  }

  function draw(state) {
    const conversation = state.open?.conversation ?? null;
    const person = state.open && state.people.get(state.open.userId);
    const draft = state.drafts.get(conversation?.id) ?? "";
    box.disabled = !conversation;
    emoji.disabled = !conversation;
    if (conversation !== shown) {
      shown = conversation;
      put(draft);
      if (conversation && !touch.matches) box.focus();
    } else if (clean(draft) !== clean(box.value) && !isWriting()) {
      put(draft); // it was changed in another tab
    }
    sendKey = state.preferences?.send_key ?? "enter";
    box.enterKeyHint = sends({}) ? "send" : "enter";
    const name = person ? t("Message %(name)s", { name: nameOf(person) }) : "";
    box.placeholder = conversation || state.connection.online ? t("Message") : t("Waiting for the connection…");
    box.setAttribute("aria-label", name);
    measure();
  }

  const isWriting = () => document.activeElement === box && document.hasFocus();

  function put(text) {
    box.value = text;
    box.setSelectionRange(text.length, text.length);
    box.scrollTop = box.scrollHeight;
  }

  function wrote(event) {
    actions.draft(shown, box.value);
    if (clean(box.value)) actions.wrote(shown);
    measure();
    if (!event.isComposing) complete();
  }

  function composed(event) {
    composedAt = event.timeStamp;
    complete();
  }

  async function complete() {
    if (!completion.made && !EMOJI_BEGUN.test(box.value.slice(0, box.selectionStart))) return;
    (await completion.get().catch(() => null))?.update(); // without it the text can be written all the same
  }

  async function pick() {
    note.textContent = "";
    try {
      await (await picker.get()).toggle();
    } catch {
      note.textContent = t("The emoji could not be loaded. Try again when there is a connection.");
    }
  }

  function measure() {
    const length = lengthOf(clean(box.value));
    const left = limit - length;
    const over = left < 0;
    count.hidden = left > COUNT_FROM;
    count.toggleAttribute("data-over", over);
    count.setAttribute("aria-live", over ? "polite" : "off");
    count.textContent = over ? tn("%(count)s character too many", "%(count)s characters too many", -left) : String(left);
    send.disabled = !shown || !length || over;
    fit();
  }

  function key(event) {
    if (composing(event) || completion.made?.key(event)) return;
    const mark = markOf(event);
    if (mark) {
      event.preventDefault();
      import("../formatting.js").then(({ toggleMark }) => toggleMark(box, mark), () => {});
    } else if (event.key === "Enter" && sends(event)) {
      event.preventDefault();
      submit(event);
    }
  }

  // Shift always breaks the line, Ctrl and Cmd always send; Enter alone as the person chose.
  function sends({ shiftKey, ctrlKey, metaKey }) {
    if (shiftKey) return false;
    return ctrlKey || metaKey || (sendKey === "enter" && !touch.matches);
  }

  // Safari ends the composition just before the key that confirmed it arrives.
  function composing(event) {
    const late = event.timeStamp - composedAt < LATE_ENTER;
    composedAt = -Infinity;
    return event.isComposing || event.keyCode === IN_COMPOSITION || late;
  }

  function submit(event) {
    event.preventDefault();
    const body = clean(box.value);
    if (!shown || !body || lengthOf(body) > limit) return;
    box.value = "";
    actions.draft(shown, "");
    actions.send(shown, body);
    completion.made?.update();
    measure();
    box.focus();
  }

  function fitToText() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }

  return { draw };
}

// By the letter on the key; on a keyboard of other letters, by its place.
function markOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  if (!(APPLE ? metaKey : ctrlKey) || altKey || shiftKey) return undefined;
  return MARKS[(/^[a-z]$/i.test(key) ? key : code.slice(-1)).toLowerCase()];
}

// What not everybody uses is loaded when first asked for; what could not be loaded may be asked for again.
function lazily(load, make) {
  let coming = null;
  const lazy = { made: null, get };
  return lazy;

  function get() {
    coming ??= load().then(
      (module) => (lazy.made = make(module)),
      (error) => {
        coming = null;
        throw error;
      },
    );
    return coming;
  }
}
