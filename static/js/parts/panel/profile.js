// What others see of oneself: name, colour, about; and an address for letters, which they do not see.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { face, guestBadge } from "../../pieces.js";
import { applyPerson } from "../../state.js";
import { createAvatarField } from "../avatar.js";

const FIELDS = ["display_name", "about", "email"];

export function createProfile(own, forms, { api, store, emit, pictures }) {
  let hue = null; // while it is being chosen
  const avatar = createAvatarField({ ...pictures, round: true, take: picture, changed: store.changed });

  async function picture(id) {
    const { user } = await emit("set_avatar", { file_id: id });
    applyPerson(store.state, { ...user, described: false });
    store.changed();
  }

  async function submit(event) {
    event.preventDefault();
    const given = FIELDS.filter((field) => event.target.elements[field]);
    const values = Object.fromEntries(given.map((field) => [field, event.target.elements[field].value]));
    await change("profile", values);
  }

  async function change(form, values) {
    const answer = await forms.attempt(form, () => api.changeProfile(values));
    if (!answer) return;
    own.mine = { ...own.mine, ...(await api.profile().catch(() => ({}))) };
  }

  function paint({ target }) {
    hue = Number(target.value);
    store.changed();
  }

  async function painted({ target }) {
    await change("hue", { hue: Number(target.value) });
    hue = null;
    store.changed();
  }

  return (state) => {
    const { about, email, limits } = own.mine;
    const me = { ...state.me, hue: hue ?? state.me.hue };
    const guest = state.me.kind === "guest";
    const stays = guest ? "" : t("You sign in as %(name)s; that stays.", { name: state.me.username });
    const address = forms.field({ name: "email", label: t("E-mail"), value: email, type: "text", autocomplete: "email", hint: t("Only you see it.") });
    return html`<div class="preview" data-preview .style=${`--hue: ${me.hue}`}>
        ${face(me)}
        <div class="preview__bubble bubble">
          <span class="bubble__name" .style=${`--hue: ${me.hue}`}><bdi>${me.display_name}</bdi>${guestBadge(me)}</span>
          <span>${t("This is how others see you.")}</span>
        </div>
      </div>
      ${avatar(me.avatar_id)}
      <div class="field hue">
        <label for="panel-hue">${t("Colour")}</label>
        <input id="panel-hue" class="hue__slider" data-field="hue" type="range" min="0" max="359" .value=${String(me.hue)}
          @input=${paint} @change=${painted} />
        ${forms.errorOf("hue") ? html`<p class="field__error" role="alert">${forms.errorOf("hue")}</p>` : nothing}
      </div>
      <form class="form" @submit=${submit}>
        ${forms.field({ name: "display_name", label: t("Name that others see"), value: state.me.display_name, maxlength: limits.display_name,
          hint: stays })}
        ${forms.field({ name: "about", label: t("About me"), value: about, type: "lines", maxlength: limits.about })}
        ${guest ? nothing : address}
        ${forms.save("profile")}
      </form>`;
  };
}
