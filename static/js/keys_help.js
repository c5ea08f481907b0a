// The dialog that names the keys.

import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { icon } from "./pieces.js";

const MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

export function openHelp(layer) {
  const command = MAC ? "⌘" : "Ctrl";
  const option = MAC ? "⌥" : "Alt";
  const keys = [
    [t("Find a person or a conversation"), [[command, "K"]]],
    [t("Search in this conversation"), [[command, "F"]]],
    [t("Older or newer hit, while one searches there"), [["↑"], ["↓"]]],
    [t("Next or previous conversation"), [[option, "↓"], [option, "↑"]]],
    [t("Next or previous part of the page"), [["F6"], ["Shift", "F6"]]],
    [t("Move in the list"), [["↓"], ["↑"]]],
    [t("To the newest message"), [["End"], [option, "End"]]],
    [t("Read back without a hand, until any touch"), [[option, "PageUp"]]],
    [t("Jump to a day"), [[option, "J"]]],
    [t("What to do with a message one is at"), [["Enter"]]],
    [t("Change one’s last message"), [["↑"]]],
    [t("Close or go back"), [["Esc"]]],
    [t("Show the keys"), [["?"], [command, "/"]]],
  ];
  render(
    html`<dialog class="sheet" data-keys aria-labelledby="keys-title" @close=${() => render(nothing, layer)}>
      <header class="sheet__head">
        <h2 id="keys-title">${t("Keys")}</h2>
        <button class="button button--icon" type="button" data-close aria-label=${t("Close")} @click=${close}>${icon("x")}</button>
      </header>
      <dl class="keys">${keys.map(([what, ways]) => html`<div class="keys__row"><dt>${what}</dt><dd>${ways.map(way)}</dd></div>`)}</dl>
    </dialog>`,
    layer,
  );
  layer.querySelector("dialog").showModal();
}

function way(keys) {
  return html`<span class="keys__way">${keys.map((key) => html`<kbd>${key}</kbd>`)}</span>`;
}

function close(event) {
  event.target.closest("dialog").close();
}
