// Wires the chat: what the server put into the page, one state, the services around it, the parts that draw it.

import * as accounts from "./accounts.js";
import { QUIET, createChat } from "./chat.js";
import { loadCatalogue } from "./i18n.js";
import { createNavigation } from "./navigation.js";
import { createAccount } from "./parts/account.js";
import { createBar } from "./parts/bar.js";
import { createComposer } from "./parts/composer.js";
import { createFrame } from "./parts/frame.js";
import { createLog } from "./parts/log.js";
import { createPeopleList } from "./parts/people.js";
import { closeTopmost, shortcut } from "./shortcuts.js";
import { createState, unreadInAll } from "./state.js";
import { createStore } from "./store.js";

const MINUTE = 60_000;
const PLACE = "parley.place";

const boot = JSON.parse(document.getElementById("boot").textContent);
const part = (name) => document.querySelector(`[data-part="${name}"]`);

const wide = matchMedia("(width >= 1200px)");
const narrow = matchMedia("(width < 720px)");

await loadCatalogue(boot.catalogue, boot.locale);

const store = createStore(createState(boot.user, boot.preferences));
const chat = createChat(store, boot, {
  closeConversation: () => navigation.close(),
  renameConversation: (username) => navigation.rename(username),
  heard,
  sent: offer,
});
const navigation = createNavigation({ show: chat.show, cover });
const base = boot.slot ? boot.root.slice(0, -`/u/${boot.slot}`.length) : boot.root;

const bar = createBar(part("bar"), { close: navigation.close, openDetails });
const people = createPeopleList(part("people"), { open: navigation.open, more: chat.morePeople });
const log = createLog(part("log"), { ...chat, takePlace, moved: store.changed });
const composer = createComposer(part("composer"), { limit: boot.limits.body, draft: chat.draft, wrote: chat.wrote, send });
const account = createAccount(
  { self: part("self"), accounts: part("accounts"), menu: document.getElementById("menu") },
  { slot: boot.slot, accounts: accounts.known, addAddress: () => accounts.signInAddress(base) },
);
const frame = createFrame(
  { ...Object.fromEntries(["welcome", "tools", "composer", "gone", "details", "notice"].map((name) => [name, part(name)])),
    conversation: document.querySelector("[data-conversation]"),
    connection: document.querySelectorAll("[data-connection-line]") },
  { leave: () => location.replace(`${boot.root}/`), chooseTheme },
);
const details = lazily(
  (state) => state.open && (wide.matches || state.layer === "details"),
  async () => (await import("./parts/details.js")).createDetails(part("details"), { close: navigation.leave, describe: chat.describe, mute: chat.mute, changed: store.changed }),
);
const panel = lazily(
  (state) => state.layer?.startsWith("panel"),
  async () => (await import("./parts/panel.js")).createPanel(part("panel"), { ...chat, boot, store, navigation, chooseLocale }),
);

function send(conversation, body) {
  chat.send(conversation, body);
  log.toEnd();
}

// A part that few need is fetched when it is first wanted; `load` gives it.
function lazily(wanted, load) {
  const fetched = later(load);
  let made = null;

  async function make() {
    made = await fetched();
    store.changed();
  }

  return { draw: (state) => (made ? made.draw(state) : wanted(state) && make().catch(() => {})) };
}

function cover(layer) {
  store.state.layer = layer;
  store.changed();
}

function openDetails() {
  if (wide.matches) part("details").focus();
  else navigation.enter("details");
}

function openPanel() {
  document.getElementById("menu").hidePopover();
  navigation.enter(narrow.matches ? "panel" : "panel/profile");
}

function chooseTheme() {
  chat.looks.choose({ theme: chat.looks.nextTheme() }).catch((refusal) => refusal.endsSession && chat.ended(refusal));
}

// The new language comes with a new page; what one looks at is found again there. Drafts are kept anyway.
async function chooseLocale(locale) {
  await chat.api.chooseLocale(locale);
  sessionStorage.setItem(PLACE, JSON.stringify({ ...log.place, userId: store.state.open?.userId }));
  location.reload();
}

