// Wires the chat: what the server put into the page, one state, the services around it, the parts that draw it.

import * as accounts from "./accounts.js";
import { QUIET, createChat } from "./chat.js";
import { loadCatalogue, t } from "./i18n.js";
import { createNavigation, placeIn } from "./navigation.js";
import { createAccount } from "./parts/account.js";
import { createBar } from "./parts/bar.js";
import { createComposer } from "./parts/composer.js";
import { createFrame } from "./parts/frame.js";
import { createLog } from "./parts/log.js";
import { createPeopleList } from "./parts/people.js";
import { useRoot } from "./pieces.js";
import { closeTopmost, shortcut } from "./shortcuts.js";
import { createState } from "./state.js";
import { createStore } from "./store.js";

const MINUTE = 60_000;
const PLACE = "parley.place";

const boot = JSON.parse(document.getElementById("boot").textContent);
const part = (name) => document.querySelector(`[data-part="${name}"]`);

const wide = matchMedia("(width >= 1200px)");
const narrow = matchMedia("(width < 720px)");

useRoot(boot.root);
await loadCatalogue(boot.catalogue, boot.locale);

const store = createStore(createState(boot.user, boot.preferences));
const chat = createChat(store, boot, {
  closeConversation: () => navigation.close(),
  renameConversation: (place) => navigation.rename(place),
  heard,
  act,
  sent: offer,
  roomGone: (...told) => aboutRooms("gone")(...told),
  noRoom: () => aboutRooms("missing")(),
});
const navigation = createNavigation({ show: chat.show, cover, sought });
const accept = Object.values(boot.limits.files.formats).flatMap(({ types, extensions }) => [...types, ...extensions]).join();
const base = boot.slot ? boot.root.slice(0, -`/u/${boot.slot}`.length) : boot.root;

const bar = createBar(part("bar"), { close: navigation.close, openDetails, seek });
let searchedMeanwhile = false; // in the field over the list, while a conversation was open
const searchField = document.querySelector("[data-search]");
const people = createPeopleList({ list: part("people"), field: searchField, clear: document.querySelector("[data-search-clear]") }, {
  open: navigation.open,
  search,
  more: () => (store.state.search.text ? finding.made?.more() : chat.morePeople()),
  messages: () => finding.made?.messages() ?? { drawing: null, some: false, loading: true },
  join: aboutRooms("join"),
  createRoom: aboutRooms("create"),
});
const log = createLog(part("log"), { ...chat, takePlace, moved: store.changed, jump, missing: act("missing"), react: act("react"), calendar: pickDay, files: () => files.made ?? files.load(), found: (tree, message) => finding.made?.marked(tree, message) ?? tree });
const composer = createComposer(part("composer"), { limit: boot.limits.body, fileLimits: boot.limits.files, accept, ...chat, act, attach, jump, send, sendFiles });
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
  async () => {
    const [{ createDetails }, dialogs] = await Promise.all([import("./parts/details.js"), roomDialogs()]);
    return createDetails(part("details"), { close: navigation.leave, describe: chat.describe, mute: chat.mute, changed: store.changed, leanBack, whisper, files: () => files.made ?? files.load(), jump: fromDetails, ...dialogs.forDetails });
  },
);
const panel = lazily(
  (state) => state.layer?.startsWith("panel"),
  async () => (await import("./parts/panel.js")).createPanel(part("panel"), { ...chat, boot, store, navigation, chooseLocale, pictures }),
);
const files = lazily(
  (state) => state.layer?.includes("picture/"),
  async () => (await import("./files.js")).createFiles(store, { ...chat, mount: part("viewer"), now: part("now"), open: openAt, enter: navigation.enter, leave: navigation.leave }),
);

const finding = lazily(
  (state) => state.search.text || state.seek,
  async () => (await import("./finding.js")).createFinding(store, { ...chat, mount: part("seek"), field: searchField, navigation }),
);

// The next message, or what is written instead of one.
function send(conversation, body) {
  const { kind } = store.state.writing.get(conversation.id) ?? {};
  if (kind) act("submit")(conversation, body);
  else chat.send(conversation, body);
  if (kind !== "edit") log.toEnd();
}

// For avatars. What was uploaded and not taken is removed by the server.
const pictures = { limits: boot.limits.files, upload: async (...given) => (await chat.uploads()).send(...given) };

// Files go where the next message would.
async function sendFiles(conversation, files, caption) {
  if (store.state.writing.has(conversation.id)) await act("submitFiles")(conversation, files, caption);
  else await chat.sendFiles(conversation, files, caption);
  log.toEnd();
}

