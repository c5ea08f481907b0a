// The bar above the conversation: with whom one talks, and what they are doing.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { face, icon } from "../pieces.js";
import { lastSeen } from "../times.js";

export function createBar(mount, { close }) {
  function draw(state, { offline }) {
    const person = state.open && state.people.get(state.open.userId);
    render(person ? bar(state, person, offline) : nothing, mount);
  }

  function bar(state, person, offline) {
    return html`<button class="button button--icon bar__back" type="button" data-back aria-label=${t("Back to the list")} @click=${close}>
        ${icon("chevron-left")}
      </button>
      ${face(person)}
      <div class="bar__who">
        <h2 class="bar__name" dir="auto">${person.display_name}</h2>
        <p class="bar__state" ?data-lively=${!offline && (person.online || isTyping(state))} >${doing(state, person, offline)}</p>
        <p class="visually-hidden" role="status">${isTyping(state) ? t("%(name)s is typing", { name: person.display_name }) : nothing}</p>
      </div>`;
  }

  return { draw };
}

function doing(state, person, offline) {
  if (offline) return t("Waiting for the connection…");
  if (isTyping(state)) return html`<span data-typing>${t("typing…")}</span>`;
  return person.online ? t("online") : lastSeen(person.last_seen_at);
}

function isTyping(state) {
  return state.typing.has(state.open.conversation?.id);
}
