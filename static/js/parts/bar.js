// The bar above the conversation: with whom one talks, and what they are doing.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { face, icon, nameOf } from "../pieces.js";
import { lastSeen } from "../times.js";

export function createBar(mount, { close, openDetails }) {
  function draw(state, { offline }) {
    const person = state.open && state.people.get(state.open.userId);
    render(person ? bar(state, person, offline) : nothing, mount);
  }

  function bar(state, person, offline) {
    return html`<button class="button button--icon bar__back" type="button" data-back aria-label=${t("Back to the list")} @click=${close}>
        ${icon("chevron-left")}
      </button>
      <div class="bar__person">
        <h2 class="bar__title">
          <button class="bar__open" type="button" data-open-details title=${t("Details")} @click=${openDetails}>
            ${face(person)}<bdi class="bar__name">${nameOf(person)}</bdi>
          </button>
        </h2>
        <p class="bar__state" ?data-lively=${!offline && isLively(state, person)}>${doing(state, person, offline)}</p>
        <p class="visually-hidden" role="status">${spoken(state, person)}</p>
      </div>`;
  }

  return { draw };
}

function spoken(state, person) {
  return isTyping(state) ? t("%(name)s is typing", { name: nameOf(person) }) : nothing;
}

function doing(state, person, offline) {
  if (offline) return t("Waiting for the connection…");
  if (person.kind === "deleted") return t("no longer here");
  if (isTyping(state)) return html`<span data-typing>${t("typing…")}</span>`;
  return person.online ? t("online") : lastSeen(person.last_seen_at);
}

function isLively(state, person) {
  return person.kind !== "deleted" && (person.online || isTyping(state));
}

function isTyping(state) {
  return state.typing.has(state.open.conversation?.id);
}
