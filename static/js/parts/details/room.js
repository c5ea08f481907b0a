// What a room is, how it is kept, who is in it, and what one may do with it.

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../i18n.js";
import { face, icon, nameOf, wordsOf } from "../../pieces.js";
import { moderates, owns } from "../../conversations.js";
import { moment, wholeSpan } from "../../times.js";
import { createMembers } from "./members.js";

// `actions`: rooms (room_actions.js), open(place), whisper(person) where one can, and for dialogs editRoom(room),
// inviteTo(room), confirm({label, text, words, act}).
export function createRoomDetails(mount, actions, silence) {
  const members = createMembers(mount, actions);
  let error = "";

  function reset() {
    error = "";
    members.reset();
  }

  // `media` leads to the pictures and the sound, `clear` to clearing the history.
  function draw(state, room, media, clear) {
    return html`<div class="details__who">
        ${face(room)}
        <h2 class="details__name" dir="auto">${nameOf(room)}</h2>
        ${room.topic ? html`<p class="details__topic" dir="auto" data-topic>${room.topic}</p>` : nothing}
      </div>
      <ul class="details__kept" data-kept>${kept(room).map(([drawing, words]) => html`<li>${icon(drawing)}<span>${words}</span></li>`)}</ul>
      ${tools(room)}
      ${media}
      ${loudness(room)}
      ${members.draw(state, room)}
      ${ends(room, clear)}`;
  }

  function tools(room) {
    const invites = moderates(room) || room.visibility === "public";
    const edit = moderates(room) ? html`<button class="button" type="button" data-edit-room @click=${() => actions.editRoom(room)}>${icon("pencil")}${t("Edit")}</button>` : nothing;
    if (!invites) return nothing;
    return html`<div class="details__tools">
      <button class="button" type="button" data-invite @click=${() => actions.inviteTo(room)}>${icon("user-plus")}${t("Invite")}</button>
      ${edit}
    </div>`;
  }

  function loudness(room) {
    const levels = [
      ["all", t("Of every message")],
      ["mentions", t("When somebody mentions me")],
      ["none", t("Never")],
    ];
    const label = t("Tell me of");
    const chooser = html`<div class="field__box"><select data-notify aria-label=${label} @change=${({ target }) => notify(room, target)}>
        ${levels.map(([level, words]) => html`<option value=${level} .selected=${level === room.notify}>${words}</option>`)}
      </select></div>
      ${error ? html`<p class="field__error" role="alert">${error}</p>` : nothing}`;
    return silence.draw(room, chooser);
  }

  async function notify(room, box) {
    error = "";
    try {
      await actions.rooms.setNotify(room, box.value);
    } catch (refusal) {
      error = wordsOf(refusal);
      box.value = room.notify;
    }
    actions.changed();
  }

  function ends(room, clear) {
    const leave = room.general ? nothing : html`<button class="button details__wide" type="button" data-leave-room @click=${() => askToLeave(room)}>${icon("log-out")}${t("Leave the room")}</button>`;
    const remove = owns(room) ? html`<button class="button details__wide details__danger" type="button" data-delete-room @click=${() => actions.confirm(deletion(room))}>${icon("trash-2")}${t("Delete the room")}</button>` : nothing;
    return html`<div class="details__ends">${clear}${leave}${remove}</div>`;
  }

  function deletion(room) {
    const { name } = room;
    return {
      label: t("Delete the room “%(name)s”?", { name }),
      text: t("It disappears for everybody who is in it, with all that was said. For ten seconds you can take that back."),
      words: t("Delete the room"),
      act: () => actions.rooms.remove(room),
    };
  }

  function askToLeave(room) {
    const act = () => actions.rooms.leave(room);
    const { name, member_count: count, visibility } = room;
    const last = count === 1 && (visibility === "private" || !room.keeps_history);
    const back = visibility === "public" ? t("You can come back whenever you like.") : t("You can come back only by an invitation.");
    const over = t("You are the last one in it: the room and all that was said in it are deleted.");
    actions.confirm({ label: t("Leave the room “%(name)s”?", { name }), text: last ? over : back, words: t("Leave the room"), act });
  }

  return { draw, reset };
}

// How it is kept, as [icon, words].
function kept(room) {
  const said = [room.visibility === "public" ? ["globe", t("Everybody can join")] : ["lock", t("By invitation only")]];
  if (room.admits_guests) said.push(["user-round", t("Guests may come in")]);
  if (!room.keeps_history) said.push(["eye-off", t("Nothing that is said here is stored")]);
  if (room.message_ttl) said.push(["timer", t("Messages vanish after %(time)s", { time: wholeSpan(room.message_ttl) })]);
  if (room.history_from_join) said.push(["clock", t("Newcomers see what is said from their joining on")]);
  if (room.ends_at) said.push(["clock", t("Ends at %(time)s if nobody writes", { time: moment(room.ends_at) })]);
  return said;
}
