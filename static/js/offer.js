// The one line that offers notifications, at a moment when they would have been of use; a refusal is remembered.

import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";
import { icon } from "./pieces.js";
import { read, write } from "./storage.js";

const DECLINED = "parley.notifications.declined";

export function offer(mount) {
  if (globalThis.Notification?.permission !== "default" || read(DECLINED)) return;
  render(
    html`<div class="offer" data-offer>
      ${icon("bell")}
      <p>${t("Show a notification when somebody writes to you?")}</p>
      <div class="offer__answers">
        <button class="button button--small button--main" type="button" data-accept @click=${accept}>${t("Turn on")}</button>
        <button class="button button--small" type="button" data-decline @click=${decline}>${t("Not now")}</button>
      </div>
    </div>`,
    mount,
  );

  function accept() {
    close();
    Notification.requestPermission();
  }

  function decline() {
    close();
    write(DECLINED, true);
  }

  function close() {
    render(nothing, mount);
  }
}
