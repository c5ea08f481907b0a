// The public rooms: looked through, searched, joined.

import { html, nothing, repeat } from "../../../vendor/lit-html/lit-html.js";
import { t, tn } from "../../i18n.js";
import { face, icon, wordsOf } from "../../pieces.js";
import { folded } from "../../text.js";
import { openSheet } from "./sheet.js";

const TYPING_PAUSE = 200;

// `find(query)` asks the server; `join(room)`, `open(room)` go there; `create(name)` begins a new one, null where one may not.
export async function openBrowser(layer, { find, join, open, create }) {
  const list = { rooms: [], complete: false, loading: false, error: "" };
  let text = "";
  let asked = 0;
  let timer;
  const sheet = await openSheet(layer, { name: "browse", label: () => t("Public rooms"), content });
  more();

  async function more() {
    if (list.loading || list.complete) return;
    asked += 1;
    const mine = asked;
    Object.assign(list, { loading: true, error: "" });
    sheet.draw();
    try {
      const page = await find({ q: text, after: list.rooms.at(-1)?.id });
      if (mine !== asked) return;
      list.rooms.push(...page.rooms);
      list.complete = page.complete;
    } catch (refusal) {
      if (mine !== asked) return;
      list.error = wordsOf(refusal);
    }
    list.loading = false;
    sheet.draw();
  }

  function wrote({ target }) {
    text = target.value.trim();
    clearTimeout(timer);
    timer = setTimeout(anew, TYPING_PAUSE);
  }

  function anew() {
    asked += 1;
    Object.assign(list, { rooms: [], complete: false, loading: false });
    more();
  }

  async function choose(room) {
    try {
      if (room.joined) open(room);
      else await join(room);
      sheet.close();
    } catch (refusal) {
      list.error = wordsOf(refusal);
      sheet.draw();
    }
  }

  function content() {
    const words = t("Search rooms");
    const none = !list.rooms.length && !list.loading && !list.error;
    const found = list.rooms.some((room) => folded(room.name) === folded(text));
    return html`<div class="search room-browse__search" role="search">
        ${icon("search")}
        <input class="search__box" type="search" data-room-search placeholder=${words} aria-label=${words} autocomplete="off" spellcheck="false" dir="auto" maxlength="80" autofocus @input=${wrote} />
      </div>
      <ul class="room-browse" aria-busy=${list.loading} data-public-rooms tabindex="-1" @scroll=${scrolled}>
        ${repeat(list.rooms, ({ id }) => id, row)}
      </ul>
      ${list.error ? html`<p class="form__error room-browse__error" role="alert">${list.error}</p>` : nothing}
      ${none ? html`<p class="room-browse__none" role="status">${text ? t("No public room by this name.") : t("There is no public room yet.")}</p>` : nothing}
      ${create ? html`<footer class="room-browse__foot"><button class="button button--main" type="button" data-create-room @click=${make}>${icon("plus")}<span class="room-browse__create">${text && !found ? t("Create the room “%(name)s”", { name: text }) : t("New room")}</span></button></footer>` : nothing}`;
  }

  function scrolled({ target }) {
    if (target.scrollHeight - target.scrollTop < target.clientHeight * 2) more();
  }

  function make() {
    sheet.close();
    create(list.rooms.some((room) => folded(room.name) === folded(text)) ? "" : text);
  }

  function row(room) {
    const people = tn("%(count)s member", "%(count)s members", room.member_count);
    return html`<li class="room-browse__one">
      ${face({ ...room, kind: "group" })}
      <div class="room-browse__text">
        <p class="room-browse__name" dir="auto">${room.name}</p>
        ${room.topic ? html`<p class="room-browse__topic" dir="auto">${room.topic}</p>` : nothing}
        <p class="room-browse__people">${people}</p>
      </div>
      <button class=${`button button--small${room.joined ? "" : " button--main"}`} type="button" data-join=${room.id} aria-label=${`${room.joined ? t("Open") : t("Join")}: ${room.name}`} @click=${() => choose(room)}>
        ${room.joined ? t("Open") : t("Join")}
      </button>
    </li>`;
  }
}
