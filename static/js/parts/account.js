// One's own name at the foot of the list, and in the menu the other accounts of this browser.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { face, guestBadge, icon } from "../pieces.js";

// `accounts()` gives {slot: {name, hue, root}}; `addAddress()` where one more can sign in, or null.
export function createAccount(mounts, { slot, accounts, addAddress }) {
  mounts.menu.addEventListener("beforetoggle", drawAccounts);

  function draw(state) {
    const me = state.me;
    render(
      html`<span class="self__who">
        ${face(me)}
        <span class="self__text">
          <span class="self__name"><bdi>${me.display_name}</bdi>${guestBadge(me)}</span>
          <span class="self__state">${state.connection.online ? t("online") : t("offline")}</span>
        </span>
      </span>`,
      mounts.self,
    );
  }

  function drawAccounts() {
    const address = addAddress();
    const rows = Object.entries(accounts()).map(([number, account]) => accountRow(number, account));
    render(
      html`<ul class="menu__list menu__accounts">
        ${rows}
        ${address ? html`<li><a class="menu__item" href=${address} data-add-account>${icon("user-plus")}${t("Add account")}</a></li>` : nothing}
      </ul>`,
      mounts.accounts,
    );
  }

  function accountRow(number, account) {
    const here = Number(number) === slot;
    const person = { display_name: account.name, hue: account.hue, kind: account.kind };
    return html`<li>
      <a class="menu__item" href=${`${account.root}/`} data-switch-account=${number} aria-current=${here ? "true" : nothing}>
        ${face(person)}<span class="menu__name" dir="auto">${account.name}</span>${guestBadge(person)}${here ? icon("check") : nothing}
      </a>
    </li>`;
  }

  return { draw };
}
