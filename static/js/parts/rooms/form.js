// A new room, or what is to be different about one.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { face, icon } from "../../pieces.js";
import { owns } from "../../conversations.js";
import { wholeSpan } from "../../times.js";
import { createAvatarField } from "../avatar.js";
import { createForms } from "../panel/forms.js";
import { openSheet } from "./sheet.js";

const NAME_MAX = 80;
const TOPIC_MAX = 500;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MESSAGE_LIVES = [null, 10, MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY]; // seconds
const ROOM_LIVES = [null, HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY];
const NEW = {
  name: "", topic: "", emoji: "", avatar_id: null, visibility: "public", keeps_history: true, history_from_join: false, admits_guests: false,
  message_ttl: null, idle_ttl: null,
};

// `room` is changed, or else a new one is made, by `save(values)`; `guests` is where the operator lets them in, `pictures` what
// avatar.js needs.
export async function openRoomForm(layer, { room = null, name = "", guests, pictures, save, ended }) {
  const before = room ? Object.fromEntries(Object.keys(NEW).map((key) => [key, room[key] ?? NEW[key]])) : { ...NEW, name };
  const values = { ...before };
  const all = !room || owns(room); // moderators change how it looks, not how it is kept
  const forms = createForms({ changed: () => sheet?.draw(), ended });
  const avatar = createAvatarField({ ...pictures, round: false, take: (id) => set({ avatar_id: id }), changed: () => sheet.draw() });
  let picker = null;
  const sheet = await openSheet(layer, { name: "room-form", label: () => (room ? t("Edit the room") : t("New room")), content });
  if (!room) layer.querySelector("[data-field=name]").focus();

  function set(changes) {
    Object.assign(values, changes);
    sheet.draw();
  }

  async function submit(event) {
    event.preventDefault();
    const { name, topic } = event.target.elements;
    Object.assign(values, { name: name.value, topic: topic.value });
    const given = room ? Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== before[key])) : values;
    if (await forms.attempt("room", async () => (await save(given)) ?? true)) sheet.close();
  }

  async function pick({ currentTarget: button }) {
    try {
      const { createPicker } = await import("../picker.js");
      picker ??= createPicker(button.closest("[data-face]"), (emoji) => set({ emoji }));
      await picker.toggle(button);
    } catch {
      // Without a connection there are no emoji to choose from: the room keeps its letters.
    }
  }

  function content() {
    return html`<form class="form room-form" @submit=${submit}>
      <div class="room-form__head" data-face>
        ${picture()}
        <div class="room-form__name">
          ${forms.field({ name: "name", label: t("Name of the room"), value: values.name, maxlength: NAME_MAX, input: ({ target }) => set({ name: target.value }) })}
          ${values.emoji ? plain() : nothing}
          ${avatar(values.avatar_id)}
        </div>
      </div>
      ${forms.field({ name: "topic", label: t("What it is about"), value: values.topic, type: "lines", maxlength: TOPIC_MAX })}
      ${all ? options() : nothing}
      <footer class="room-form__foot">${forms.save("room", room ? t("Save") : t("Create the room"))}</footer>
    </form>`;
  }

  function picture() {
    const words = t("Choose an emoji as the picture");
    const preview = { kind: "group", id: room?.id ?? 0, name: values.name || "?", emoji: values.emoji, avatar_id: values.avatar_id };
    return html`<button class="room-form__pick" type="button" data-pick-emoji aria-label=${words} title=${words} aria-haspopup="dialog" aria-expanded="false" @click=${pick}>
      ${face(preview)}<span class="room-form__pencil">${icon("pencil")}</span>
    </button>`;
  }

  function plain() {
    return html`<button class="button button--small" type="button" data-no-emoji @click=${() => set({ emoji: "" })}>${icon("x")}${t("Without an emoji")}</button>`;
  }

  function options() {
    const open = values.visibility === "public";
    return [
      forms.choice({
        name: "visibility",
        label: t("Who comes in"),
        options: [
          ["public", t("Everybody"), icon("globe")],
          ["private", t("By invitation"), icon("lock")],
        ],
        value: values.visibility,
        chosen: (visibility) => set({ visibility }),
        hint: open ? t("The room is in the list of public rooms, and whoever is here can join it.") : t("Nobody sees the room but those who were invited to it, or who have an invitation link."),
      }),
      guests === "off" || (guests === "public" && open) ? nothing : guestsToo(),
      forms.choice({
        name: "history_from_join",
        label: t("Newcomers see"),
        options: [
          ["all", t("Everything that was said")],
          ["joining", t("What is said from then on")],
        ],
        value: values.history_from_join ? "joining" : "all",
        chosen: (which) => set({ history_from_join: which === "joining" }),
      }),
      forms.select({
        name: "message_ttl",
        label: t("Messages vanish"),
        options: lives(MESSAGE_LIVES, values.message_ttl, t("Never")),
        value: values.message_ttl,
        chosen: (seconds) => set({ message_ttl: seconds }),
        hint: room && values.message_ttl !== before.message_ttl ? t("This holds for what is said from now on.") : "",
      }),
      forms.select({
        name: "idle_ttl",
        label: t("The room itself ends"),
        options: idle(values.idle_ttl),
        value: values.idle_ttl,
        chosen: (seconds) => set({ idle_ttl: seconds }),
      }),
      forms.check({
        name: "keeps_history",
        label: t("Store nothing"),
        value: !values.keeps_history,
        chosen: (nothingStored) => set({ keeps_history: !nothingStored }),
        hint: t("What is said is never written down. The room ends when the last person leaves it, or is away."),
      }),
      room && before.keeps_history && !values.keeps_history ? html`<p class="form__error" role="alert">${t("Everything that was said in this room is deleted when you save.")}</p>` : nothing,
    ];
  }

  // Asked only where it makes a difference.
  function guestsToo() {
    return forms.check({
      name: "admits_guests",
      label: t("Guests may come in"),
      value: values.admits_guests,
      chosen: (admits) => set({ admits_guests: admits }),
      hint: t("Guests have only a nickname, and no account."),
    });
  }

  return sheet;
}

// What another program chose is offered too.
function lives(known, value, never) {
  const all = known.includes(value) ? known : [...known, value].sort((a, b) => (a ?? 0) - (b ?? 0));
  return all.map((seconds) => [seconds, seconds === null ? never : t("After %(time)s", { time: wholeSpan(seconds) })]);
}

function idle(value) {
  const all = lives(ROOM_LIVES, value, t("Never"));
  return all.map(([seconds, words]) => [seconds, seconds === null ? words : t("After %(time)s without a message", { time: wholeSpan(seconds) })]);
}
