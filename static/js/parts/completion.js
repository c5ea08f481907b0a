// Emoji by their names while one writes: `:hea` offers hearts. The keys stay in the text; the list only follows them.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { load, search, toned, use, withCode } from "../emoji.js";
import { replace } from "../formatting.js";
import { t, tn } from "../i18n.js";

const OFFERED = 8;
const BEGUN = /(?:^|[\s\p{Ps}\p{Pi}"'])(:[\p{L}\p{N}_+-]{2,40})$/u;
const WHOLE = /(?:^|[\s\p{Ps}\p{Pi}"'])(:([\w+-]{2,40}):)$/u;

export function createCompletion(box) {
  const mount = document.createElement("div");
  box.closest("form").append(mount);
  box.addEventListener("blur", close);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  let all = [];
  let offered = [];
  let chosen = 0;
  let dismissed = null; // where a word begins that the person does not want completed

  async function update() {
    try {
      all = await load();
    } catch {
      return; // the text can be written without it
    }
    const before = written();
    const whole = WHOLE.exec(before);
    const known = whole && withCode(all, whole[2]);
    if (known) return put(known, before.length - whole[1].length, before.length);
    const word = BEGUN.exec(before)?.[1];
    const start = before.length - (word?.length ?? 0);
    if (!word) dismissed = null;
    offered = word && dismissed !== start ? search(all, word.slice(1), OFFERED) : [];
    chosen = 0;
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

  function put(one, start, end) {
    close();
    replace(box, start, end, use(one));
  }

  function take(one) {
    const word = BEGUN.exec(written())?.[1];
    if (word) put(one, box.selectionStart - word.length, box.selectionStart);
    else close();
  }

  function close() {
    offered = [];
    draw();
  }

  // True when the key was for the list.
  function key(event) {
    if (!offered.length || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    const act = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen - 1),
      Enter: () => take(offered[chosen]),
      Tab: () => take(offered[chosen]),
      Escape: dismiss,
    }[event.key];
    if (!act) return false;
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
    dismissed = box.selectionStart - BEGUN.exec(written())[1].length;
    close();
  }

  function draw() {
    render(list(), mount);
    if (offered.length) box.setAttribute("aria-controls", "completion");
    else box.removeAttribute("aria-controls");
    if (offered.length) box.setAttribute("aria-activedescendant", `completion-${chosen}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function list() {
    const words = offered.length ? tn("%(count)s emoji suggested", "%(count)s emoji suggested", offered.length) : "";
    return html`<span class="visually-hidden" role="status">${words}</span>
      ${offered.length ? html`<ul class="completion" id="completion" role="listbox" aria-label=${t("Emoji")} data-completion>${offered.map(option)}</ul>` : nothing}`;
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
      <span class="emoji" aria-hidden="true">${toned(one)}</span><span class="completion__name">${one.name}</span>
      <span class="completion__code" dir="ltr" translate="no">:${one.codes[0]}:</span>
    </li>`;
  }

  return { update, key };
}
