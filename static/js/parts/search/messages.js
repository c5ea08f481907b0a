// The messages that a search everywhere finds, below the people and rooms of that name.

import { html, nothing, repeat } from "../../../vendor/lit-html/lit-html.js";
import { findKey } from "../../conversations.js";
import { countWords, hitRow, remark, skeletons } from "../../hits.js";
import { t } from "../../i18n.js";

// `choose(message)` opens it, `took(text)` looks for another text.
export function foundMessages(state, search, { choose, took }) {
  const { find } = search;
  const hits = search.hits();
  const total = search.total();
  const waits = Boolean(find.loading) && !hits.length;
  const words = remark({ find, hits }, { online: state.connection.online, took });
  const count = total?.count ? html`<span class="hits__count" role="status" data-found-count=${total.count}>${countWords(total)}</span>` : nothing;
  const isOpen = (message) => message.seq === state.seek?.seq && message.room_id === state.open?.conversation?.id;
  const row = (message) => hitRow(state, message, find.words, { chosen: isOpen(message), choose });
  return html`<section class="hits" data-found aria-busy=${waits} aria-label=${t("Messages")}>
    <h2 class="list__title hits__title">${t("Messages")}${count}</h2>
    ${words ?? nothing}
    <ul aria-label=${t("Messages")}>${words === null && waits ? skeletons() : repeat(hits, findKey, row)}</ul>
  </section>`;
}
