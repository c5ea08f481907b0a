// Asks what of a history is to be cleared and for whom, and shows how much that is.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { moderates } from "../../conversations.js";
import { t, tn } from "../../i18n.js";
import { nameOf, wordsOf } from "../../pieces.js";
import { createForms } from "../panel/forms.js";
import { openSheet } from "./sheet.js";

// `count(conversation, {everyone, before})` and `clear(conversation, {everyone, seq})` are those of clearing.js.
export async function openClearing(layer, { conversation, partner, count, clear, ended }) {
  const name = nameOf(partner);
  const direct = conversation.kind === "direct";
  const chosen = { whose: "me", which: "all", day: "" };
  let found = null; // what the server counted last: {messages, files, more, seq}
  let asked = 0;
  let error = "";
  let busy = false;
  const everyone = () => chosen.whose === "everyone";
  const lacksDay = () => chosen.which === "day" && !chosen.day;
  const isNothing = () => !found.messages && !found.files;
  const forms = createForms({ changed: () => sheet.draw(), ended });
  const sheet = await openSheet(layer, { name: "clearing", label, content });
  recount();

  function label() {
    return direct ? t("Clear the history with %(name)s?", { name }) : t("Clear the history of “%(name)s”?", { name });
  }

  function choose(changes) {
    Object.assign(chosen, changes);
    recount();
  }

  async function recount() {
    const mine = (asked += 1);
    found = null;
    error = "";
    sheet.draw();
    if (lacksDay()) return;
    try {
      const answer = await count(conversation, { everyone: everyone(), before: before() });
      if (mine === asked) found = answer;
    } catch (refusal) {
      if (mine === asked) refused(refusal);
    }
    if (mine === asked) sheet.draw();
  }

  async function go() {
    if (busy || !found?.seq || isNothing()) return;
    busy = true;
    try {
      await clear(conversation, { everyone: everyone(), seq: found.seq });
      sheet.close();
    } catch (refusal) {
      refused(refusal);
    }
    busy = false;
    sheet.draw();
  }

  function refused(refusal) {
    if (refusal.endsSession) ended(refusal);
    error = wordsOf(refusal);
  }

  // The day itself goes too, as it is where the reader is.
  function before() {
    if (chosen.which === "all") return null;
    const [year, month, day] = chosen.day.split("-").map(Number);
    return new Date(year, month - 1, day + 1).toISOString();
  }

  function content() {
    return html`<div class="room-sheet__body">
      ${whose()}
      ${which()}
      <p role="status" data-count=${found ? "known" : "asked"}><strong>${amount()}</strong></p>
      <p>${t("Pictures and recordings go too. For ten seconds you can take that back; then it is gone for good.")}</p>
      ${error ? html`<p class="form__error" role="alert">${error}</p>` : nothing}
      <div class="room-sheet__answers">
        <button class="button button--main button--danger" type="button" data-confirm aria-disabled=${busy || !found || isNothing()} @click=${go}>${doing()}</button>
        <button class="button" type="button" data-cancel @click=${() => sheet.close()}>${t("Cancel")}</button>
      </div>
    </div>`;
  }

  function whose() {
    const kept = direct ? t("%(name)s keeps everything, and does not hear of it.", { name }) : t("The others keep everything, and do not hear of it.");
    const gone = direct ? t("It goes for %(name)s too. A line says that you have cleared it.", { name }) : t("It goes for everybody. A line says that you have cleared it.");
    if (!direct && !moderates(partner)) return html`<p>${kept}</p>`;
    return forms.choice({
      name: "whose",
      label: t("For whom"),
      options: [
        ["me", t("Only for me")],
        ["everyone", direct ? t("For me and %(name)s", { name }) : t("For everybody")],
      ],
      value: chosen.whose,
      chosen: (one) => choose({ whose: one }),
      hint: everyone() ? gone : kept,
    });
  }

  function which() {
    const choice = forms.choice({
      name: "which",
      label: t("What"),
      options: [
        ["all", t("All of it")],
        ["day", t("Up to a day")],
      ],
      value: chosen.which,
      chosen: (one) => choose({ which: one }),
    });
    return chosen.which === "day" ? [choice, day()] : choice;
  }

  function day() {
    const words = t("Up to and including");
    return html`<div class="field">
      <label for="clear-day">${words}</label>
      <div class="field__box"><input id="clear-day" data-field="day" type="date" max=${today()} .value=${chosen.day} @change=${({ target }) => choose({ day: target.value })} /></div>
    </div>`;
  }

  function amount() {
    if (lacksDay()) return t("Choose a day.");
    if (error) return "";
    if (!found) return t("Counting…");
    if (isNothing()) return t("There is nothing to clear.");
    const { messages, files, more } = found;
    const count = new Intl.NumberFormat(document.documentElement.lang).format(messages);
    const said = more ? t("More than %(count)s messages", { count }) : tn("%(count)s message", "%(count)s messages", messages, { count });
    return [said, ...(files && !more ? [tn("%(count)s file", "%(count)s files", files)] : [])].join(", ");
  }

  function doing() {
    if (!everyone()) return t("Clear for me");
    return direct ? t("Clear for both") : t("Clear for everybody");
  }
}

// As a date field has it.
function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
