// A guest chooses a password, and is a member from then on; everything stays.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t, tn } from "../../i18n.js";
import { strength } from "../../password.js";
import { meter } from "./forms.js";

// `became()` is called when the server has made a member of the guest.
export function createMembership(own, forms, { api, store, became }) {
  let typed = "";

  async function submit(event) {
    event.preventDefault();
    const { username, password } = event.target.elements;
    const values = { username: username.value, password: password.value };
    if (await forms.attempt("membership", () => api.becomeMember(values))) became();
  }

  function type({ target }) {
    typed = target.value;
    store.changed();
  }

  return (state) => html`<p>${t("With a password the name is yours: on every device, and however long you are away. What you said and the rooms you are in stay.")}</p>
    <form class="form" data-membership @submit=${submit}>
      ${forms.field({
        name: "username",
        label: t("Name"),
        value: state.me.username,
        autocomplete: "username",
        hint: t("You sign in with it, and others find you by it."),
      })}
      ${forms.field({
        name: "password",
        label: t("Password"),
        type: "password",
        autocomplete: "new-password",
        hint: tn("At least %(count)s character.", "At least %(count)s characters.", own.mine.limits.password_min),
        input: type,
      })}
      ${typed ? meter(strength(typed)) : nothing}
      ${forms.save("membership", t("Become a member"))}
    </form>`;
}
