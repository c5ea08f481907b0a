// How the installation is, for its administrators.

import { html } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { wordsOf } from "../../pieces.js";
import { ago, full } from "../../times.js";

const FRESH = 10_000; // for how long an answer is shown before it is asked for again

export function createServer({ api, store, ended }) {
  let told = null;
  let error = "";
  let askedAt = -Infinity;

  async function ask() {
    askedAt = performance.now();
    try {
      told = await api.overview();
      error = "";
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      error = wordsOf(refusal);
    }
    store.changed();
  }

  return () => {
    if (performance.now() - askedAt > FRESH) ask();
    if (error) return html`<p class="form__error" role="alert">${error}</p>`;
    if (!told) return html`<div class="panel__waiting" aria-busy="true"></div>`;
    return html`<dl class="facts">
      ${fact("people", t("Members"), told.people)} ${fact("guests", t("Guests"), told.guests)} ${fact("rooms", t("Rooms"), told.rooms)}
      ${fact("overdue", t("Expired messages"), purge(told.overdue_since))}
    </dl>`;
  };
}

function fact(name, words, value) {
  return html`<div class="facts__one"><dt>${words}</dt><dd data-fact=${name}>${value}</dd></div>`;
}

function purge(since) {
  if (!since) return t("All are deleted");
  const words = t("The oldest still waits to be deleted: %(time)s", { time: ago(since) });
  return html`<span title=${full(since)}>${words}</span>`;
}
