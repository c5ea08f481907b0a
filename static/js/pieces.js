// Small drawings that several parts share.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { initials } from "./text.js";

const SPRITE = new URL("../vendor/icons.svg", import.meta.url).pathname;

export function icon(name) {
  return html`<svg class="icon" aria-hidden="true"><use href=${`${SPRITE}#${name}`}></use></svg>`;
}

export function nameOf(person) {
  return person.kind === "deleted" ? t("Deleted account") : person.display_name;
}

// What to tell a person of a refusal, or of silence.
export function wordsOf(refusal) {
  return refusal.message || t("No answer from the server. Try again.");
}

export function face(person, { presence = false } = {}) {
  if (person.kind === "deleted") return html`<span class="face" data-gone>${icon("user-round-x")}</span>`;
  const dot = html`<span
    class="face__dot"
    data-presence=${person.online ? "online" : "offline"}
    role="img"
    aria-label=${person.online ? t("online") : t("offline")}
  ></span>`;
  return html`<span class="face" .style=${`--hue: ${Number(person.hue)}`}
    ><span aria-hidden="true">${initials(person.display_name)}</span>${presence ? dot : nothing}</span
  >`;
}
