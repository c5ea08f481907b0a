// What was chosen, before it is sent: each file with its picture and size, or why it cannot be sent; and a caption.

import { html, nothing, repeat } from "../../../vendor/lit-html/lit-html.js";
import { formatOf, limitsInWords, refusalOf, tooManyPixels } from "../../choosing.js";
import { t, tn } from "../../i18n.js";
import { icon, styled, wordsOf } from "../../pieces.js";
import { clean } from "../../text.js";
import { playTime, sizeWords } from "../../times.js";
import { openSheet } from "../rooms/sheet.js";

const IN_COMPOSITION = 229; // the key code that input methods give

// `send(files, caption)` takes those that can be sent; `caption` is what stands in the box already, `person` whom it is
// whispered to, or null; `sends(event)` says whether this Enter sends. Gives {add(files)}.
export async function openPreview(layer, { chosen, caption, person, limits, captionMost, accept, send, sends, ended }) {
  let items = [];
  let numbers = 0;
  let busy = false;
  let error = "";
  let sheet = null;
  await styled("attach.css");
  add(chosen);
  sheet = await openSheet(layer, { name: "attach", label, content, ended: over });
  layer.querySelector("[data-caption]").focus();

  function redraw() {
    sheet?.draw();
  }

  function sendable() {
    return items.filter((one) => !one.refusal);
  }

  function add(files) {
    items = [...items, ...[...files].map(item)];
    redraw();
  }

  function item(file) {
    const { kind } = formatOf(file, limits) ?? { kind: null };
    const refusal = refusalOf(file, limits);
    const one = { key: (numbers += 1), file, kind, refusal, url: refusal ? null : URL.createObjectURL(file), shown: kind === "image" };
    if (kind === "audio" && !refusal) measure(one);
    return one;
  }

  // How long it is, as far as the browser can say.
  function measure(one) {
    const audio = new Audio();
    audio.preload = "metadata";
    audio.onloadedmetadata = () => {
      if (Number.isFinite(audio.duration)) one.seconds = audio.duration;
      audio.removeAttribute("src");
      redraw();
    };
    audio.src = one.url;
  }

  function seen(one, { naturalWidth: width, naturalHeight: height }) {
    Object.assign(one, { width, height, refusal: tooManyPixels({ width, height }, limits) });
    redraw();
  }

  // This browser cannot show it; the server may know better.
  function unseen(one) {
    one.shown = false;
    redraw();
  }

  function remove(one) {
    const place = items.indexOf(one);
    release(one);
    items = items.filter((other) => other !== one);
    if (!items.length) return sheet.close();
    redraw();
    const buttons = layer.querySelectorAll("[data-remove-file]");
    (buttons[Math.min(place, buttons.length - 1)] ?? layer.querySelector("[data-caption]")).focus();
  }

  function release({ url }) {
    if (url) URL.revokeObjectURL(url);
  }

  function over() {
    items.forEach(release);
    ended();
  }

  async function submit(event) {
    event.preventDefault();
    const going = sendable();
    if (busy || !going.length) return;
    busy = true;
    error = "";
    redraw();
    try {
      await send(going.map(ready), clean(layer.querySelector("[data-caption]").value));
      sheet.close();
    } catch (refusal) {
      error = refusal.code ? wordsOf(refusal) : t("This needs a connection. Try again.");
    }
    busy = false;
    redraw();
  }

  function ready({ file, kind, width = null, height = null, seconds = null }) {
    const { types } = formatOf(file, limits);
    return { blob: file, name: file.name, type: file.type || types[0], size: file.size, kind, width, height, duration: seconds && Math.round(seconds * 1_000) };
  }

  function key(event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === IN_COMPOSITION || !sends(event)) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  }

  function pasted(event) {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    add(files);
  }

  function more({ target }) {
    add(target.files);
    target.value = "";
  }

  function label() {
    const count = sendable().length || items.length; // what is refused does not go
    if (person) return tn("Whisper %(count)s file", "Whisper %(count)s files", count);
    if (items.length > 1) return tn("Send %(count)s file", "Send %(count)s files", count);
    return { image: t("Send a picture"), audio: t("Send a recording") }[items[0]?.kind] ?? t("Send a file");
  }

  function content() {
    const count = sendable().length;
    const single = items.length === 1;
    const words = t("Caption");
    const adding = t("Add more");
    return html`<form class="attach" data-attach-preview @submit=${submit} @paste=${pasted}>
      ${person ? secrecy() : nothing}
      <ul class="attach__list" ?data-single=${single && items[0].shown && !items[0].refusal}>
        ${repeat(items, ({ key }) => key, row)}
      </ul>
      <div class="attach__more">
        <button class="button button--small" type="button" data-add-files @click=${({ target }) => target.closest("form").elements.more.click()}>${icon("plus")}${adding}</button>
        <input type="file" name="more" multiple hidden accept=${accept} @change=${more} />
        <p class="attach__limits" data-limits>${limitsInWords(limits)}</p>
      </div>
      <footer class="attach__foot">
        ${error ? html`<p class="form__error" role="alert">${error}</p>` : nothing}
        <div class="attach__write">
          <textarea class="attach__caption" data-caption rows="1" dir="auto" maxlength=${captionMost} aria-label=${words} placeholder=${words} .value=${caption} @keydown=${key}></textarea>
          ${sendButton(count)}
        </div>
      </footer>
    </form>`;
  }

  function sendButton(count) {
    const words = count > 1 ? tn("Send %(count)s file", "Send %(count)s files", count) : t("Send");
    return html`<button class="composer__send" data-send-files ?disabled=${!count} aria-disabled=${busy} aria-label=${words} title=${words}>${icon("arrow-up")}</button>`;
  }

  function secrecy() {
    const words = t("Only %(name)s sees it. It is not kept.", { name: person });
    return html`<p class="attach__secret">${icon("lock")}<span>${words}</span></p>`;
  }

  function row(one) {
    const { file, refusal } = one;
    const words = t("Remove %(name)s", { name: file.name });
    return html`<li class="attach__one" data-file=${file.name} ?data-refused=${Boolean(refusal)}>
      <span class="attach__picture">${picture(one)}</span>
      <span class="attach__text">
        <bdi class="attach__name">${file.name}</bdi>
        <span class="attach__about">${about(one)}</span>
        ${refusal ? html`<span class="attach__refusal" role="alert" data-refusal>${refusal}</span>` : nothing}
      </span>
      <button class="button button--icon" type="button" data-remove-file aria-label=${words} title=${words} @click=${() => remove(one)}>${icon("x")}</button>
    </li>`;
  }

  function picture(one) {
    if (one.refusal) return icon("circle-alert");
    if (one.kind === "audio") return icon("music");
    if (!one.shown) return icon("image");
    return html`<img alt="" src=${one.url} decoding="async" @load=${({ target }) => one.width ?? seen(one, target)} @error=${() => unseen(one)} />`;
  }

  function about({ file, width, height, seconds }) {
    const facts = [sizeWords(file.size), width ? `${width} × ${height}` : "", seconds ? playTime(seconds * 1_000) : ""];
    return facts.filter(Boolean).join(" · ");
  }

  return { add };
}
