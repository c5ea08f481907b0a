// Small drawings that several parts share.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { initials } from "./text.js";

const SPRITE = new URL("../vendor/icons.svg", import.meta.url).pathname;

export function icon(name) {
  return html`<svg class="icon" aria-hidden="true"><use href=${`${SPRITE}#${name}`}></use></svg>`;
}

export function face(person, { presence = false } = {}) {
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
