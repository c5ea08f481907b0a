// How the page looks and behaves. A choice holds at once, here and on one's other pages.

import { html } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { icon } from "../../pieces.js";

export function chooser(forms, looks) {
  return (state, name, label, options, hint) =>
    forms.choice({
      name,
      label,
      options,
      hint,
      value: state.preferences[name],
      chosen: (option) => forms.attempt(name, () => looks.choose({ [name]: option }), { always: true }),
    });
}

const swatch = (accent) => html`<span class="swatch" data-accent=${accent}></span>`;

export function createLooksSection(forms, { looks }) {
  const choice = chooser(forms, looks);
  return (state) => html`<div class="form">
    ${choice(state, "theme", t("Theme"), [
      ["light", t("Light"), icon("sun")],
      ["dark", t("Dark"), icon("moon")],
      ["system", t("As the system"), icon("monitor")],
    ])}
    ${choice(state, "accent", t("Accent"), [
      ["jade", t("Jade"), swatch("jade")],
      ["ocean", t("Ocean"), swatch("ocean")],
      ["violet", t("Violet"), swatch("violet")],
      ["rose", t("Rose"), swatch("rose")],
      ["amber", t("Amber"), swatch("amber")],
      ["slate", t("Slate"), swatch("slate")],
    ])}
    ${choice(state, "density", t("Density"), [
      ["comfortable", t("Comfortable")],
      ["compact", t("Compact")],
    ])}
  </div>`;
}

export function createWriting(forms, { looks }) {
  const choice = chooser(forms, looks);
  return (state) => html`<div class="form">
    ${choice(state, "send_key", t("A message is sent by"), [
      ["enter", t("Enter")],
      ["ctrl_enter", t("Ctrl+Enter")],
    ], t("With Ctrl+Enter, Enter alone begins a new line. On a touch screen it always does."))}
    ${choice(state, "sound", t("Sound of a new message"), [
      ["soft", t("Soft")],
      ["bell", t("Bell")],
      ["off", t("None")],
    ])}
  </div>`;
}
