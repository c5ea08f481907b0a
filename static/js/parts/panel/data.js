// All that is one's own, to take away; and leaving for good.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { createExporting } from "../../exporting.js";
import { t } from "../../i18n.js";

export function createData(forms, services) {
  const { api, ended, store, boot } = services;
  let taking = null;
  let coming = null;
  let said = "keep"; // what becomes of it when one leaves

  function load() {
    coming ??= createExporting(store, { api, ended, root: boot.root }).then(
      (one) => ((taking = one), store.changed()),
      () => (coming = null),
    );
  }

  async function leave(event) {
    event.preventDefault();
    const { value } = event.target.elements.password;
    if (await forms.attempt("delete", () => api.deleteAccount(value, said))) ended({ code: "unauthenticated", reason: "deleted" });
  }

  function choose(option) {
    said = option;
    store.changed();
  }

  // Password managers look for the name beside a password.
  const username = (state) => html`<input type="text" hidden autocomplete="username" .value=${state.me.username} />`;

  function leaving(state) {
    const stays = t("What you said stays in its conversations, by “Deleted account”.");
    const goes = t("What you said is deleted from all conversations, with your files. That may take a while.");
    return html`<form class="form panel__leave" data-delete-account @submit=${leave}>
      ${username(state)}
      <h3>${t("Delete the account")}</h3>
      ${forms.choice({
        name: "messages",
        label: t("What you said"),
        value: said,
        options: [
          ["keep", t("Stays")],
          ["remove", t("Is deleted")],
        ],
        chosen: choose,
      })}
      <ul class="panel__list">
        <li>${t("Your name, colour, e-mail and settings are erased, and all your devices are signed out.")}</li>
        <li data-said=${said}>${said === "keep" ? stays : goes}</li>
        <li>${t("This cannot be undone.")}</li>
      </ul>
      ${forms.field({ name: "password", label: t("Your password, to confirm"), type: "password", autocomplete: "current-password" })}
      ${forms.save("delete", t("Delete my account"), { danger: true })}
    </form>`;
  }

  return (state) => {
    load();
    const words = t("Export all my data…");
    return html`<section class="form" aria-labelledby="own-data">
        <h3 id="own-data">${t("All my data")}</h3>
        <p>${t("A ZIP with your profile, your settings and all that you said anywhere, with its files. It reads without a server, and programs can read it too.")}</p>
        ${taking ? taking.draw(null, words) : html`<div class="panel__waiting" aria-busy="true"></div>`}
      </section>
      ${state.me.kind === "guest" ? nothing : leaving(state)}`;
  };
}
