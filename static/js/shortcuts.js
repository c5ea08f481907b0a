// Which keys are the page's own. What they do is in keys.js, loaded when somebody first touches the page.

// What one Escape after another closes, from the top: the pictures and the sound of a conversation, details, the search in a
// conversation, search, on a phone the conversation; for whoever is in the list, first the search there. Dialogs and menus
// close by themselves. Where nothing is to be closed, one writes on.
const LADDER = ["[data-media-close]", "[data-details-close]", "[data-seek-close]", "[data-search-clear]", "[data-back]"];

export function closeTopmost() {
  const ladder = document.activeElement?.closest("[data-region=list]") ? ["[data-search-clear]", ...LADDER] : LADDER;
  const rung = ladder.map((selector) => document.querySelector(selector)).find((one) => one?.checkVisibility());
  if (rung) rung.click();
  else document.querySelector("[data-composer]").focus();
}

// "escape", a name of keys.js, or null. Never while an input method is composing, nor in a dialog, which has keys of its own.
export function shortcut(event) {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return null;
  const held = ["ctrlKey", "metaKey", "altKey"].filter((name) => event[name]).join();
  if (held === "") return plain(event);
  if (held === "altKey" && letter(event) === "j") return "day";
  if (held === "altKey") return { ArrowUp: "previousConversation", ArrowDown: "nextConversation", End: "newest", PageUp: "leanBack" }[event.key] ?? null;
  if (!["ctrlKey", "metaKey"].includes(held) || event.shiftKey) return null;
  if (letter(event) === "k") return "switcher";
  if (letter(event) === "f") return event.target.closest?.("[data-seek-field], [data-search]") ? null : "seek"; // the second time, the browser's own
  return event.code === "Slash" || event.key === "/" ? "help" : null;
}

function plain(event) {
  if (event.key === "F6") return event.shiftKey ? "previousRegion" : "nextRegion";
  if (event.key === "Escape") return document.querySelector(":popover-open") ? null : "escape";
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return null;
  return { "?": "help", End: "newest" }[event.key] ?? null;
}

// The Latin letter of the key, also while another alphabet is chosen.
function letter({ key, code }) {
  return /^\p{Script=Latin}$/u.test(key) ? key.toLowerCase() : code.replace("Key", "").toLowerCase();
}
