// Where one is signed in, and signing out there.

import { html, nothing, repeat } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { icon } from "../../pieces.js";
import { ago, full } from "../../times.js";
import { deviceName, isHandheld } from "./devices.js";

const ALL = "all";

export function createSessions(own, forms, { api, store }) {
  let asked = null; // the session about which one is being asked, or all

  function ask(what) {
    asked = what;
    forms.clear();
    store.changed();
    requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector("[data-panel] [data-confirm]")?.focus()));
  }

  async function end(what) {
    const done = await forms.attempt("sessions", () => (what === ALL ? api.endOtherSessions() : api.endSession(what)));
    if (!done) return;
    asked = null;
    const stays = (one) => one.current || (what !== ALL && one.id !== what);
    own.mine = { ...own.mine, sessions: own.mine.sessions.filter(stays) };
    store.changed();
  }

  function row(session) {
    return html`<li class="device" data-session=${session.id} ?data-current=${session.current}>
      ${isHandheld(session.user_agent) ? icon("smartphone") : icon("monitor")}
      <div class="device__text">
        <p class="device__name">${deviceName(session.user_agent)}</p>
        <p class="device__use">${used(session)}</p>
      </div>
      ${session.current ? nothing : asked === session.id ? confirm(session.id) : html`<button class="button button--small" type="button" data-end-session @click=${() => ask(session.id)}>${t("Sign out")}</button>`}
    </li>`;
  }

  function confirm(what) {
    return html`<span class="device__confirm" role="group" aria-label=${t("Sign out there?")}>
      <button class="button button--small button--danger" type="button" data-confirm @click=${() => end(what)}>${what === ALL ? t("Yes, all others") : t("Yes, sign out")}</button>
      <button class="button button--small" type="button" @click=${() => ask(null)}>${t("No")}</button>
    </span>`;
  }

  return () => {
    const { sessions } = own.mine;
    const others = sessions.length > 1;
    const error = forms.errorOf("sessions");
    const rest = asked === ALL ? confirm(ALL) : html`<button class="button" type="button" data-end-others @click=${() => ask(ALL)}>${icon("log-out")}${t("Sign out everywhere else")}</button>`;
    return html`${error ? html`<p class="form__error" role="alert">${error}</p>` : nothing}
      <ul class="devices">${repeat(inOrder(sessions), (one) => one.id, row)}</ul>
      ${others ? rest : html`<p class="field__hint">${t("You are signed in nowhere else.")}</p>`}`;
  };
}

const inOrder = (sessions) => [...sessions].sort((a, b) => b.current - a.current);

function used({ current, address, last_used_at: at }) {
  const when = current ? html`<strong>${t("This device")}</strong>` : html`<time datetime=${at} title=${full(at)}>${ago(at)}</time>`;
  return html`${when} · <bdi>${address}</bdi>`;
}
