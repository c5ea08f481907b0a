// The one sound of the page: what plays, how far it is, how fast. Goes on with the next recording of the same person.

import { isOver, isWithin } from "./conversations.js";
import { filesOf } from "./media.js";
import { fileWords, nameOf } from "./pieces.js";
import * as storage from "./storage.js";
import { playTime } from "./times.js";

const SPEED = "parley.speed";
const SPEEDS = [1, 1.5, 2];
const RESTART = 250; // ms before the end from which playing means to begin anew

// `addressOf(file)` says where the sound is.
export function createPlaying(store, { addressOf }) {
  const { state, changed } = store;
  const audio = new Audio();
  const places = new Map(); // client_id → ms, of what was left or sought before it ends
  let ticking = null;
  audio.preload = "none";
  for (const event of ["play", "playing", "pause", "waiting", "error", "ended"]) audio.addEventListener(event, heard);
  for (const event of ["timeupdate", "seeked"]) audio.addEventListener(event, paint);
  setSpeed(SPEEDS.includes(storage.read(SPEED)) ? storage.read(SPEED) : 1);
  store.subscribe(check);

  const plays = (message) => state.playing?.message.client_id === message.client_id;
  const stateOf = (message) => (plays(message) ? state.playing.state : "idle");

  function toggle(message) {
    if (!plays(message) || state.playing.state === "failed") start(message);
    else if (audio.paused) play();
    else audio.pause();
  }

  function start(message) {
    leave();
    state.playing = { message, state: "loading" };
    audio.src = addressOf(message.file);
    audio.playbackRate = audio.defaultPlaybackRate;
    introduce(message);
    const from = places.get(message.client_id) ?? 0;
    if (from && from < message.file.duration - RESTART) audio.currentTime = from / 1_000;
    play();
  }

  // A refusal to play is told by the event "error"; a pause that comes before the beginning is none.
  function play() {
    audio.play().catch(() => {});
    changed();
  }

  // Where it was left is found again.
  function leave() {
    if (!state.playing) return;
    const { client_id: id } = state.playing.message;
    if (state.playing.state !== "failed") places.set(id, audio.currentTime * 1_000);
  }

  function stop() {
    leave();
    state.playing = null;
    audio.removeAttribute("src");
    audio.load();
    changed();
  }

  function heard({ type }) {
    if (!state.playing || !audio.hasAttribute("src")) return;
    if (type === "ended") return ended();
    state.playing.state = { play: "loading", waiting: "loading", playing: "playing", pause: "paused", error: "failed" }[type];
    cancelAnimationFrame(ticking);
    if (type === "playing") tick();
    changed();
  }

  function ended() {
    const { message } = state.playing;
    const next = nextOf(message);
    places.delete(message.client_id);
    state.playing = null;
    if (next) start(next);
    else changed();
  }

  // The next recording of the same person, whatever others said between.
  function nextOf({ client_id: id, room_id: roomId, sender }) {
    const all = filesOf(state, state.conversations.get(roomId), "audio");
    const here = all.findIndex((one) => one.client_id === id);
    return here < 0 ? undefined : all.slice(here + 1).find((one) => one.sender.id === sender.id);
  }

  // What is deleted, has expired or is no longer for this person falls silent.
  function check() {
    if (state.playing && !isThere(state.playing.message)) {
      places.delete(state.playing.message.client_id);
      stop();
    }
    paint();
  }

  function isThere({ room_id: roomId, seq, client_id: id, ...message }) {
    const conversation = state.conversations.get(roomId);
    if (!conversation || state.notice || isOver(state, message)) return false;
    if (seq === undefined) return [...conversation.whispers, ...conversation.pending, ...conversation.messages.values()].some((one) => one.client_id === id);
    if (seq <= conversation.clearedSeq) return false;
    const held = conversation.messages.get(seq) ?? conversation.media?.audio.messages.get(seq);
    return held ? !held.deleted_at : !isWithin(conversation, seq);
  }

  // `part` of the whole, 0 to 1.
  function seek(message, part) {
    const to = Math.min(Math.max(part, 0), 1) * lengthOf(message);
    if (plays(message)) audio.currentTime = Math.min(to, lengthOf(message) - 1) / 1_000;
    else places.set(message.client_id, to);
    paint();
  }

  const lengthOf = ({ file }) => file.duration ?? (Number.isFinite(audio.duration) ? audio.duration * 1_000 : 0);
  const placeOf = (message) => (plays(message) ? audio.currentTime * 1_000 : (places.get(message.client_id) ?? 0));

  function faster() {
    setSpeed(SPEEDS[(SPEEDS.indexOf(audio.defaultPlaybackRate) + 1) % SPEEDS.length]);
    storage.write(SPEED, audio.defaultPlaybackRate);
    changed();
  }

  function setSpeed(speed) {
    audio.defaultPlaybackRate = audio.playbackRate = speed;
  }

  function tick() {
    paint();
    ticking = requestAnimationFrame(tick);
  }

  // Moving a place many times a second is not worth drawing the page for: it is written where players show it.
  function paint() {
    for (const player of document.querySelectorAll("[data-sound]")) {
      const message = player.message;
      const [at, length] = [placeOf(message), lengthOf(message)];
      const slider = player.querySelector("[role=slider]");
      const words = plays(message) || at ? `${playTime(at)} / ${playTime(length)}` : playTime(length);
      player.style.setProperty("--at", length ? Math.min(1, at / length).toFixed(4) : 0);
      write(player.querySelector("[data-position]"), length || at ? words : "");
      if (!slider) continue;
      slider.setAttribute("aria-valuemax", Math.round(length / 1_000));
      slider.setAttribute("aria-valuenow", Math.round(at / 1_000));
      slider.setAttribute("aria-valuetext", `${playTime(at)} / ${playTime(length)}`);
    }
  }

  return { toggle, stop, seek, faster, stateOf, lengthOf, placeOf, get speed() { return audio.defaultPlaybackRate; } };
}

// What the system shows of it beside its own keys.
function introduce({ sender, file }) {
  if (navigator.mediaSession) navigator.mediaSession.metadata = new MediaMetadata({ title: fileWords(file), artist: nameOf(sender) });
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
