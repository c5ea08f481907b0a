// Taking something away: a conversation, or all that is one's own. How far it is, fetching it, throwing it away.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { icon, styled, wordsOf } from "./pieces.js";
import { sizeWords, moment } from "./times.js";

const QUIET = 5_000; // a making of which nothing was heard for so long is asked about

export async function createExporting(store, { api, ended, root }) {
  const { state, changed } = store;
  const errors = new Map(); // room id, or null for all that is one's own → what the server said
  let loading = false;
  let busy = false;
  let timer = null;
  await styled("exporting.css");
  await refresh();

  // `roomId` is null for all that is one's own; `words` name the button that begins.
  function draw(roomId, words) {
    const one = [...state.exports.values()].filter(({ room }) => room === roomId).sort((a, b) => b.created_at.localeCompare(a.created_at))[0];
    const error = errors.get(roomId);
    watch();
    return html`<div class="exporting" data-exporting=${one?.state ?? "none"}>
      ${stateOf(one)}
      ${error ? html`<p class="form__error" role="alert">${error}</p>` : nothing}
      ${!one || one.state === "failed" ? begin(roomId, words) : nothing}
      ${one?.state === "ready" ? ready(roomId, one) : nothing}
      ${one?.state === "working" ? giveUp(one) : nothing}
    </div>`;
  }

  function stateOf(one) {
    const failed = t("It could not be made. Try again, or tell whoever runs this server.");
    if (one?.state === "failed") return html`<p class="form__error" role="alert">${failed}</p>`;
    if (one?.state === "working") return working(one);
    const words = one ? t("Ready: %(size)s. It is here until %(time)s.", { size: sizeWords(one.size), time: moment(one.expires_at) }) : "";
    return html`<p class="exporting__words" role="status">${words}</p>`;
  }

  function working({ done, total }) {
    const label = t("Being made");
    const share = total ? Math.floor((100 * done) / total) : 0;
    const words = total ? t("Being made: %(percent)s %", { percent: share }) : t("Being made…");
    return html`<progress class="exporting__bar" max="100" .value=${share} aria-label=${label}></progress>
      <p class="exporting__words">${words}</p>`;
  }

  function begin(roomId, words) {
    return html`<button class="button details__wide" type="button" data-export-begin aria-disabled=${busy} @click=${() => attempt(roomId, () => (roomId === null ? api.exportOwn() : api.exportRoom(roomId)))}>${icon("download")}${words}</button>`;
  }

  function ready(roomId, one) {
    const address = `${root}/exports/${one.id}`;
    return html`<a class="button button--main details__wide" href=${address} download=${one.name} data-export-fetch>${icon("download")}${t("Download")}</a>
      <button class="button details__wide" type="button" data-export-remove aria-disabled=${busy} @click=${() => remove(one)}>${icon("trash-2")}${t("Remove from the server")}</button>`;
  }

  function giveUp(one) {
    return html`<button class="button details__wide" type="button" data-export-remove aria-disabled=${busy} @click=${() => remove(one)}>${icon("x")}${t("Cancel")}</button>`;
  }

  async function attempt(roomId, ask) {
    if (busy) return;
    busy = true;
    errors.clear();
    changed();
    try {
      const { export: one } = await ask();
      if (one) state.exports.set(one.id, one);
      await refresh();
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      errors.set(roomId, wordsOf(refusal));
    }
    busy = false;
    changed();
  }

  const remove = (one) => attempt(one.room, () => api.removeExport(one.id));

  async function refresh() {
    if (loading) return;
    loading = true;
    try {
      const { exports } = await api.exports();
      state.exports = new Map(exports.map((one) => [one.id, one]));
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
    }
    loading = false;
    changed();
  }

  // What is told while the connection is lost is not told again.
  function watch() {
    if (timer || ![...state.exports.values()].some((one) => one.state === "working")) return;
    timer = setTimeout(() => {
      timer = null;
      refresh();
    }, QUIET);
  }

  return { draw };
}
