// A dialog of rooms: its frame, and its end.

import { html, nothing, render } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { icon, styled } from "../../pieces.js";

// Opens a dialog in `layer` and draws `content()` into it; gives {draw, close}. `label` is its heading, `name` for tests.
export async function openSheet(layer, { name, label, content, ended = () => {} }) {
  await Promise.all([styled("panel.css"), styled("rooms.css")]);

  function draw() {
    const closing = t("Close");
    render(
      html`<dialog class="sheet room-sheet" data-sheet=${name} aria-labelledby="sheet-title" @close=${over} @mousedown=${outside}>
        <header class="sheet__head">
          <h2 id="sheet-title">${label()}</h2>
          <button class="button button--icon" type="button" data-close aria-label=${closing} title=${closing} @click=${close}>${icon("x")}</button>
        </header>
        ${content()}
      </dialog>`,
      layer,
    );
  }

  const dialog = () => layer.querySelector("dialog");

  function close() {
    dialog()?.close();
  }

  function over() {
    render(nothing, layer);
    ended();
  }

  function outside(event) {
    if (event.target === event.currentTarget) close();
  }

  draw();
  dialog().showModal();
  return { draw: () => dialog() && draw(), close };
}
