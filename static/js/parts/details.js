// Beside the conversation: who the other is or what the room is, and how loud they may be.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { coversDetails } from "../conversations.js";
import { icon, rowKey, styled } from "../pieces.js";
import { openPartner } from "../state.js";
import { personFacts } from "./details/person.js";
import { createRoomDetails } from "./details/room.js";
import { createSilence } from "./details/silence.js";

// `actions`: close(), describe(person), mute(conversation, seconds), leanBack(), changed(), exporting(), those of details/media.js, and those of details/room.js.
export function createDetails(mount, actions) {
  const silence = createSilence(mount, actions);
  const room = createRoomDetails(mount, actions, silence);
  const taking = { open: false, part: null, coming: null };
  const media = { open: false, list: null, coming: null };
  let covered = false; // it lies over the conversation
  let shown = null; // whom it is about

  function draw(state) {
    const partner = openPartner(state);
    const key = partner && rowKey(partner);
    if (key !== shown) turned(key);
    render(partner ? content(state, partner) : nothing, mount);
    if (media.open && media.list && state.open?.conversation) media.list.drawn(state.open.conversation);
    if (partner && !["group", "deleted"].includes(partner.kind)) actions.describe(partner);
    const covers = Boolean(partner) && coversDetails(state);
    if (covers && !covered) mount.focus();
    if (covered && !covers) document.querySelector("[data-open-details]")?.focus();
    covered = covers;
  }

  function turned(key) {
    shown = key;
    media.open = taking.open = false;
    silence.reset();
    room.reset();
  }

  function content(state, partner) {
    return html`<header class="bar details__bar">
        <button class="button button--icon" type="button" data-details-close aria-label=${t("Back to the conversation")} @click=${actions.close}>
          ${icon("chevron-left")}
        </button>
        <span class="details__title">${t("Details")}</span>
      </header>
      <div class="details__scroll" data-details-scroll>${inside(state, partner)}</div>`;
  }

  function inside(state, partner) {
    if (media.open && media.list) return media.list.draw(state, state.open.conversation);
    return partner.kind === "group" ? room.draw(state, partner, [toMedia(), lean(state), toExport(partner)], toClear(partner)) : person(state, partner);
  }

  function toMedia() {
    return html`<button class="details__media" type="button" data-open-media @click=${openMedia}>
      ${icon("image")}<span>${t("Pictures and sound")}</span>${icon("chevron-right")}
    </button>`;
  }

  function toClear(conversation) {
    return html`<button class="button details__wide" type="button" data-clear-history @click=${() => actions.clearHistory(conversation)}>${icon("trash-2")}${t("Clear the history…")}</button>`;
  }

  function lean({ leaning }) {
    const words = t("Scrolls slowly towards the past by itself, until you touch anything.");
    return html`<button class="details__media" type="button" data-lean-back aria-pressed=${leaning} title=${words} @click=${actions.leanBack}>
      ${icon("arrow-up")}<span>${t("Lean back and read")}</span>${leaning ? icon("check") : nothing}
    </button>`;
  }

  // Of what is stored.
  function toExport(conversation) {
    if (conversation.keeps_history === false) return nothing;
    if (taking.open) return exporting(conversation);
    return html`<button class="details__media" type="button" data-open-export @click=${openExport}>
      ${icon("download")}<span>${t("Export…")}</span>${icon("chevron-right")}
    </button>`;
  }

  function exporting({ id }) {
    const label = t("Export");
    return html`<section class="details__export" aria-label=${label}>
      <p class="details__label">${label}</p>
      <p>${t("A ZIP of all that you see here, with pictures and sound. It reads without a server, and can be searched.")}</p>
      ${taking.part.draw(id, t("Make the ZIP"))}
    </section>`;
  }

  async function openExport() {
    taking.coming ??= actions.exporting();
    try {
      taking.part = await taking.coming;
      taking.open = true;
      focusOn("[data-exporting] :is(button, a)");
    } catch {
      taking.coming = null;
    }
  }

  async function openMedia() {
    media.coming ??= Promise.all([import("./details/media.js"), styled("media.css")]);
    try {
      const [{ createMediaList }] = await media.coming;
      media.list ??= createMediaList(mount, { ...actions, close: closeMedia });
      media.open = true;
      mount.querySelector("[data-details-scroll]").scrollTop = 0;
      focusOn("[data-media-close]");
    } catch {
      media.coming = null;
    }
  }

  function closeMedia() {
    media.open = false;
    focusOn("[data-open-media]");
  }

  function focusOn(selector) {
    actions.changed();
    requestAnimationFrame(() => requestAnimationFrame(() => mount.querySelector(selector)?.focus()));
  }

  function person(state, partner) {
    const { conversation } = state.open;
    if (!conversation) return personFacts(partner);
    const quiet = partner.kind === "deleted" ? nothing : silence.draw(conversation);
    return [personFacts(partner), toMedia(), lean(state), toExport(conversation), quiet, html`<div class="details__ends">${toClear(conversation)}</div>`];
  }

  return { draw };
}
