// A new password.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t, tn } from "../../i18n.js";
import { strength } from "../../password.js";
import { meter } from "./forms.js";

export function createPassword(own, forms, { api, store }) {
  let typed = "";

  async function change(event) {
    event.preventDefault();
    const { current_password: current, new_password: fresh } = event.target.elements;
    const values = { current_password: current.value, new_password: fresh.value };
    if (!(await forms.attempt("password", () => api.changePassword(values)))) return;
    current.value = fresh.value = typed = "";
    own.mine = { ...own.mine, sessions: own.mine.sessions.filter((one) => one.current) };
  }

  function type({ target }) {
    typed = target.value;
    store.changed();
  }

  // Password managers look for the name beside a password.
  const username = (state) => html`<input type="text" hidden autocomplete="username" .value=${state.me.username} />`;

  return (state) => html`<form class="form" @submit=${change}>
      ${username(state)}
      ${forms.field({ name: "current_password", label: t("Current password"), type: "password", autocomplete: "current-password" })}
      ${forms.field({
        name: "new_password",
        label: t("New password"),
        type: "password",
        autocomplete: "new-password",
        hint: tn("At least %(count)s character.", "At least %(count)s characters.", own.mine.limits.password_min),
        input: type,
      })}
      ${typed ? meter(strength(typed)) : nothing}
      <p class="field__hint">${t("All your other devices are signed out.")}</p>
      ${forms.save("password", t("Change password"))}
    </form>`;
}
