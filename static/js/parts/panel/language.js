// The language of the page, and its clock.

import { html } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { chooser } from "./choices.js";

export function createLanguage(forms, { boot, looks, chooseLocale }) {
  const choice = chooser(forms, looks);
  const locales = Object.entries(boot.locales).map(([code, name]) => [code, html`<span lang=${code}>${name}</span>`]);

  return (state) => html`<div class="form">
    ${forms.choice({
      name: "locale",
      label: t("Language"),
      options: locales,
      value: boot.locale,
      chosen: (locale) => forms.attempt("locale", () => chooseLocale(locale)),
    })}
    ${choice(state, "clock", t("Clock"), [
      ["locale", t("As usual in the language")],
      ["24", t("24 hours")],
      ["12", t("12 hours")],
    ])}
  </div>`;
}
