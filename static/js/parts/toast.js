// One quiet word at the foot of the page, with something one can still do about it; it goes by itself.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { icon } from "../pieces.js";

const STAYS = 7_000;

export function createToast(mount) {
  let timer;
  let begun = 0;

  // `action` is {words, act()}; `seconds` says how long it can be done, and is shown as a bar that runs out.
  function say(words, { action = null, seconds = null } = {}) {
    clearTimeout(timer);
    begun += 1;
    render(nothing, mount);
    render(
      html`<div class="toast" data-toast .style=${`--stays: ${seconds ?? 0}s`}>
        <p class="toast__words" dir="auto">${words}</p>
        ${action ? html`<button class="button button--small button--main" type="button" data-toast-action @click=${() => act(action)}>${action.words}</button>` : nothing}
        <button class="button button--icon" type="button" data-toast-close aria-label=${t("Close")} @click=${close}>${icon("x")}</button>
        ${seconds ? html`<span class="toast__time" aria-hidden="true"></span>` : nothing}
      </div>`,
      mount,
    );
    timer = setTimeout(close, seconds ? seconds * 1_000 : STAYS);
  }

  async function act(action) {
    const mine = begun;
    await action.act();
    if (mine === begun) close();
  }

  function close() {
    clearTimeout(timer);
    render(nothing, mount);
  }

  return { say };
}
