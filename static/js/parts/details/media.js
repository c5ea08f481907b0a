// The pictures and the sound of a conversation, by month, the newest first. Loaded when first asked for.

import { html, nothing, repeat } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { filesOf, isWhole } from "../../media.js";
import { icon, nameOf, shown } from "../../pieces.js";
import { dateOf, moment, monthKey, monthName, sizeWords } from "../../times.js";
import { nameOfPicture, previewOf } from "../files/picture.js";
import { playButton } from "../files/sound.js";

const COLUMNS = 3; // as in the style sheet

// `actions`: files() (files.js, null until it has come), jump(seq), changed(), close().
export function createMediaList(mount, actions) {
  let kind = "image";
  let stop = null; // client_id of the one that Tab leads to; arrows lead on
  mount.addEventListener("scroll", ({ target }) => nearEnd(target) && actions.changed(), { capture: true, passive: true });

  const nearEnd = (box) => box.scrollHeight - box.scrollTop < box.clientHeight * 2;

  function draw(state, conversation) {
    const service = actions.files();
    const all = filesOf(state, conversation, kind).filter((one) => !one.state || one.kind === "whisper").reverse();
    return html`<section class="media" data-media aria-labelledby="media-title">
      <header class="media__bar">
        <button class="button button--icon" type="button" data-media-close aria-label=${t("Back to the details")} title=${t("Back to the details")} @click=${actions.close}>${icon("chevron-left")}</button>
        <h2 class="media__title" id="media-title">${t("Pictures and sound")}</h2>
      </header>
      <div class="media__tabs" role="tablist" aria-labelledby="media-title" @keydown=${turn}>${tab("image", t("Pictures"))}${tab("audio", t("Sound"))}</div>
      <div class="media__panel" id="media-panel" role="tabpanel" aria-labelledby=${`media-${kind}`} aria-busy=${Boolean(conversation.media?.[kind].loading)}>
        ${service ? content(conversation, all, service) : nothing} ${service ? ending(conversation, all, service) : nothing}
      </div>
    </section>`;
  }

  // What has been drawn does not fill the column.
  function drawn(conversation) {
    const service = actions.files();
    if (service && !isWhole(conversation, kind) && nearEnd(mount.querySelector("[data-details-scroll]"))) service.media.older(conversation, kind);
  }

  function tab(name, words) {
    const chosen = name === kind;
    return html`<button class="media__tab" type="button" role="tab" id=${`media-${name}`} data-media-tab=${name} aria-selected=${chosen} aria-controls="media-panel" tabindex=${chosen ? 0 : -1} @click=${() => choose(name)}>${words}</button>`;
  }

  function choose(name) {
    kind = name;
    mount.querySelector("[data-details-scroll]").scrollTop = 0;
    actions.changed();
  }

  function turn(event) {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    choose(kind === "image" ? "audio" : "image");
    mount.querySelector(`[data-media-tab=${kind}]`).focus();
  }

  function content(conversation, all, service) {
    const months = [];
    for (const message of all) {
      const key = monthKey(message.created_at);
      if (months.at(-1)?.key !== key) months.push({ key, messages: [] });
      months.at(-1).messages.push(message);
    }
    const tabbed = all.find((one) => one.client_id === stop) ?? all[0];
    const one = kind === "image" ? (message) => tile(message, message === tabbed, service) : (message) => row(message, service);
    return repeat(months, ({ key }) => key, ({ messages }) => html`<h3 class="media__month">${monthName(messages[0].created_at)}</h3>
      <ul class=${kind === "image" ? "media__grid" : "media__list"} @keydown=${move}>${repeat(messages, ({ client_id: id }) => id, one)}</ul>`);
  }

  function tile(message, tabbed, { look, addressOf }) {
    const { file, client_id: id } = message;
    const name = nameOfPicture(message);
    const said = t("%(picture)s, %(name)s, %(date)s", { picture: name, name: nameOf(message.sender), date: dateOf(message.created_at) });
    return html`<li><button class="media__tile" type="button" data-tile=${id} tabindex=${tabbed ? 0 : -1} title=${name} .style=${previewOf(file)} @focus=${() => (stop = id)} @click=${() => look(message)}>
      <img class="media__picture" src=${addressOf(file, "small")} alt=${said} loading="lazy" decoding="async" draggable="false" @load=${shown} @error=${shown} />
      ${file.animated ? html`<span class="picture__tag" aria-hidden="true">GIF</span>` : nothing}
      ${message.kind === "whisper" ? html`<span class="media__secret">${icon("lock")}</span>` : nothing}
    </button></li>`;
  }

  function move(event) {
    const tiles = [...mount.querySelectorAll("[data-tile]")];
    const at = tiles.indexOf(event.target);
    const turned = getComputedStyle(mount).direction === "rtl" ? -1 : 1;
    const to = { ArrowRight: at + turned, ArrowLeft: at - turned, ArrowDown: at + COLUMNS, ArrowUp: at - COLUMNS, Home: 0, End: tiles.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    tiles[to]?.focus();
    actions.changed();
  }

  function row(message, { playing }) {
    const { file, sender } = message;
    const now = playing.stateOf(message);
    const title = file.voice ? t("Voice message") : file.name;
    const jump = t("Show it in the conversation");
    const about = [nameOf(sender), moment(message.created_at), ...(file.voice ? [] : [sizeWords(file.size)])].join(" · ");
    const text = html`<span class="media__name" dir="auto">${title}</span><span class="media__about" dir="auto">${about}</span>`;
    return html`<li class="media__row" data-sound data-state=${now} .message=${message}>
      ${playButton(message, now, playing)}
      <button class="media__text" type="button" data-jump title=${jump} ?disabled=${!message.seq} @click=${() => actions.jump(message.seq)}>${text}</button>
      <span class="media__length" data-position></span>
    </li>`;
  }

  function ending(conversation, all, { media }) {
    const { loading, error } = conversation.media?.[kind] ?? {};
    const again = () => media.older(conversation, kind, { again: true });
    if (error) return html`<p class="field__error" role="alert">${error}</p><button class="button button--small" type="button" data-media-again @click=${again}>${icon("rotate-cw")}${t("Try again")}</button>`;
    if (loading || !isWhole(conversation, kind)) return html`<p class="media__wait" role="status"><span class="visually-hidden">${t("Loading…")}</span></p>`;
    return all.length ? nothing : empty();
  }

  function empty() {
    const [drawing, words] = {
      image: [icon("image"), t("No pictures yet. Those that are sent in this conversation are collected here.")],
      audio: [icon("mic"), t("No recordings yet. Voice messages and music that are sent in this conversation are collected here.")],
    }[kind];
    return html`<div class="media__empty" data-media-empty>${drawing}<p>${words}</p></div>`;
  }

  return { draw, drawn };
}
