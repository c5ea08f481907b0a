// The square of a picture that becomes an avatar: moved and enlarged by pointer, fingers, wheel or keys.

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { LARGEST_ZOOM, moved, sideOf, startOf, zoomed } from "../cropping.js";
import { t } from "../i18n.js";
import { icon, styled, wordsOf } from "../pieces.js";
import { openSheet } from "./rooms/sheet.js";

const OUTPUT = 512; // px
const QUALITY = 0.9;
const STEP = 0.04; // of the square, with one key
const ZOOM_STEP = 1.15;
const WHEEL = 0.0015;
const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

// `round` for a person, else for a room; `save(blob)` takes the square and may be refused, which is shown. Throws where the browser
// cannot open the picture.
export async function openCropper({ file, round, save }) {
  const url = URL.createObjectURL(file);
  const picture = new Image();
  picture.src = url;
  try {
    await Promise.all([picture.decode(), styled("attach.css")]);
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
  const mount = document.createElement("div");
  document.body.append(mount);
  const fingers = new Map(); // pointer id → [x, y]
  let crop = startOf({ width: picture.naturalWidth, height: picture.naturalHeight });
  let busy = false;
  let error = "";
  const sheet = await openSheet(mount, { name: "crop", label: () => t("Choose the part that is seen"), content, ended: over });
  const stage = mount.querySelector("[data-stage]");
  stage.addEventListener("wheel", wheel, { passive: false });
  stage.focus();
  paint();

  function over() {
    URL.revokeObjectURL(url);
    mount.remove();
  }

  function set(next) {
    crop = next;
    sheet.draw();
    paint();
  }

  function paint() {
    const canvas = mount.querySelector("canvas");
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== size) Object.assign(canvas, { width: size, height: size });
    drawn(canvas);
  }

  function drawn(canvas) {
    const side = sideOf(crop);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, crop.x - side / 2, crop.y - side / 2, side, side, 0, 0, canvas.width, canvas.height);
  }

  function touched(event) {
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  function dragged(event) {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const size = stage.clientWidth;
    const apart = spread();
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    const scale = sideOf(crop) / size / fingers.size; // two fingers move it half each
    const next = moved(crop, (before[0] - event.clientX) * scale, (before[1] - event.clientY) * scale);
    set(apart ? zoomed(next, (next.zoom * spread()) / apart) : next);
  }

  function spread() {
    if (fingers.size !== 2) return 0;
    const [[ax, ay], [bx, by]] = fingers.values();
    return Math.hypot(ax - bx, ay - by);
  }

  function wheel(event) {
    event.preventDefault();
    const { left, top, width } = stage.getBoundingClientRect();
    set(zoomed(crop, crop.zoom * Math.exp(-event.deltaY * WHEEL), (event.clientX - left) / width, (event.clientY - top) / width));
  }

  function key(event) {
    const step = KEYS[event.key];
    const zoom = { "+": ZOOM_STEP, "=": ZOOM_STEP, "-": 1 / ZOOM_STEP }[event.key];
    if ((!step && !zoom) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    set(step ? moved(crop, step[0] * sideOf(crop), step[1] * sideOf(crop)) : zoomed(crop, crop.zoom * zoom));
  }

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    [busy, error] = [true, ""];
    sheet.draw();
    const canvas = Object.assign(document.createElement("canvas"), { width: OUTPUT, height: OUTPUT });
    drawn(canvas);
    try {
      await save(await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", QUALITY)));
      sheet.close();
    } catch (refusal) {
      error = refusal.code ? wordsOf(refusal) : t("This needs a connection. Try again.");
    }
    busy = false;
    sheet.draw();
  }

  function content() {
    const help = t("Move the picture by dragging it or with the arrow keys; enlarge it with the wheel, two fingers or + and −.");
    return html`<form class="crop" @submit=${submit}>
      <div class="crop__stage" ?data-round=${round} role="group" tabindex="0" data-stage aria-label=${t("Picture")} aria-describedby="crop-help"
        @pointerdown=${touched} @pointermove=${dragged} @pointerup=${({ pointerId }) => fingers.delete(pointerId)} @pointercancel=${({ pointerId }) => fingers.delete(pointerId)} @keydown=${key}>
        <canvas></canvas>
      </div>
      <div class="crop__zoom">
        ${zoomButton("minus", t("Smaller"), 1 / ZOOM_STEP)}
        <input type="range" min="0" max="1" step="any" data-zoom aria-label=${t("Enlarge")} .value=${String(Math.log(crop.zoom) / Math.log(LARGEST_ZOOM))}
          @input=${({ target }) => set(zoomed(crop, LARGEST_ZOOM ** Number(target.value)))} />
        ${zoomButton("plus", t("Larger"), ZOOM_STEP)}
      </div>
      <p class="crop__help" id="crop-help">${help}</p>
      ${error ? html`<p class="form__error" role="alert">${error}</p>` : nothing}
      <div class="room-sheet__answers">
        <button class="button button--main" data-save-crop aria-disabled=${busy}>${busy ? t("Saving…") : t("Use this picture")}</button>
        <button class="button" type="button" data-cancel-crop @click=${() => sheet.close()}>${t("Cancel")}</button>
      </div>
    </form>`;
  }

  function zoomButton(sign, words, factor) {
    return html`<button class="button button--icon" type="button" aria-label=${words} title=${words} @click=${() => set(zoomed(crop, crop.zoom * factor))}>${sign === "minus" ? icon("minus") : icon("plus")}</button>`;
  }
}
