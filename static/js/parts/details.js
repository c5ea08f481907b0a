// Beside the conversation: who the other is or what the room is, and how loud they may be.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { coversDetails } from "../conversations.js";
import { icon, rowKey, styled } from "../pieces.js";
import { openPartner } from "../state.js";
import { personFacts } from "./details/person.js";
import { createRoomDetails } from "./details/room.js";
import { createSilence } from "./details/silence.js";

// `actions`: close(), describe(person), mute(conversation, seconds), changed(), those of details/media.js, and those of details/room.js.
export function createDetails(mount, actions) {
  const silence = createSilence(mount, actions);
  const room = createRoomDetails(mount, actions, silence);
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
    media.open = false;
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
    return partner.kind === "group" ? room.draw(state, partner, toMedia()) : person(state, partner);
  }

  function toMedia() {
    return html`<button class="details__media" type="button" data-open-media @click=${openMedia}>
      ${icon("image")}<span>${t("Pictures and sound")}</span>${icon("chevron-right")}
    </button>`;
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
    return [personFacts(partner), conversation ? toMedia() : nothing, conversation && partner.kind !== "deleted" ? silence.draw(conversation) : nothing];
  }

  return { draw };
}
