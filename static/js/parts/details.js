// Beside the conversation: who the other is, and how loud they may be.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { face, icon, nameOf, wordsOf } from "../pieces.js";
import { isMuted } from "../state.js";
import { dateOf, lastSeen, moment } from "../times.js";

const HOUR = 3_600;
const FOR_GOOD = 9_000; // the year in which silence "for good" ends is beyond this one

// `actions`: close(), describe(person), mute(conversation, seconds), changed().
export function createDetails(mount, actions) {
  let choosing = false; // for how long
  let error = "";
  let covered = false; // it lies over the conversation
  let shown = null; // the id of the person on screen

  function draw(state) {
    const person = state.open && state.people.get(state.open.userId);
    if (person?.id !== shown) reset();
    shown = person?.id;
    render(person ? content(state, person) : nothing, mount);
    if (person && person.kind !== "deleted") actions.describe(person);
    const covers = Boolean(person) && state.layer === "details";
    if (covers && !covered) mount.focus();
    if (covered && !covers) document.querySelector("[data-open-details]")?.focus();
    covered = covers;
  }

  function reset() {
    choosing = false;
    error = "";
  }

  function content(state, person) {
    const gone = person.kind === "deleted";
    return html`<header class="bar details__bar">
        <button class="button button--icon" type="button" data-details-close aria-label=${t("Back to the conversation")} @click=${actions.close}>
          ${icon("chevron-left")}
        </button>
        <span class="details__title">${t("Details")}</span>
      </header>
      <div class="details__scroll">
        <div class="details__who">
          ${face(person)}
          <h2 class="details__name" dir="auto">${nameOf(person)}</h2>
          ${gone ? nothing : html`<p class="details__username" translate="no"><bdi>@${person.username}</bdi></p>`}
          <p class="details__state" ?data-lively=${person.online && !gone}>${stateOf(person)}</p>
        </div>
        ${person.about ? about(person) : nothing} ${person.registered_at && !gone ? since(person) : nothing}
        ${state.open.conversation && !gone ? silence(state.open.conversation) : nothing}
      </div>`;
  }

  function silence(conversation) {
    const muted = isMuted(conversation);
    return html`<section class="details__mute" data-mute=${muted ? "on" : "off"} aria-label=${t("Notifications")}>
      <p class="details__label">${t("Notifications")}</p>
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

  return { draw };
}

function about(person) {
  const label = t("About");
  return fact(label, html`<span class="details__about" dir="auto" data-about>${person.about}</span>`);
}

function since(person) {
  const label = t("Here since");
  return fact(label, html`<time datetime=${person.registered_at}>${dateOf(person.registered_at)}</time>`);
}

function fact(label, value) {
  return html`<div class="details__fact"><p class="details__label">${label}</p>${value}</div>`;
}

function stateOf(person) {
  if (person.kind === "deleted") return t("no longer here");
  return person.online ? t("online") : lastSeen(person.last_seen_at);
}
