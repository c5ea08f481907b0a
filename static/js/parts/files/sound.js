// A sound in its bubble: a recording as a waveform, music with its name; played where it stands.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { fileWords, icon } from "../../pieces.js";
import { sizeWords } from "../../times.js";
import { progress } from "./progress.js";

const STEP = 5; // seconds of an arrow key
const LEAP = 0.1; // of the whole, of a page key
const BARS = 48;
const [PITCH, HIGH, LOW] = [4, 28, 3]; // of a bar, in the drawing's own units
const paths = new WeakMap(); // waveform → its drawing

// `actions`: playing (playing.js), discard(message).
export function sound(message, { playing, discard }) {
  const { file, upload } = message;
  const now = playing.stateOf(message);
  return html`<div class="sound" data-sound data-state=${now} ?data-voice=${file.voice} .message=${message}>
    ${upload ? progress(message, { discard }) : playButton(message, now, playing)}
    <div class="sound__body">
      ${file.voice ? nothing : html`<p class="sound__name" title=${file.name}><bdi>${file.name}</bdi></p>`}
      ${upload && !file.waveform ? nothing : slider(message, playing)}
      <p class="sound__facts"><span class="sound__position" data-position></span>${facts(file, upload)}${now === "idle" ? nothing : speed(playing)}</p>
      ${now === "failed" ? trouble(message, playing) : nothing}
    </div>
  </div>`;
}

export function playButton(message, now, { toggle }) {
  const lively = now === "playing" || now === "loading";
  const words = lively ? t("Pause") : t("Play");
  const label = `${words}: ${fileWords(message.file)}`;
  return html`<button class="sound__play" type="button" data-play aria-label=${label} title=${words} aria-busy=${now === "loading"} @click=${() => toggle(message)}>${icon(lively ? "pause" : "play")}</button>`;
}

function facts({ voice, size, portable }, upload) {
  const strange = t("This recording may not play in every browser.");
  return [
    voice || upload ? nothing : html`<span class="sound__size">${sizeWords(size)}</span>`,
    portable === false ? html`<span class="sound__strange" data-not-portable title=${strange}>${icon("circle-alert")}<span class="visually-hidden">${strange}</span></span>` : nothing,
  ];
}

// Time runs from left to right in players everywhere.
function slider(message, playing) {
  const drawing = waves(message.file);
  return html`<div
    class="sound__slider"
    dir="ltr"
    role="slider"
    tabindex="0"
    aria-label=${t("Position")}
    aria-valuemin="0"
    data-seek
    @pointerdown=${(event) => drag(event, message, playing)}
    @keydown=${(event) => key(event, message, playing)}
  >${drawing ? wave(drawing) : html`<span class="sound__line"></span>`}</div>`;
}

function wave({ width, path }) {
  return html`<svg class="sound__wave" viewBox=${`0 0 ${width} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true"><path class="sound__ahead" d=${path}></path></svg
    ><svg class="sound__wave sound__done" viewBox=${`0 0 ${width} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true"><path d=${path}></path></svg>`;
}

function waves({ waveform }) {
  if (!waveform?.length) return null;
  if (!paths.has(waveform)) paths.set(waveform, { width: BARS * PITCH, path: barsOf(waveform).map(bar).join("") });
  return paths.get(waveform);
}

// As many bars as there is room for, the highest of those each stands for.
function barsOf(waveform) {
  const count = Math.min(BARS, Math.max(waveform.length, 1));
  return Array.from({ length: BARS }, (_, index) => {
    const place = Math.floor((index * count) / BARS);
    const from = Math.floor((place * waveform.length) / count);
    const to = Math.max(from + 1, Math.floor(((place + 1) * waveform.length) / count));
    return Math.max(...waveform.slice(from, to));
  });
}

function bar(height, index) {
  const half = Math.max((height / 100) * (HIGH - LOW), 0) / 2;
  return `M${index * PITCH + PITCH / 2} ${(HIGH / 2 - half - 0.01).toFixed(2)}V${(HIGH / 2 + half + 0.01).toFixed(2)}`;
}

function speed({ speed: now, faster }) {
  const words = t("Speed %(speed)s", { speed: now });
  return html`<button class="sound__speed" type="button" data-speed=${now} aria-label=${words} title=${words} @click=${faster}>${now}×</button>`;
}

function trouble(message, { toggle }) {
  return html`<p class="sound__trouble" role="alert" data-sound-trouble>${t("This recording could not be played.")}
    <button class="button button--small" type="button" data-sound-again @click=${() => toggle(message)}>${icon("rotate-cw")}${t("Try again")}</button></p>`;
}

function drag(event, message, { seek }) {
  const box = event.currentTarget;
  if (event.button) return;
  const to = ({ clientX }) => {
    const { left, width } = box.getBoundingClientRect();
    seek(message, (clientX - left) / width);
  };
  const done = () => box.removeEventListener("pointermove", to);
  box.setPointerCapture(event.pointerId);
  box.addEventListener("pointermove", to);
  for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, done, { once: true });
  to(event);
}

function key(event, message, { seek, toggle, lengthOf, placeOf }) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const length = lengthOf(message);
  const at = length ? placeOf(message) / length : 0;
  const step = length ? (STEP * 1_000) / length : 0;
  const to = {
    ArrowRight: at + step, ArrowUp: at + step, ArrowLeft: at - step, ArrowDown: at - step,
    PageUp: at + LEAP, PageDown: at - LEAP, Home: 0, End: 1,
  }[event.key];
  if (to === undefined && event.key !== " " && event.key !== "Enter") return;
  event.preventDefault();
  event.stopPropagation();
  if (to === undefined) toggle(message);
  else seek(message, to);
}
