// How far a file on its way is, as a ring around the button that stops it.

import { html } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { icon } from "../../pieces.js";
import { sizeWords } from "../../times.js";

export function progress(message, { discard }) {
  const { sent, total, phase } = message.upload;
  const part = total ? Math.min(1, sent / total) : 0;
  const { name } = message.file;
  const label = t("Sending %(name)s", { name });
  const words = wordsOf(message.upload);
  const cancel = t("Cancel");
  return html`<div class="progress" data-progress data-phase=${phase} role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(part * 100)} aria-valuetext=${words}>
    <svg class="progress__ring" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="21" pathLength="100"></circle><circle class="progress__done" cx="24" cy="24" r="21" pathLength="100" .style=${`--part: ${Math.max(part * 100, 3)}`}></circle></svg>
    <button class="progress__cancel" type="button" data-cancel-upload aria-label=${cancel} title=${cancel} @click=${() => discard(message)}>${icon("x")}</button>
    <span class="progress__words" aria-hidden="true">${words}</span>
  </div>`;
}

function wordsOf({ sent, total, phase }) {
  if (phase === "processing") return t("Processing…");
  if (phase === "paused") return t("Waiting…");
  return t("%(sent)s of %(total)s", { sent: sizeWords(sent), total: sizeWords(total) });
}
