// What surrounds the parts: which column a phone shows, the title, the line about the connection, the notice.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { icon, nameOf } from "../pieces.js";
import { unreadInAll, waitingInAll } from "../state.js";
import { clock } from "../times.js";

// `mounts`: welcome, conversation, tools, composer, gone, details, connection (lines), notice.
export function createFrame(mounts, { leave, chooseTheme }) {
  const narrow = matchMedia("(width < 720px)");
  let last = null;

  function draw(state, { offline }) {
    const person = state.open && state.people.get(state.open.userId);
    const left = last && !person;
    document.body.dataset.view = viewOf(state, person);
    document.body.dataset.connection = state.connection.online ? "online" : "offline";
    mounts.welcome.hidden = Boolean(person);
    mounts.conversation.hidden = !person;
    mounts.details.hidden = !person;
    mounts.composer.hidden = person?.kind === "deleted";
    mounts.gone.hidden = !mounts.composer.hidden;
    mounts.conversation.dataset.peer = person?.username ?? "";
    mounts.conversation.setAttribute("aria-label", person ? t("Conversation with %(name)s", { name: nameOf(person) }) : "");
    document.title = title(unreadInAll(state), person);
    render(themeSwitch(state.preferences, chooseTheme), mounts.tools);
    const place = narrow.matches && person ? "conversation" : "list"; // what a phone shows
    for (const mount of mounts.connection) {
      render(offline && mount.dataset.connectionLine === place ? connection(state) : nothing, mount);
    }
    if (state.notice) show(state.notice);
    // What had the focus is gone with the conversation.
    if (left) document.querySelector(`[data-person="${CSS.escape(last.username)}"]`)?.focus({ preventScroll: true });
    last = person;
  }

  function show(notice) {
    const [heading, text, action] = wordsOf(notice);
    render(
      html`<dialog class="notice" data-notice=${notice.code} aria-labelledby="notice-title" aria-describedby="notice-text" @cancel=${(event) => event.preventDefault()}>
        <h2 id="notice-title">${heading}</h2>
        <p id="notice-text">${text}</p>
        <button class="button button--main" type="button" data-continue @click=${leave}>${action}</button>
      </dialog>`,
      mounts.notice,
    );
    const dialog = mounts.notice.querySelector("dialog");
    if (!dialog.open) dialog.showModal();
  }

  return { draw };
}

function viewOf(state, person) {
  if (!person) return "list";
  return state.layer === "details" ? "details" : "conversation";
}

function themeSwitch({ theme }, choose) {
  const [drawing, words] = {
    light: [icon("sun"), t("Theme: light. Switch to dark")],
    dark: [icon("moon"), t("Theme: dark. Switch to the system’s")],
    system: [icon("monitor"), t("Theme: as the system. Switch to light")],
  }[theme];
  return html`<button class="button button--icon" type="button" data-theme-switch=${theme} aria-label=${words} title=${words} @click=${choose}>${drawing}</button>`;
}

function title(unread, person) {
  const name = person ? `${nameOf(person)} · Parley` : "Parley";
  return unread ? `(${unread}) ${name}` : name;
}

function connection(state) {
  const waiting = waitingInAll(state);
  const since = t("No connection since %(time)s.", { time: clock(state.connection.lostAt) });
  const queue = tn("%(count)s message waits and is sent by itself.", "%(count)s messages wait and are sent by themselves.", waiting);
  return html`${icon("wifi-off")}<span>${since} ${waiting ? queue : t("You can go on writing.")}</span>`;
}

function wordsOf({ code, reason }) {
  const kept = t("What you wrote and did not send is kept in this browser.");
  if (code === "account_changed") {
    return [t("Another account is signed in here"), `${t("Somebody else signed in under this address in this browser.")} ${kept}`, t("Continue as them")];
  }
  if (reason === "deleted") {
    return [t("The account is deleted"), t("Everything about you is gone from here. What you said stays in its conversations, without your name."), t("To the sign-in page")];
  }
  const why = {
    password_changed: t("The password of this account was changed elsewhere."),
    disabled: t("This account was closed by the administrator."),
  };
  return [t("You were signed out"), `${why[reason] ?? t("This account was signed out in this browser or elsewhere.")} ${kept}`, t("Sign in again")];
}
