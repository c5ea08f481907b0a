// Beside the conversation: who the other is or what the room is, and how loud they may be.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { icon, rowKey } from "../pieces.js";
import { openPartner } from "../state.js";
import { personFacts } from "./details/person.js";
import { createRoomDetails } from "./details/room.js";
import { createSilence } from "./details/silence.js";

// `actions`: close(), describe(person), mute(conversation, seconds), changed(), and those of details/room.js.
export function createDetails(mount, actions) {
  const silence = createSilence(mount, actions);
  const room = createRoomDetails(mount, actions, silence);
  let covered = false; // it lies over the conversation
  let shown = null; // whom it is about

  function draw(state) {
    const partner = openPartner(state);
    const key = partner && rowKey(partner);
    if (key !== shown) turned(key);
    render(partner ? content(state, partner) : nothing, mount);
    if (partner && !["group", "deleted"].includes(partner.kind)) actions.describe(partner);
    const covers = Boolean(partner) && state.layer === "details";
    if (covers && !covered) mount.focus();
    if (covered && !covers) document.querySelector("[data-open-details]")?.focus();
    covered = covers;
  }

  function turned(key) {
    shown = key;
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
      <div class="details__scroll" data-details-scroll>${partner.kind === "group" ? room.draw(state, partner) : person(state, partner)}</div>`;
  }

  function person(state, partner) {
    const { conversation } = state.open;
    return [personFacts(partner), conversation && partner.kind !== "deleted" ? silence.draw(conversation) : nothing];
  }

  return { draw };
}
