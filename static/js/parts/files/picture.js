// A picture in its bubble: a blurred preview at once, a thumbnail when it is seen, the original when it is opened.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { thumbHashToDataURL } from "../../../vendor/thumbhash/thumbhash.js";
import { t } from "../../i18n.js";
import { boxOf, excerptOf } from "../../message.js";
import { icon, shown } from "../../pieces.js";
import { progress } from "./progress.js";

const SIZES = { small: 320, large: 1280 }; // px of the longer side (media/)
const previews = new Map(); // thumbhash → data: address

// `actions`: look(message), discard(message), addressOf(file, size), changed(), and `broken`: which could not be loaded.
export function picture(message, actions) {
  const { file, upload } = message;
  const failed = actions.broken.get(keyOf(file))?.failed;
  return html`<div class="picture" data-tiny=${isTiny(message)} .style=${previewOf(file)}>
    ${failed ? trouble(message, actions) : isHere(file) ? opener(message, actions) : nothing}
    ${file.animated && !upload ? html`<span class="picture__tag" aria-hidden="true">GIF</span>` : nothing}
    ${upload ? progress(message, actions) : nothing}
  </div>`;
}

function opener(message, { look, broken, changed, addressOf }) {
  const { file } = message;
  const { width } = boxOf(file, message.body);
  const again = broken.get(keyOf(file))?.tries ?? 0;
  const tried = (size) => addressOf(file, size) + (again && !file.url ? `?again=${again}` : "");
  const [small, large] = ["small", "large"].map((size) => widthOf(file, SIZES[size]));
  const set = file.url || !(small < large) ? nothing : `${tried("small")} ${small}w, ${tried("large")} ${large}w`;
  const failed = () => {
    broken.set(keyOf(file), { tries: again + 1, failed: true });
    changed();
  };
  return html`<button class="picture__open" type="button" data-open-picture title=${t("Open the picture")} @click=${() => look(message)}>
    <img
      class="picture__image"
      alt=${nameOfPicture(message)}
      loading="lazy"
      decoding="async"
      draggable="false"
      sizes=${`${width}px`}
      srcset=${set}
      src=${tried(small < large ? "large" : "small")}
      @load=${shown}
      @error=${failed}
    />
  </button>`;
}

// One that is not sent yet may be of a kind that only the server can read.
function trouble({ file }, { broken, changed }) {
  if (!file.id) return html`<div class="picture__trouble">${icon("image")}</div>`;
  const retry = () => {
    broken.get(keyOf(file)).failed = false;
    changed();
  };
  return html`<div class="picture__trouble" role="alert">
    ${icon("image-off")}
    <p>${t("The picture could not be loaded.")}</p>
    <button class="button button--small" type="button" data-picture-again @click=${retry}>${icon("rotate-cw")}${t("Try again")}</button>
  </div>`;
}

const keyOf = ({ id, url }) => id ?? url;
const isHere = ({ id, url }) => Boolean(id || url);

// What it says under it, or what it is called.
export const nameOfPicture = (message) => (message.body ? excerptOf(message) : message.file.name) || t("Photo");

export function previewOf({ thumbhash }) {
  if (!thumbhash) return "";
  if (!previews.has(thumbhash)) previews.set(thumbhash, preview(thumbhash));
  return previews.get(thumbhash);
}

function preview(thumbhash) {
  try {
    return `--preview: url("${thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (letter) => letter.charCodeAt(0)))}")`;
  } catch {
    return ""; // a preview of another kind: the picture itself comes anyway
  }
}

function widthOf({ width, height }, longest) {
  return Math.round(width * Math.min(1, longest / Math.max(width, height)));
}

// Smaller than its box: it is not blown up.
function isTiny({ file, body: caption }) {
  const box = boxOf(file, caption);
  return Boolean(file.width) && (file.width < box.width || file.height < box.height);
}
