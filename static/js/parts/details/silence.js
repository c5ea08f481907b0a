// How loud a conversation may be: muting it for a while.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { icon, wordsOf } from "../../pieces.js";
import { isMuted } from "../../state.js";
import { moment } from "../../times.js";

const HOUR = 3_600;
const FOR_GOOD = 9_000; // the year in which silence "for good" ends is beyond this one

// `actions`: mute(conversation, seconds), changed().
export function createSilence(mount, actions) {
  let choosing = false; // for how long
  let error = "";

  // `levels` is what else can be chosen there.
  function draw(conversation, levels = nothing) {
    const muted = isMuted(conversation);
    return html`<section class="details__mute" data-mute=${muted ? "on" : "off"} aria-label=${t("Notifications")}>
      <p class="details__label">${t("Notifications")}</p>
      ${levels}
      ${muted ? quiet(conversation) : loud(conversation)}
      ${error ? html`<p class="field__error" role="alert">${error}</p>` : nothing}
    </section>`;
  }

  function quiet(conversation) {
    const until = conversation.mutedUntil;
    const words = new Date(until).getUTCFullYear() > FOR_GOOD ? t("Muted") : t("Muted until %(time)s", { time: moment(until) });
    return html`<p class="details__muted" role="status">${icon("bell-off")}<span>${words}</span></p>
      <button class="button details__wide" type="button" data-unmute @click=${() => mute(conversation, 0)}>${icon("bell")}${t("Unmute")}</button>`;
  }

  function loud(conversation) {
    const choices = [
      [HOUR, t("For an hour")],
      [8 * HOUR, t("For 8 hours")],
      [7 * 24 * HOUR, t("For a week")],
      [null, t("For good")],
    ];
    return html`<button class="button details__wide" type="button" data-mute-open aria-expanded=${choosing} aria-controls="mute-choices" @click=${toggle}>
        ${icon("bell-off")}${t("Mute")}
      </button>
      <div class="details__choices" id="mute-choices" ?hidden=${!choosing}>
        ${choices.map(
          ([seconds, words]) => html`<button class="menu__item" type="button" data-mute-for=${seconds ?? "ever"} @click=${() => mute(conversation, seconds)}>${words}</button>`,
        )}
      </div>`;
  }

  function toggle() {
    choosing = !choosing;
    actions.changed();
  }

  async function mute(conversation, seconds) {
    reset();
    try {
      await actions.mute(conversation, seconds);
      requestAnimationFrame(() => requestAnimationFrame(() => mount.querySelector("[data-mute] button")?.focus()));
    } catch (refusal) {
      error = wordsOf(refusal);
      actions.changed();
    }
  }

  function reset() {
    choosing = false;
    error = "";
  }

  return { draw, reset };
}
