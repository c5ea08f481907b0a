// What plays out of sight, with a way to pause it and to go there.

import { html, nothing, render } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { fileWords, icon, nameOf } from "../../pieces.js";
import { playButton } from "./sound.js";

// `actions`: playing (playing.js), go(message).
export function createNow(mount, { playing, go }) {
  let now = null; // what plays

  // Scrolling takes it out of sight, or brings it back.
  document.addEventListener("scroll", () => now && redraw(), { capture: true, passive: true });

  function draw(state) {
    now = state.playing;
    redraw();
  }

  function redraw() {
    render(now && !isSeen(now.message) ? bar(now) : nothing, mount);
  }

  function isSeen({ client_id: id }) {
    const player = [...document.querySelectorAll("[data-sound]:not([data-now])")].find(({ message }) => message.client_id === id);
    if (!player?.checkVisibility()) return false;
    const { top, bottom } = player.getBoundingClientRect();
    const box = player.closest("[data-log], [data-details-scroll]").getBoundingClientRect();
    return bottom > box.top && top < box.bottom;
  }

  function bar({ message, state }) {
    const { sender, file } = message;
    const words = file.voice ? t("Voice message") : fileWords(file);
    const stop = t("Stop");
    return html`<div class="now" data-sound data-now data-state=${state} role="region" aria-label=${t("Playing")} .message=${message}>
      ${playButton(message, state, playing)}
      <button class="now__text" type="button" data-now-go title=${t("Show it in the conversation")} @click=${() => go(message)}>
        <span class="now__name" dir="auto">${nameOf(sender)}</span>
        <span class="now__what" dir="auto">${words}</span>
      </button>
      <span class="now__at" data-position></span>
      <button class="button button--icon" type="button" data-now-stop aria-label=${stop} title=${stop} @click=${playing.stop}>${icon("x")}</button>
    </div>`;
  }

  return { draw };
}
