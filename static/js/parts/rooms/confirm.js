// Asks before something that cannot be taken back, or not by oneself.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { wordsOf } from "../../pieces.js";
import { openSheet } from "./sheet.js";

// `act()` does it and may be refused, which is shown.
export async function confirm(layer, { label, text, words, act }) {
  let error = "";
  let busy = false;
  const sheet = await openSheet(layer, { name: "confirm", label: () => label, content });
  layer.querySelector("[data-cancel]").focus();

  async function go() {
    if (busy) return;
    busy = true;
    try {
      await act();
      sheet.close();
    } catch (refusal) {
      error = wordsOf(refusal);
    }
    busy = false;
    sheet.draw();
  }

  function content() {
    return html`<div class="room-sheet__body">
      <p>${text}</p>
      ${error ? html`<p class="form__error" role="alert">${error}</p>` : nothing}
      <div class="room-sheet__answers">
        <button class="button button--main button--danger" type="button" data-confirm aria-disabled=${busy} @click=${go}>${words}</button>
        <button class="button" type="button" data-cancel @click=${() => sheet.close()}>${t("Cancel")}</button>
      </div>
    </div>`;
  }
}
