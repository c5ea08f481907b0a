// The bar above the conversation: with whom one talks, and what they are doing.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { face, icon, nameOf } from "../pieces.js";
import { openPartner, typists } from "../state.js";
import { lastSeen, wholeSpan } from "../times.js";

const NAMED_MOST = 2; // who write at once

export function createBar(mount, { close, openDetails, seek }) {
  function draw(state, { offline }) {
    const partner = openPartner(state);
    render(partner ? bar(state, partner, offline) : nothing, mount);
  }

  function bar(state, partner, offline) {
    const writing = typists(state, state.open.conversation);
    return html`<button class="button button--icon bar__back" type="button" data-back aria-label=${t("Back to the list")} @click=${close}>
        ${icon("chevron-left")}
      </button>
      <div class="bar__person">
        <h2 class="bar__title">
          <button class="bar__open" type="button" data-open-details title=${t("Details")} @click=${openDetails}>
            ${face(partner)}<bdi class="bar__name">${nameOf(partner)}</bdi>
          </button>
        </h2>
        <p class="bar__state" ?data-lively=${!offline && isLively(partner, writing)}>${doing(partner, writing, offline)}</p>
        <p class="visually-hidden" role="status">${writing.length ? whoWrites(writing) : nothing}</p>
      </div>
      ${state.open.conversation ? lens(seek) : nothing}`;
  }

  return { draw };
}

function lens(seek) {
  const words = t("Search in this conversation");
  return html`<button class="button button--icon" type="button" data-seek aria-label=${words} title=${words} @click=${seek}>${icon("search")}</button>`;
}

function doing(partner, writing, offline) {
  if (offline) return t("Waiting for the connection…");
  if (partner.kind === "deleted") return t("no longer here");
  if (writing.length) return html`<span data-typing>${partner.kind === "group" ? whoWrites(writing) : t("typing…")}</span>`;
  if (partner.kind === "group") return inside(partner);
  return partner.online ? t("online") : lastSeen(partner.last_seen_at);
}

function inside(room) {
  const { member_count: members, here } = room;
  const all = tn("%(count)s member", "%(count)s members", members);
  const now = tn("%(count)s here now", "%(count)s here now", here.size);
  return html`<span data-member-count=${members}>${all}</span>${here.size ? html`, <span class="bar__here" data-here-count=${here.size}>${now}</span>` : nothing}${forgets(room)}`;
}

// What is not kept here is said where everybody sees it.
function forgets({ keeps_history: keeps, message_ttl: seconds }) {
  const vanish = seconds && t("Messages vanish after %(time)s", { time: wholeSpan(seconds) });
  const words = keeps ? vanish : t("Nothing is stored");
  if (!words) return nothing;
  const short = keeps ? wholeSpan(seconds, "narrow") : nothing; // on a phone
  return html`<span class="bar__forgets" data-forgets title=${words}> · ${icon(keeps ? "timer" : "eye-off")}<span class="bar__words">${words}</span><span class="bar__short" aria-hidden="true">${short}</span></span>`;
}

function whoWrites(people) {
  const known = people.filter(Boolean);
  const [name, other] = known.map(nameOf);
  if (people.length > NAMED_MOST || known.length < people.length) return tn("%(count)s person is typing…", "%(count)s people are typing…", people.length);
  return other ? t("%(name)s and %(other)s are typing…", { name, other }) : t("%(name)s is typing…", { name });
}

function isLively(partner, writing) {
  return writing.length > 0 || (partner.kind !== "deleted" && Boolean(partner.online));
}
