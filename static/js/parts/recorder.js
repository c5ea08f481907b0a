// A voice message in the making, in the place of the text box: it is heard, paused, listened to, gone on with, sent or thrown away.

import { html, nothing, render } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { icon, styled } from "../pieces.js";
import { bars, canRecord, startRecording } from "../recording.js";
import { playTime } from "../times.js";

const SHORTEST = 0.5; // seconds
const BAR = 3; // px, and the gap after it
const GAP = 2;
const MEGA = 1024 * 1024;

// `send(conversation, files, caption)` takes the recording, `say(words)` tells what is in the way, `ended()` hears that one can write on.
export function createRecorder(mount, { send, limits, say, ended }) {
  let recording = null;
  let home = null; // the conversation it is for
  let shown = null;
  let state = "none"; // asking, recording, paused, sending
  let listening = null; // the sound, while it is listened to
  let waiting = null; // what is recorded and could not be handed over yet

  async function start(conversation) {
    if (state !== "none") return home !== conversation && say(t("A recording in another conversation is not sent yet."));
    if (!canRecord()) return say(window.isSecureContext ? t("This browser cannot record sound.") : t("Sound can be recorded only over a secure connection (https)."));
    await styled("attach.css");
    [home, state] = [conversation, "asking"];
    turned();
    try {
      recording = await startRecording({ most: limits.audio_max, heard, full });
    } catch (error) {
      over();
      return say(wordsOf(error));
    }
    state = "recording";
    window.addEventListener("beforeunload", warn);
    turned();
    mount.querySelector("[data-pause]").focus();
  }

  function full() {
    if (state === "recording") pause();
    say(t("Recordings may be at most %(size)s MB large.", { size: Math.floor(limits.audio_max / MEGA) }));
  }

  async function pause() {
    recording.pause();
    state = "paused";
    turned();
    mount.querySelector("[data-listen]").focus();
  }

  function resume() {
    hush();
    recording.resume();
    state = "recording";
    turned();
    mount.querySelector("[data-pause]").focus();
  }

  async function listen() {
    if (listening) return hush();
    const url = URL.createObjectURL(waiting?.blob ?? (await recording.sofar()));
    listening = new Audio(url);
    listening.addEventListener("timeupdate", heard);
    for (const end of ["ended", "error"]) listening.addEventListener(end, hush);
    listening.play().catch(hush);
    turned();
  }

  function hush() {
    if (!listening) return;
    listening.pause();
    URL.revokeObjectURL(listening.src);
    listening = null;
    turned();
  }

  async function finish() {
    if (state === "sending") return;
    if (recording.seconds < SHORTEST) return throwAway(t("That was too short."));
    hush();
    state = "sending";
    turned();
    waiting ??= await recording.finish();
    try {
      await send(home, [waiting], "");
      over();
    } catch {
      state = "paused";
      turned();
      say(t("This needs a connection. Try again."));
    }
  }

  function throwAway(words = "") {
    hush();
    recording?.cancel();
    over();
    say(words);
  }

  function over() {
    window.removeEventListener("beforeunload", warn);
    [recording, home, waiting, state] = [null, null, null, "none"];
    turned();
    ended();
  }

  // Whoever turns to another conversation is not recorded there.
  function draw(conversation) {
    if (conversation === shown) return;
    shown = conversation;
    if (state === "recording" && shown !== home) {
      recording.pause();
      state = "paused";
    }
    hush();
    turned();
  }

  function turned() {
    shown ??= home;
    const here = state !== "none" && home === shown;
    mount.hidden = !here;
    mount.closest("form").toggleAttribute("data-recording", here);
    render(here ? content() : nothing, mount);
    if (here) heard();
  }

  // A new level, or a new place in what one listens to.
  function heard() {
    const canvas = mount.querySelector("canvas");
    if (!canvas || !recording) return;
    const time = listening ? listening.currentTime : recording.seconds;
    mount.querySelector("[data-time]").textContent = playTime(time * 1_000);
    paint(canvas, recording.levels, state === "recording" ? null : (listening?.currentTime ?? 0) / recording.seconds);
  }

  function key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (state === "recording") pause();
    else hush();
  }

  function content() {
    if (state === "asking") return html`<p class="recorder__words" role="status">${t("Allow the microphone to record.")}</p>`;
    const [gone, sent] = [t("Throw the recording away"), t("Send")];
    const words = state === "recording" ? t("Recording") : t("Paused");
    return html`<div class="recorder" role="group" aria-label=${t("Voice message")} data-recording-state=${state} @keydown=${key}>
      <button class="button button--icon" type="button" data-throw-away aria-label=${gone} title=${gone} @click=${() => throwAway()}>${icon("trash-2")}</button>
      ${state === "recording" ? html`<span class="recorder__dot" aria-hidden="true"></span>` : listenButton()}
      <span class="recorder__time" role="timer" data-time></span>
      <canvas class="recorder__wave" aria-hidden="true"></canvas>
      ${state === "recording" ? pauseButton() : resumeButton()}
      <button class="composer__send" type="button" data-send-recording aria-label=${sent} title=${sent} aria-disabled=${state === "sending"} @click=${finish}>${icon("arrow-up")}</button>
      <span class="visually-hidden" role="status">${words}</span>
    </div>`;
  }

  function listenButton() {
    const words = listening ? t("Stop listening") : t("Listen");
    return html`<button class="button button--icon recorder__listen" type="button" data-listen aria-label=${words} title=${words} @click=${listen}>${listening ? icon("square") : icon("play")}</button>`;
  }

  function pauseButton() {
    const words = t("Pause and listen");
    return html`<button class="button button--icon recorder__pause" type="button" data-pause aria-label=${words} title=${words} @click=${pause}>${icon("pause")}</button>`;
  }

  function resumeButton() {
    const words = t("Go on recording");
    return html`<button class="button button--icon recorder__pause" type="button" data-resume ?disabled=${Boolean(waiting)} aria-label=${words} title=${words} @click=${resume}>${icon("mic")}</button>`;
  }

  return { start, draw };
}

// What is not sent is lost with the page.
function warn(event) {
  event.preventDefault();
}

function wordsOf({ name }) {
  if (name === "NotFoundError") return t("No microphone was found.");
  if (name === "NotReadableError") return t("The microphone cannot be used just now: another program may have it.");
  return t("The microphone may not be used here. Allow it for this page in the browser’s settings, and try again.");
}

// While one records, the last seconds; afterwards the whole, with what was listened to in a stronger colour.
function paint(canvas, levels, listened) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  if (canvas.width !== Math.round(width * scale)) Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
  const most = Math.max(1, Math.floor(width / (BAR + GAP)));
  const shown = listened === null ? levels.slice(-most).map((level) => 100 * level) : bars(levels, most);
  const pitch = listened === null ? BAR + GAP : width / Math.max(1, shown.length); // a short one fills its place too
  const { color } = getComputedStyle(canvas);
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = color;
  const from = listened === null ? width - shown.length * pitch : 0;
  shown.forEach((level, index) => {
    const tall = Math.max(BAR, (level / 100) * height);
    pen.globalAlpha = listened === null || index / shown.length < listened ? 1 : 0.4;
    pen.beginPath();
    pen.roundRect(from + index * pitch, (height - tall) / 2, BAR, tall, BAR / 2);
    pen.fill();
  });
}
