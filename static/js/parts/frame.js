// What surrounds the parts: which column a phone shows, the title and picture of the tab, the line about the connection,
// the notice.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { icon, nameOf, rowKey } from "../pieces.js";
import { coversDetails, openPartner, unreadInAll, waitingInAll } from "../state.js";
import { clock } from "../times.js";

const MOST = 99; // unread messages, on the tab

// `mounts`: welcome, conversation, tools, composer, gone, details, connection (lines), notice.
export function createFrame(mounts, { leave, chooseTheme }) {
  const narrow = matchMedia("(width < 720px)");
  const tab = createTabIcon();
  let last = null;
  for (const moved of ["resize", "scroll"]) window.visualViewport.addEventListener(moved, followKeyboard);

  function draw(state, { offline }) {
    const partner = openPartner(state);
    const left = last && !partner;
    const unread = unreadInAll(state);
    document.body.dataset.view = viewOf(state, partner);
    document.body.dataset.connection = state.connection.online ? "online" : "offline";
    mounts.welcome.hidden = Boolean(partner);
    mounts.conversation.hidden = !partner;
    mounts.details.hidden = !partner;
    mounts.composer.hidden = partner?.kind === "deleted";
    mounts.gone.hidden = !mounts.composer.hidden;
    mounts.conversation.dataset.peer = partner?.username ?? "";
    mounts.conversation.dataset.roomId = state.open?.conversation?.id ?? "";
    mounts.conversation.setAttribute("aria-label", labelOf(partner));
    document.title = title(unread, partner);
    tab.draw(unread);
    render(themeSwitch(state.preferences, chooseTheme), mounts.tools);
    const place = narrow.matches && partner ? "conversation" : "list"; // what a phone shows
    for (const mount of mounts.connection) {
      render(offline && mount.dataset.connectionLine === place ? connection(state) : nothing, mount);
    }
    if (state.notice) show(state.notice);
    // What had the focus is gone with the conversation.
    if (left) document.querySelector(`[data-row="${CSS.escape(rowKey(last))}"]`)?.focus({ preventScroll: true });
    last = partner;
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

function labelOf(partner) {
  if (!partner) return "";
  const name = nameOf(partner);
  return partner.kind === "group" ? t("Room %(name)s", { name }) : t("Conversation with %(name)s", { name });
}

function viewOf(state, partner) {
  if (!partner) return "list";
  return coversDetails(state) ? "details" : "conversation";
}

function themeSwitch({ theme }, choose) {
  const [drawing, words] = {
    light: [icon("sun"), t("Theme: light. Switch to dark")],
    dark: [icon("moon"), t("Theme: dark. Switch to the system’s")],
    system: [icon("monitor"), t("Theme: as the system. Switch to light")],
  }[theme];
  return html`<button class="button button--icon" type="button" data-theme-switch=${theme} aria-label=${words} title=${words} @click=${choose}>${drawing}</button>`;
}

function title(unread, partner) {
  const name = partner ? `${nameOf(partner)} · Parley` : "Parley";
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
    guests_off: t("Guests are no longer let in here. Create an account to go on."),
  };
  return [t("You were signed out"), `${why[reason] ?? t("This account was signed out in this browser or elsewhere.")} ${kept}`, t("Sign in again")];
}

// The picture on the browser's tab, with the number of unread messages on it.
function createTabIcon() {
  const link = document.querySelector('link[rel="icon"]');
  const plain = link.getAttribute("href");
  let drawing;
  let shown = 0;

  async function draw(count) {
    if (count === shown) return;
    shown = count;
    drawing ??= fetch(plain).then((answer) => answer.text());
    try {
      const svg = count ? withCount(await drawing, count) : null;
      if (count === shown) link.href = svg ? `data:image/svg+xml,${encodeURIComponent(svg)}` : plain;
    } catch {
      drawing = undefined;
    }
  }

  return { draw };
}

function withCount(svg, count) {
  const text = count > MOST ? `${MOST}+` : String(count);
  const width = 22 + 14 * text.length;
  const badge = `<rect x="${64 - width}" y="26" width="${width}" height="38" rx="19" fill="#c23b3b" stroke="#fff" stroke-width="3"/>
    <text x="${64 - width / 2}" y="55" fill="#fff" font-family="sans-serif" font-size="28" font-weight="bold" text-anchor="middle">${text}</text>`;
  return svg.replace("</svg>", `${badge}</svg>`);
}

// Safari on a phone lays its keyboard over the page instead of shrinking it.
function followKeyboard() {
  const { scale, height, offsetTop } = window.visualViewport;
  if (scale > 1) return; // a page that somebody enlarged stays where they put it
  document.body.style.setProperty("--visible", `${height}px`);
  document.body.style.setProperty("--covered", `${offsetTop}px`);
}