// From the list of people, which on a narrow screen lies over the conversation.
function whisper(person) {
  if (store.state.layer === "details") navigation.leave();
  chat.whisperTo(store.state.open.conversation, person);
}

function jump(seq) {
  chat.lookAt(seq, { enter: true });
}

// Search where one is: in the open conversation, or everywhere.
function seek() {
  if (store.state.open?.conversation) navigation.seek("");
  else searchField.focus();
}

function search(text) {
  searchedMeanwhile = Boolean(store.state.open);
  chat.search(text);
}

// The address says what is looked for. What was typed over the list while a conversation was open stays when it is closed.
function sought(q, place) {
  const { seek: before } = store.state;
  const where = JSON.stringify(place);
  const seq = before?.text === q && before.place === where ? before.seq : null;
  store.state.seek = place && q !== null ? { text: q, seq, place: where } : null;
  if (!place && searchedMeanwhile) keepSearch();
  else if (!place) people.look(q ?? "");
  store.changed();
}

function keepSearch() {
  searchedMeanwhile = false;
  navigation.seek(store.state.search.text || null, { everywhere: true });
}

// The details may lie over it.
function fromDetails(seq) {
  if (store.state.layer === "details") navigation.leave();
  jump(seq);
}

// A part that few need is fetched when it is first wanted; `load` gives it.
function lazily(wanted, load) {
  const fetched = later(load);
  const part = { made: null, load: () => (make().catch(() => {}), null), draw };
  return part;

  async function make() {
    part.made = await fetched();
    store.changed();
  }

  function draw(state) {
    if (part.made) part.made.draw(state);
    else if (wanted(state)) part.load();
  }
}

function cover(layer) {
  store.state.layer = layer;
  store.changed();
}

function openDetails() {
  if (wide.matches) part("details").focus();
  else navigation.enter("details");
}

function openPanel(section) {
  document.getElementById("menu").hidePopover();
  navigation.enter(section);
}

function chooseTheme() {
  chat.looks.choose({ theme: chat.looks.nextTheme() }).catch((refusal) => refusal.endsSession && chat.ended(refusal));
}

// The new language comes with a new page; what one looks at is found again there. Drafts are kept anyway.
async function chooseLocale(locale) {
  await chat.api.chooseLocale(locale);
  sessionStorage.setItem(PLACE, JSON.stringify({ ...log.place, roomId: store.state.open?.conversation?.id }));
  location.reload();
}

function takePlace({ id }) {
  const place = JSON.parse(sessionStorage.getItem(PLACE));
  sessionStorage.removeItem(PLACE);
  return place?.roomId === id ? place : null;
}

// What the first screen does without is loaded when it is first of use. Offline that may fail, and is tried again.
function later(load) {
  let loading;
  return () => (loading ??= load().catch((error) => ((loading = undefined), Promise.reject(error))));
}

const noticed = later(async () => {
  const { createNoticed } = await import("./noticed.js");
  return createNoticed(store, { announcer: part("announcer"), attentive: chat.attentive, open: openAt, offer });
});
const life = later(async () => {
  const { createLife } = await import("./life.js");
  return createLife(store, { ...chat, heard: (...given) => noticed().then((one) => one.whispered(...given)).catch(() => {}) });
});
const tools = later(async () => {
  const [{ createMessageTools }, actions] = await Promise.all([import("./parts/message_tools.js"), life()]);
  return createMessageTools(part("log"), store, { ...actions, confirm: async (question) => (await roomDialogs()).confirm(question) });
});
const keys = later(async () => {
  const { createKeys } = await import("./keys.js");
  return createKeys(store, { layer: part("layer"), open: goTo, toEnd: log.toEnd, find: chat.find, seek, leanBack });
});

const attaching = later(async () => {
  const { createAttaching } = await import("./attach.js");
  return createAttaching(store, { ...chat, limits: boot.limits, accept, layer: part("layer"), conversation: document.querySelector("[data-conversation]"), send: sendFiles, sends: composer.sends, written: composer.clear });
});
const roomDialogs = later(async () => {
  const { createRoomDialogs } = await import("./room_dialogs.js");
  return createRoomDialogs(store, { ...chat, layer: part("layer"), toasts: part("toast"), open: goTo, close: navigation.close, root: boot.root, guests: boot.guests, pictures });
});
const calendar = later(async () => {
  const { createCalendar } = await import("./parts/calendar.js");
  return createCalendar(part("layer"), { ...chat, state: store.state });
});
const expiry = later(async () => {
  const { createExpiry } = await import("./expiry.js");
  return createExpiry(store, { refresh: chat.refresh });
});

