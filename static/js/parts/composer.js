// Where one writes. The text belongs to the person: nothing but themselves and a change of conversation touches it.

import { html, render } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { icon } from "../pieces.js";
import { clean, lengthOf } from "../text.js";

const COUNT_FROM = 500; // characters left
const LATE_ENTER = 50;
const IN_COMPOSITION = 229; // the key code that input methods give

// `actions`: send(conversation, body), draft(conversation, text), wrote(conversation).
export function createComposer(mount, { limit, ...actions }) {
  const touch = matchMedia("(hover: none) and (pointer: coarse)");
  let shown = null;
  let composedAt = -Infinity;
  let fit = () => {};

  render(frame(), mount);
  const box = mount.querySelector("textarea");
  const count = mount.querySelector("[data-count]");
  const send = mount.querySelector("[data-send]");
  if (!CSS.supports("field-sizing", "content")) fit = fitToText;

  function frame() {
    return html`<form class="composer__box" @submit=${submit}>
      <textarea
        class="composer__text"
        data-composer
        rows="1"
        dir="auto"
        enterkeyhint=${touch.matches ? "enter" : "send"}
        aria-describedby="composer-count"
        @input=${wrote}
        @keydown=${key}
        @compositionend=${(event) => (composedAt = event.timeStamp)}
      ></textarea>
      <span class="composer__count" id="composer-count" data-count hidden></span>
      <button class="composer__send" data-send aria-label=${t("Send")} title=${t("Send")}>${icon("arrow-up")}</button>
    </form>`;
  }

  function draw(state) {
    const conversation = state.open?.conversation ?? null;
    const person = state.open && state.people.get(state.open.userId);
    box.disabled = !conversation; // before it is given the focus
    if (conversation !== shown) {
      shown = conversation;
      box.value = state.drafts.get(conversation?.id) ?? "";
      if (conversation && !touch.matches) box.focus();
    }
    const name = person ? t("Message %(name)s", { name: person.display_name }) : "";
    box.placeholder = conversation || state.connection.online ? name : t("Waiting for the connection…");
    box.setAttribute("aria-label", name);
    measure();
  }

  function wrote() {
    actions.draft(shown, box.value);
    if (clean(box.value)) actions.wrote(shown);
    measure();
  }

  function measure() {
    const length = lengthOf(clean(box.value));
    const left = limit - length;
    count.hidden = left > COUNT_FROM;
    count.toggleAttribute("data-over", left < 0);
    count.textContent = left < 0 ? tn("%(count)s character too many", "%(count)s characters too many", -left) : String(left);
    send.disabled = !shown || !length || left < 0;
    fit();
  }

  function key(event) {
    if (composing(event) || event.key !== "Enter" || event.shiftKey || touch.matches) return;
    event.preventDefault();
    submit(event);
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
    measure();
    box.focus();
  }

  function fitToText() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }

  return { draw };
}