function takePlace({ peerId }) {
  const place = JSON.parse(sessionStorage.getItem(PLACE));
  sessionStorage.removeItem(PLACE);
  return place?.userId === peerId ? place : null;
}

// What the first screen does without is loaded when it is first of use. Offline that may fail, and is tried again.
function later(load) {
  let loading;
  return () => (loading ??= load().catch((error) => ((loading = undefined), Promise.reject(error))));
}

let badge = 0; // what the tab's picture shows
const noticed = later(async () => {
  const { createNoticed } = await import("./noticed.js");
  return createNoticed(store, { announcer: part("announcer"), attentive: chat.attentive, open: openAt, offer });
});
const keys = later(async () => {
  const { createKeys } = await import("./keys.js");
  return createKeys(store, { layer: part("layer"), open: goTo, toEnd: log.toEnd, find: chat.find });
});

function heard(conversation, message) {
  noticed().then((one) => one.arrived(conversation, message)).catch(() => {});
}

function drawBadge(unread) {
  if (unread === badge) return;
  badge = unread;
  import("./favicon.js").then((one) => one.drawBadge(badge)).catch(() => {}); // the count by then, whichever import ends first
}

function offer() {
  if (globalThis.Notification?.permission === "default") import("./offer.js").then((one) => one.offer(part("offer"))).catch(() => {});
}

function press(name) {
  keys().then((one) => one.press(name)).catch(() => {});
}

function goTo(username) {
  navigation.open(username);
  document.querySelector("[data-composer]").focus();
}

function openAt(username, seq) {
  goTo(username);
  chat.lookAt(seq);
}

function keyPressed(event) {
  const name = shortcut(event);
  if (!name) return;
  if (name === "escape") return closeTopmost();
  event.preventDefault();
  press(name);
}

function draw(state) {
  const offline = state.connection.lostAt !== null && Date.now() - state.connection.lostAt >= QUIET;
  frame.draw(state, { offline });
  account.draw(state);
  people.draw(state);
  bar.draw(state, { offline });
  composer.draw(state);
  log.draw(state);
  details.draw(state);
  panel.draw(state);
  const covered = state.layer && (state.layer !== "details" || narrow.matches);
  chat.drawn({ atEnd: log.atEnd && !covered });
  drawBadge(unreadInAll(state));
}

function searching(field, clear) {
  field.addEventListener("input", () => {
    clear.hidden = !field.value;
    chat.search(field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || event.altKey) return;
    event.preventDefault();
    people.enter();
  });
  clear.addEventListener("click", () => {
    field.value = "";
    field.dispatchEvent(new Event("input"));
    field.focus();
  });
}

function languageChosen(event) {
  event.preventDefault();
  chooseLocale(event.submitter.value).catch(() => event.target.submit());
}

// Safari on a phone lays its keyboard over the page instead of shrinking it.
function followKeyboard() {
  const { scale, height, offsetTop } = window.visualViewport;
  if (scale > 1) return; // a page that somebody enlarged stays where they put it
  document.body.style.setProperty("--visible", `${height}px`);
  document.body.style.setProperty("--covered", `${offsetTop}px`);
}

function signOut() {
  accounts.forget(boot.slot);
  chat.leave();
}

store.subscribe(draw);
window.addEventListener("keydown", keyPressed);
for (const touch of ["pointerdown", "keydown"]) window.addEventListener(touch, () => keys().catch(() => {}), { once: true });
document.querySelector("[data-show-keys]").addEventListener("click", () => press("help"));
accounts.remember(boot.slot, boot.user, boot.root);
searching(document.querySelector("[data-search]"), document.querySelector("[data-search-clear]"));
document.querySelector("[data-sign-out]").addEventListener("submit", signOut);
document.querySelector("[data-languages]").addEventListener("submit", languageChosen);
document.querySelector("[data-open-panel]").addEventListener("click", openPanel);
wide.addEventListener("change", store.changed);
for (const moved of ["resize", "scroll"]) window.visualViewport.addEventListener(moved, followKeyboard);
for (const moment of ["focus", "visibilitychange", "pageshow"]) window.addEventListener(moment, store.changed);
document.addEventListener("visibilitychange", store.changed);
setInterval(store.changed, MINUTE);

chat.start();
navigation.start();
