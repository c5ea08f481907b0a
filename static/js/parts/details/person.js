// Who the other is.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { face, guestBadge, nameOf } from "../../pieces.js";
import { dateOf, lastSeen } from "../../times.js";

export function personFacts(person) {
  const gone = person.kind === "deleted";
  return html`<div class="details__who">
      ${face(person)}
      <h2 class="details__name" dir="auto">${nameOf(person)}${guestBadge(person)}</h2>
      ${gone ? nothing : html`<p class="details__username" translate="no"><bdi>@${person.username}</bdi></p>`}
      <p class="details__state" ?data-lively=${person.online && !gone}>${stateOf(person)}</p>
    </div>
    ${person.about ? about(person) : nothing} ${person.registered_at && !gone ? since(person) : nothing}`;
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
