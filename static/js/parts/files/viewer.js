// Pictures as large as the screen: the thumbnail at once, the original when it has come; from one to the next with keys
// and fingers. What is shown stands in the address (`layer`), so that back closes it.

import { html, nothing, render, repeat } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { filesOf, isWhole } from "../../media.js";
import { boxOf } from "../../message.js";
import { icon, nameOf, shown } from "../../pieces.js";
import { clock, dayName, full } from "../../times.js";
import { nameOfPicture, previewOf } from "./picture.js";
import { createZoom } from "./zoom.js";

const NEAR_START = 2; // pictures before which older ones are asked for

// `actions`: look(message, {instead}), leave(), older(conversation), caption(message), addressOf(file, size).
export function createViewer(mount, store, actions) {
  const { changed } = store;
  const broken = new Set(); // ids of originals that could not be loaded
  let all = [];
  let at = -1; // which of them is shown
  let zoom = null;
  let leaving = false;
  let room = { width: innerWidth, height: innerHeight }; // that a picture has
  let drawn = null; // client_id of the picture on screen

  function draw(state) {
    const key = keyIn(state.layer);
    const conversation = state.open?.conversation;
    all = key ? filesOf(state, conversation, "image") : [];
    const found = all.findIndex((one) => one.client_id === key);
    if (key && found < 0) return missing(conversation);
    at = found;
    if (!key) return close();
    render(dialog(), mount);
    const box = mount.querySelector("dialog");
    if (!box.open) box.showModal();
    if (!isMeasured()) render(dialog(), mount); // with a caption under it there is less room
    zoom ??= createZoom(mount.querySelector("[data-stage]"), {
      pane: () => mount.querySelector("[data-pane]"), size: () => fitted(all[at].file), step, close: leave, changed,
    });
    if (drawn !== key) turned(key);
    if (at < NEAR_START && !isWhole(conversation, "image")) actions.older(conversation);
  }

  // It was deleted or has expired: its neighbour is shown, or nothing is left to see.
  function missing(conversation) {
    if (!conversation || conversation.from === Infinity || conversation.loading) return;
    const next = at >= 0 ? all[Math.min(at, all.length - 1)] : null;
    if (next) actions.look(next, { instead: true });
    else leave();
  }

  // Going back takes a moment, and may be asked for again meanwhile.
  function leave() {
    if (leaving) return;
    leaving = true;
    actions.leave();
  }

  function isMeasured() {
    const { clientWidth: width, clientHeight: height } = mount.querySelector("[data-stage]");
    const same = room.width === width && room.height === height;
    room = { width, height };
    return same;
  }

  // Closing gives the focus back to what had it.
  function close() {
    mount.querySelector("dialog")?.close();
    render(nothing, mount);
    [zoom, drawn, at, leaving] = [null, null, -1, false];
  }

  function turned(key) {
    drawn = key;
    zoom.reset();
    for (const { file } of [all[at - 1], all[at + 1]].filter(Boolean)) new Image().src = actions.addressOf(file, "large");
  }

  function dialog() {
    const message = all[at];
    const place = t("Picture %(number)s of %(count)s", { number: at + 1, count: all.length });
    const name = nameOfPicture(message);
    return html`<dialog class="viewer" data-viewer aria-label=${name} ?data-captioned=${Boolean(message.body)} @cancel=${cancelled} @keydown=${key}>
      <div class="viewer__stage" data-stage>${repeat([message], (one) => one.client_id, canvas)}</div>
      <div class="viewer__bar">
        <div class="viewer__who">
          <p class="viewer__name"><bdi>${nameOf(message.sender)}</bdi></p>
          <p class="viewer__when"><time datetime=${message.created_at} title=${full(message.created_at)}>${dayName(message.created_at)}, ${clock(message.created_at)}</time></p>
        </div>
        <p class="viewer__place" role="status" data-place><span aria-hidden="true">${all.length > 1 ? `${at + 1} / ${all.length}` : ""}</span><span class="visually-hidden">${place}: ${name}</span></p>
        ${tools(message)}
      </div>
      ${at > 0 ? turner("previous", "chevron-left", t("Previous picture"), -1) : nothing}
      ${at < all.length - 1 ? turner("next", "chevron-right", t("Next picture"), 1) : nothing}
      ${message.body ? html`<div class="viewer__caption" dir="auto" data-caption tabindex="0">${actions.caption(message)}</div>` : nothing}
    </dialog>`;
  }

  function tools({ file }) {
    const download = t("Download");
    const link = html`<a class="button button--icon" data-download href=${file.url ?? `${actions.addressOf(file)}?download=1`} download=${file.name} aria-label=${download} title=${download}>${icon("download")}</a>`;
    return html`<div class="viewer__tools">
      ${tool("zoom-out", "zoom-out", t("Farther"), () => zoom.farther(), (zoom?.scale ?? 1) <= 1)}
      ${tool("zoom-in", "zoom-in", t("Nearer"), () => zoom.nearer(), Boolean(zoom?.isNearest))}
      ${link}
      ${tool("close", "x", t("Close"), leave, false)}
    </div>`;
  }

  function tool(name, drawing, words, act, disabled) {
    return html`<button class="button button--icon" type="button" data-viewer-tool=${name} aria-label=${words} title=${words} aria-disabled=${disabled} ?autofocus=${name === "close"} @click=${act}>${icon(drawing)}</button>`;
  }

  function turner(name, drawing, words, by) {
    return html`<button class="button button--icon viewer__turn" type="button" data-turn=${name} aria-label=${words} title=${words} @click=${() => step(by)}>${icon(drawing)}</button>`;
  }

  function canvas({ file, client_id: id, ...message }) {
    const { width, height } = fitted(file);
    const thumbnail = document.querySelector(`[data-client-id="${CSS.escape(id)}"] .picture__image`)?.currentSrc || actions.addressOf(file, "large");
    const name = nameOfPicture({ ...message, file });
    const failed = () => {
      broken.add(file.id);
      changed();
    };
    return html`<div class="viewer__pane" data-pane>
      <div class="viewer__picture" .style=${`inline-size: ${width}px; block-size: ${height}px; ${previewOf(file)}`}>
        <img class="viewer__thumbnail" src=${thumbnail} alt="" draggable="false" />
        ${broken.has(file.id) ? trouble(file) : html`<img class="viewer__original" data-original src=${actions.addressOf(file)} alt=${name} draggable="false" @load=${shown} @error=${failed} />`}
      </div>
    </div>`;
  }

  function trouble({ id }) {
    const again = () => {
      broken.delete(id);
      changed();
    };
    return html`<p class="viewer__trouble" role="alert">${icon("image-off")}${t("The picture could not be loaded.")}
      <button class="button button--small" type="button" data-original-again @click=${again} @pointerdown=${(event) => event.stopPropagation()}>${icon("rotate-cw")}${t("Try again")}</button></p>`;
  }

  // As large as there is room for; a small one is not blown up.
  function fitted(file) {
    const { width, height } = file.width ? file : boxOf(file);
    const scale = Math.min(1, room.width / width, room.height / height);
    return { width: Math.max(1, width * scale), height: Math.max(1, height * scale), pixels: width };
  }

  // From the one that is asked for, which may not be drawn yet.
  function step(by) {
    const here = all.findIndex((one) => one.client_id === keyIn(store.state.layer));
    const next = all[here + by];
    if (next) actions.look(next, { instead: true });
  }

  // Escape leads back, as the button does.
  function cancelled(event) {
    event.preventDefault();
    leave();
  }

  function key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const turned = getComputedStyle(mount).direction === "rtl" ? -1 : 1;
    const act = {
      ArrowRight: () => step(turned), ArrowLeft: () => step(-turned), PageDown: () => step(1), PageUp: () => step(-1),
      "+": () => zoom.nearer(), "=": () => zoom.nearer(), "-": () => zoom.farther(), 0: () => zoom.fit(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  window.addEventListener("resize", () => drawn && (zoom.reset(), changed()));

  return { draw };
}

// The picture that the layer names, by its message's client_id.
const keyIn = (layer) => /picture\/(.+)$/.exec(layer ?? "")?.[1] ?? null;
