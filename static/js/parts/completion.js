// A list over the text box that completes what one writes. The keys stay in the text; the list only follows them.
// What it offers, emoji or people, is known to its sources (completion_sources.js).

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { replace } from "../formatting.js";

// A source is {label, begun, offer(word), count(number), text(one), draw(one)} and perhaps whole(before). `begun` matches
// what stands before the caret when there is something to complete, its first group is the word; `offer` gives a list,
// or a promise of one, that `draw` shows and `text` writes; `whole` gives {word, text} for what needs no choice.
// A source that is `hesitant` waits for a choice: until then the keys are the text's. The list stands in `around`.
export function createCompletion(box, sources, around = box.closest("form")) {
  const mount = document.createElement("div");
  around.append(mount);
  box.addEventListener("blur", close);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  let source = null; // of what is offered
  let offered = [];
  let chosen = 0;
  let dismissed = null; // where a word begins that the person does not want completed
  let questions = 0;

  async function update() {
    questions += 1;
    const mine = questions;
    const before = written();
    const whole = await firstOf(sources, (one) => one.whole?.(before));
    if (mine !== questions) return;
    if (whole) return put(whole.text, before.length - whole.word.length, before.length);
    const begun = sources.find((one) => one.begun.test(before));
    const word = begun?.begun.exec(before)[1];
    const start = before.length - (word?.length ?? 0);
    if (!begun) dismissed = null;
    const found = begun && dismissed !== start ? await Promise.resolve(begun.offer(word)).catch(() => []) : [];
    if (mine !== questions) return;
    [source, offered, chosen] = [begun, found, begun?.hesitant ? -1 : 0];
    draw();
  }

  // What stands before the caret, unless that is code.
  function written() {
    if (box.selectionStart !== box.selectionEnd || document.activeElement !== box) return "";
    const before = box.value.slice(0, box.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const inCode = before.split("```").length % 2 === 0 || line.split("`").length % 2 === 0;
    return inCode ? "" : before;
  }

  function put(text, start, end) {
    close();
    replace(box, start, end, text);
  }

  function take(one) {
    const word = source.begun.exec(written())?.[1];
    if (word === undefined) close();
    else put(source.text(one), box.selectionStart - word.length, box.selectionStart);
  }

  function close() {
    questions += 1;
    offered = [];
    draw();
  }

  // True when the key was for the list.
  function key(event) {
    if (!offered.length || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    const act = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(Math.max(chosen, 0) - 1),
      Enter: () => take(offered[chosen]),
      Tab: () => take(offered[Math.max(chosen, 0)]),
      Escape: dismiss,
    }[event.key];
    if (!act || (chosen < 0 && event.key === "Enter")) return false;
    event.preventDefault();
    event.stopPropagation();
    act();
    return true;
  }

  function choose(index) {
    chosen = (index + offered.length) % offered.length;
    draw();
  }

  function dismiss() {
    dismissed = box.selectionStart - (source.begun.exec(written())?.[1].length ?? 0);
    close();
  }

  function draw() {
    render(list(), mount);
    if (box.role === "combobox") box.setAttribute("aria-expanded", offered.length > 0);
    if (offered.length) box.setAttribute("aria-controls", "completion");
    else box.removeAttribute("aria-controls");
    if (offered.length && chosen >= 0) box.setAttribute("aria-activedescendant", `completion-${chosen}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function list() {
    const words = offered.length ? source.count(offered.length) : "";
    return html`<span class="visually-hidden" role="status">${words}</span>
      ${offered.length ? html`<ul class="completion" id="completion" role="listbox" aria-label=${source.label} data-completion>${offered.map(option)}</ul>` : nothing}`;
  }

  function option(one, index) {
    return html`<li
      class="completion__one"
      id=${`completion-${index}`}
      role="option"
      aria-selected=${index === chosen}
      @pointerdown=${(event) => event.preventDefault()}
      @click=${() => take(one)}
    >
      ${source.draw(one)}
    </li>`;
  }

  return { update, key };
}

async function firstOf(list, act) {
  for (const one of list) {
    const found = await act(one);
    if (found) return found;
  }
  return null;
}
