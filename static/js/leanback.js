// Lean-back reading: a conversation that nobody touches goes slowly towards its past by itself. Any touch ends it.
// It scrolls as a hand would: what is loaded and kept in place on the way is the log's affair. Nothing counts as read by it.

import { t } from "./i18n.js";
import { styled } from "./pieces.js";
import { NEAR } from "./scroll.js";
import { shortcut } from "./shortcuts.js";

const SPEED = 32; // px a second: an unhurried reader's
const LONGEST = 100; // ms between two frames that count: after a pause it goes on and does not leap
const TURN = 0.8; // of what is visible, at once, for whoever wants no motion
const TOUCHES = ["wheel", "pointerdown", "touchstart", "keydown", "focusin", "dragenter"];
const HELD = ["Alt", "Control", "Shift", "Meta"]; // keys that do nothing by themselves

// `mount` is the part that holds the log; `leave()` takes away the details that lie over it.
export function createLeanBack(store, { mount, leave }) {
  const { state, changed } = store;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let going = null; // {conversation, log, sign, awake, frame, leaving, last, owed}

  async function toggle() {
    if (state.leaning) return stop();
    state.leaning = true;
    await Promise.all([styled("leanback.css").catch(() => {}), uncovered()]);
    if (state.open?.conversation && state.leaning) start(state.open.conversation);
    else state.leaning = false;
    changed();
  }

  // On a narrow screen the details cover it; what had the focus before them gets it back first.
  async function uncovered() {
    if (state.layer === "details") {
      const gone = new Promise((resolve) => addEventListener("popstate", resolve, { once: true }));
      leave();
      await gone;
    }
    await nextFrame();
    await nextFrame();
  }

  function start(conversation) {
    const log = mount.querySelector("[data-log]");
    log.focus({ preventScroll: true });
    const awake = navigator.wakeLock?.request("screen").catch(() => null); // a screen that nobody touches would go dark
    going = { conversation, log, awake, sign: showSign(), last: performance.now(), owed: 0 };
    going.frame = requestAnimationFrame(step);
    for (const touch of TOUCHES) window.addEventListener(touch, touched, { capture: true, passive: touch !== "keydown" });
  }

  function stop() {
    state.leaning = false;
    changed();
    if (!going) return;
    for (const touch of TOUCHES) window.removeEventListener(touch, touched, { capture: true });
    cancelAnimationFrame(going.frame);
    clearTimeout(going.leaving);
    going.sign.remove();
    going.awake?.then((lock) => lock?.release());
    going = null;
  }

  // The switch and the key that began it end it by themselves.
  function touched(event) {
    if (HELD.includes(event.key) || event.repeat || shortcut(event) === "leanBack" || event.target.closest?.("[data-lean-back]")) return;
    if (event.key === "Escape") event.preventDefault(); // and closes nothing besides
    stop();
  }

  // What a frame owes may be less than the browser moves by; it is kept for the next.
  function step(now) {
    if (!goesOn()) return stop();
    const { log } = going;
    going.owed += (SPEED * Math.min(Math.max(now - going.last, 0), LONGEST)) / 1000;
    going.last = now;
    if (fromEnd() <= NEAR) going.leaving = setTimeout(leaveEnd);
    else if (!still.matches || going.owed >= log.clientHeight * TURN) move();
    going.frame = requestAnimationFrame(step);
  }

  // There the log holds its reader fast with each drawing. One leaves by a step, and as a hand does, between two frames:
  // the log hears of it before it draws again.
  function leaveEnd() {
    going.owed = NEAR + 1 - fromEnd();
    if (going.owed > 0) move();
  }

  function move() {
    const { log, owed } = going;
    const before = log.scrollTop;
    log.scrollTop = before - owed;
    going.owed = log.scrollTop > 0 ? owed - (before - log.scrollTop) : 0;
  }

  function fromEnd() {
    const { scrollHeight, scrollTop, clientHeight } = going.log;
    return scrollHeight - scrollTop - clientHeight;
  }

  // Until the beginning, or while what lies before is on its way.
  function goesOn() {
    const { conversation, log } = going;
    const atStart = log.scrollTop <= 0 && (conversation.complete || conversation.error);
    return !atStart && state.open?.conversation === conversation && !state.layer && !state.notice && !document.hidden;
  }

  // An announcement is heard of a region that was there before its words.
  function showSign() {
    const sign = document.createElement("p");
    sign.className = "leaning";
    sign.dataset.leaning = "";
    sign.setAttribute("role", "status");
    mount.append(sign);
    requestAnimationFrame(() => (sign.textContent = t("Reading back by itself. Any touch or key stops it.")));
    return sign;
  }

  document.addEventListener("visibilitychange", () => document.hidden && going && stop()); // a hidden page has no frames

  return { toggle };
}

const nextFrame = () => new Promise(requestAnimationFrame);
