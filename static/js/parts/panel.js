// One's own panel: a dialog with a list of sections and one of them. On a phone it is the whole screen, and the list and
// a section take turns.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { icon, styled, wordsOf } from "../pieces.js";
import { createData } from "./panel/data.js";
import { createForms } from "./panel/forms.js";
import { createLanguage } from "./panel/language.js";
import { createLooksSection, createWriting } from "./panel/choices.js";
import { createMembership } from "./panel/membership.js";
import { createPassword } from "./panel/password.js";
import { createProfile } from "./panel/profile.js";
import { createServer } from "./panel/server.js";
import { createSessions } from "./panel/sessions.js";

const LAYER = "panel";

export async function createPanel(mount, services) {
  const { store, navigation, api, ended } = services;
  await styled("panel.css");
  const narrow = matchMedia("(width < 720px)");
  const own = { mine: null, error: "" }; // what the server knows of oneself; why it could not be asked
  const forms = createForms({ changed: store.changed, ended });
  const all = [
    ["profile", t("Profile"), () => icon("user-round"), createProfile(own, forms, services)],
    ["looks", t("Appearance"), () => icon("palette"), createLooksSection(forms, services)],
    ["language", t("Language and time"), () => icon("languages"), createLanguage(forms, services)],
    ["writing", t("Messages"), () => icon("bell"), createWriting(forms, services)],
    ["membership", t("Become a member"), () => icon("key-round"), createMembership(own, forms, { ...services, became })],
    ["password", t("Password"), () => icon("key-round"), createPassword(own, forms, services)],
    ["sessions", t("Devices"), () => icon("smartphone"), createSessions(own, forms, services)],
    ["data", t("Your data"), () => icon("download"), createData(forms, services)],
    ["server", t("This server"), () => icon("shield"), createServer(services)],
  ];
  const notFor = { guest: ["password", "sessions"], member: ["membership"] };
  let sections = all;

  render(html`<dialog class="panel" data-panel aria-labelledby="panel-title"></dialog>`, mount);
  const dialog = mount.querySelector("dialog");
  let shown = null; // the section
  let loading = false;
  dialog.addEventListener("cancel", escape);
  dialog.addEventListener("mousedown", (event) => event.target === dialog && navigation.uncover());
  narrow.addEventListener("change", store.changed);

  function draw(state) {
    const open = Boolean(state.layer?.startsWith(LAYER)) && !state.notice;
    if (open && !dialog.open) begin();
    if (!open && dialog.open) end();
    if (!open) return;
    sections = all.filter(([name]) => !notFor[state.me.kind]?.includes(name) && (name !== "server" || services.boot.admin));
    const section = sections.find(([name]) => state.layer === `${LAYER}/${name}`) ?? (narrow.matches ? null : sections[0]);
    render(frame(state, section), dialog);
    if (section !== shown) turned(section);
  }

  function begin() {
    forms.clear();
    load();
    dialog.showModal();
  }

  function end() {
    dialog.close();
    shown = null;
    document.querySelector("[data-menu]").focus();
  }

  // A new section begins at its top; on a phone, reading goes on from its heading.
  function turned(section) {
    const before = shown;
    shown = section;
    forms.clear();
    dialog.querySelector(".panel__content")?.scrollTo(0, 0);
    if (!narrow.matches) return;
    if (section) dialog.querySelector("#panel-title").focus();
    else if (before) dialog.querySelector(`[data-section="${before[0]}"]`)?.focus();
  }

  async function load() {
    if (loading) return;
    loading = true;
    try {
      Object.assign(own, { mine: await api.profile(), error: "" });
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      own.error = wordsOf(refusal);
    }
    loading = false;
    store.changed();
  }

  // A member sees more than a guest: the page comes anew, and opens where one signs in by that name.
  function became() {
    navigation.enter(`${LAYER}/profile`, { instead: true });
    location.reload();
  }

  function escape(event) {
    event.preventDefault();
    if (narrow.matches && shown) navigation.leave();
    else navigation.uncover();
  }

  function frame(state, section) {
    const title = section ? section[1] : t("Settings");
    const list = !narrow.matches || !section;
    return html`${list ? sectionList(section) : nothing}
      ${section || !narrow.matches ? html`<section class="panel__section" aria-labelledby="panel-title">
        <header class="panel__bar">
          ${narrow.matches ? back() : nothing}
          <h2 id="panel-title" tabindex="-1">${title}</h2>
          ${narrow.matches ? nothing : close()}
        </header>
        <div class="panel__content" data-panel-content=${section[0]}>${content(state, section)}</div>
      </section>` : nothing}`;
  }

  function sectionList(current) {
    return html`<nav class="panel__nav" aria-label=${t("Settings")}>
      <header class="panel__bar">
        <p class="panel__heading" id=${current ? nothing : "panel-title"}>${t("Settings")}</p>
        ${narrow.matches ? close() : nothing}
      </header>
      <ul>
        ${sections.map((one) => html`<li>
          <button class="menu__item" type="button" data-section=${one[0]} aria-current=${one === current ? "true" : nothing} @click=${() => turn(one[0])}>
            ${one[2]()}<span>${one[1]}</span>
          </button>
        </li>`)}
      </ul>
    </nav>`;
  }

  function turn(name) {
    navigation.enter(`${LAYER}/${name}`, { instead: !narrow.matches });
  }

  function content(state, [name, , , section]) {
    const needsMine = ["profile", "membership", "password", "sessions"].includes(name);
    if (!needsMine || own.mine) return section(state);
    if (!own.error) return html`<div class="panel__waiting" aria-busy="true"></div>`;
    return html`<p class="form__error" role="alert">${own.error}</p>
      <button class="button" type="button" @click=${load}>${icon("rotate-cw")}${t("Try again")}</button>`;
  }

  function back() {
    return html`<button class="button button--icon" type="button" data-panel-back aria-label=${t("Back to the settings")} @click=${navigation.leave}>
      ${icon("chevron-left")}
    </button>`;
  }

  function close() {
    return html`<button class="button button--icon panel__close" type="button" data-panel-close aria-label=${t("Close the settings")} title=${t("Close the settings")} @click=${navigation.uncover}>
      ${icon("x")}
    </button>`;
  }

  return { draw };
}