const leaning = later(async () => (await import("./leanback.js")).createLeanBack(store, { mount: part("log"), leave: navigation.leave }));

function leanBack() {
  leaning().then((one) => one.toggle()).catch(needsConnection);
}

// Something that room_dialogs.js does, once it is there.
function aboutRooms(name) {
  return (...given) => roomDialogs().then((one) => one[name](...given), needsConnection);
}

// A function of life.js, which is loaded when it is first called.
function act(name) {
  return (...given) => life().then((one) => one[name](...given), needsConnection);
}

function needsConnection() {
  const { open } = store.state;
  store.state.remark = open?.conversation && { roomId: open.conversation.id, words: t("This needs a connection. Try again.") };
  store.changed();
}

function heard(conversation, message) {
  noticed().then((one) => one.arrived(conversation, message)).catch(() => {});
}

function offer() {
  if (globalThis.Notification?.permission === "default") import("./offer.js").then((one) => one.offer(part("offer"))).catch(() => {});
}

function attach(files) {
  attaching().then((one) => one.offer(files)).catch(needsConnection);
}

// A file that is dropped beside its place does not take the page's.
function dragged(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  attaching().catch(() => {});
}

// From the text box, or where no text is written. What has words too, as a table does, is pasted as them.
function pasted(event) {
  const { files, types } = event.clipboardData;
  const elsewhere = event.target.closest("input, textarea:not([data-composer]), dialog");
  if (!files.length || types.includes("text/plain") || elsewhere) return;
  event.preventDefault();
  attach([...files]);
}

function pickDay(at) {
  calendar().then((one) => one.open(at)).catch(needsConnection);
}

// A link to a message here leads there, without another page.
function linkFollowed(event) {
  const link = event.target.closest("a[href]");
  const place = link?.href.startsWith(`${location.origin}${base}/#/`) && placeIn(link.hash);
  if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  navigation.open(place);
  if (place.seq) chat.lookAt(place.seq);
}

function press(name) {
  keys().then((one) => one.press(name)).catch(() => {});
}

function goTo(place) {
  navigation.open(place);
  document.querySelector("[data-composer]").focus();
}

function openAt(place, seq) {
  goTo(place);
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
  files.draw(state);
  finding.draw(state);
  if (state.ending.size) expiry().catch(() => {});
  const covered = state.layer && (state.layer !== "details" || narrow.matches);
  chat.drawn({ atEnd: log.atEnd && !covered && !state.seek && !state.leaning, looksAt: log.place?.seq ?? null }); // who searches or leans back does not read
}

function roomsMenu({ target, currentTarget: menu }) {
  const wanted = target.closest("[data-do]")?.dataset.do;
  if (!wanted) return;
  menu.hidePopover();
  aboutRooms(wanted)();
}

function languageChosen(event) {
  event.preventDefault();
  chooseLocale(event.submitter.value).catch(() => event.target.submit());
}

function signOut() {
  accounts.forget(boot.slot);
  chat.leave();
}

store.subscribe(draw);
window.addEventListener("keydown", keyPressed);
window.addEventListener("paste", pasted);
for (const moment of ["dragenter", "dragover", "drop"]) window.addEventListener(moment, dragged);
for (const touch of ["pointerdown", "keydown"]) window.addEventListener(touch, () => keys().catch(() => {}), { once: true });
for (const touch of ["pointerover", "pointerdown", "focusin"]) part("log").addEventListener(touch, () => tools().catch(() => {}), { once: true });
for (const touch of ["pointerdown", "keydown"]) window.addEventListener(touch, () => tools().catch(() => {}), { once: true });
searchField.addEventListener("focus", () => finding.load(), { once: true });
part("log").addEventListener("click", linkFollowed);
searchField.addEventListener("input", () => (searchField.dataset.used = ""), { once: true });
document.querySelector("[data-show-keys]").addEventListener("click", () => press("help"));
accounts.remember(boot.slot, boot.user, boot.root);
document.querySelector("[data-sign-out]").addEventListener("submit", signOut);
document.querySelector("[data-languages]").addEventListener("submit", languageChosen);
document.querySelector("[data-open-panel]").addEventListener("click", () => openPanel(narrow.matches ? "panel" : "panel/profile"));
document.querySelector("[data-become-member]")?.addEventListener("click", () => openPanel("panel/membership"));
document.getElementById("rooms-menu").addEventListener("click", roomsMenu);
wide.addEventListener("change", store.changed);
for (const moment of ["focus", "visibilitychange", "pageshow"]) window.addEventListener(moment, store.changed);
document.addEventListener("visibilitychange", store.changed);
setInterval(store.changed, MINUTE);

chat.start();
navigation.start();
