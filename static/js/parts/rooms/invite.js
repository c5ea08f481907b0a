// Inviting people into a room: by name, and by links.

import { html, nothing, repeat } from "../../../vendor/lit-html/lit-html.js";
import { t, tn } from "../../i18n.js";
import { face, guestBadge, icon, nameOf, wordsOf } from "../../pieces.js";
import { moderates } from "../../conversations.js";
import { moment, wholeSpan } from "../../times.js";
import { createForms } from "../panel/forms.js";
import { openSheet } from "./sheet.js";

const TYPING_PAUSE = 200;
const DAY = 86_400;
const LIVES = [3_600, DAY, 7 * DAY, 30 * DAY, null]; // seconds
const USES = [1, 10, 100, null];

// `people(query)` asks the server for people; `rooms` is room_actions.js; `address(path)` makes a whole link of a path.
export async function openInviting(layer, { room, rooms, people, address, ended }) {
  let text = "";
  let found = [];
  let timer;
  let searches = 0;
  let error = "";
  let invitations = null; // null until loaded, and for those who may not see them
  let copied = null; // the link that was copied last
  const busy = new Set(); // ids of people who are being invited
  const link = { expires_in: 7 * DAY, uses: null };
  const forms = createForms({ changed: () => sheet?.draw(), ended });
  const sheet = await openSheet(layer, { name: "invite", label: () => t("Invite to “%(name)s”", { name: room.name }), content });
  search("");
  if (moderates(room)) load();

  async function search(words) {
    searches += 1;
    const mine = searches;
    try {
      const page = await people({ q: words, limit: 30 });
      if (mine !== searches) return;
      found = page.people.filter(({ kind }) => kind !== "deleted");
      error = "";
    } catch (refusal) {
      if (mine !== searches) return;
      error = wordsOf(refusal);
    }
    sheet.draw();
  }

  function wrote({ target }) {
    text = target.value.trim();
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_PAUSE, text);
  }

  async function load() {
    const answer = await rooms.invitations(room).catch(() => null);
    const made = invitations ?? []; // meanwhile
    if (answer) invitations = [...made, ...answer.invitations.filter(({ id }) => !made.some((one) => one.id === id))];
    sheet.draw();
  }

  async function invite(person) {
    busy.add(person.id);
    sheet.draw();
    try {
      await rooms.invite(room, person.username);
      error = "";
    } catch (refusal) {
      error = wordsOf(refusal);
    }
    busy.delete(person.id);
    sheet.draw();
  }

  async function create(event) {
    event.preventDefault();
    const answer = await forms.attempt("link", () => rooms.createInvitation(room, link));
    if (!answer) return;
    invitations = [answer.invitation, ...(invitations ?? [])];
    forms.clear();
    await copy(answer.invitation.url);
  }

  async function revoke({ id }) {
    const done = await forms.attempt("link", async () => (await rooms.revokeInvitation(room, id)) ?? true);
    if (done) invitations = invitations.filter((one) => one.id !== id);
    forms.clear();
    sheet.draw();
  }

  // Plain HTTP in a house network has no clipboard: the link is selected, to be copied by hand.
  async function copy(url) {
    try {
      await navigator.clipboard.writeText(address(url));
      copied = url;
    } catch {
      copied = null;
      sheet.draw();
      layer.querySelector(`[data-link="${CSS.escape(url)}"] input`)?.select();
    }
    sheet.draw();
  }

  function content() {
    const words = t("Search people");
    return html`<div class="room-sheet__body">
      <div class="search room-invite__search" role="search">
        ${icon("search")}
        <input class="search__box" type="search" data-invite-search placeholder=${words} aria-label=${words} autocomplete="off" spellcheck="false" dir="auto" maxlength="64" @input=${wrote} />
      </div>
      ${error ? html`<p class="form__error" role="alert">${error}</p>` : nothing}
      <ul class="room-invite__people">${repeat(found, ({ id }) => id, row)}</ul>
      ${!found.length && text ? html`<p class="room-invite__none" role="status">${t("Nobody by the name “%(name)s”.", { name: text })}</p>` : nothing}
      ${links()}
    </div>`;
  }

  function row(person) {
    const inside = room.members.roles.has(person.id);
    return html`<li class="member" data-candidate=${person.username}>
      ${face(person)}
      <div class="member__text">
        <p class="member__name"><bdi>${nameOf(person)}</bdi>${guestBadge(person)}</p>
        <p class="member__state"><bdi>@${person.username}</bdi></p>
      </div>
      ${inside ? html`<span class="tag" data-inside>${t("is in the room")}</span>` : html`<button class="button button--small" type="button" data-invite-person aria-disabled=${busy.has(person.id)} aria-label=${t("Invite %(name)s", { name: nameOf(person) })} @click=${() => !busy.has(person.id) && invite(person)}>${t("Invite")}</button>`}
    </li>`;
  }

  function links() {
    const open = room.visibility === "public" ? [{ id: "public", url: `/r/${room.id}` }] : [];
    if (!moderates(room) && !open.length) return nothing;
    return html`<section class="room-invite__links" aria-labelledby="links-title">
      <h3 id="links-title">${t("Links into the room")}</h3>
      <ul>${repeat([...open, ...(invitations ?? [])], ({ id }) => id, linkRow)}</ul>
      ${moderates(room) ? maker() : nothing}
    </section>`;
  }

  function linkRow(invitation) {
    const words = copied === invitation.url ? t("Copied") : t("Copy");
    const label = t("Link into the room");
    const isPublic = invitation.id === "public";
    const hint = isPublic ? t("For everybody, for as long as the room is public.") : validity(invitation);
    return html`<li class="room-link" data-link=${invitation.url}>
      <div class="room-link__line">
        <input class="room-link__url" readonly dir="ltr" aria-label=${label} .value=${address(invitation.url)} @focus=${({ target }) => target.select()} />
        <button class="button button--small" type="button" data-copy @click=${() => copy(invitation.url)}>${icon(copied === invitation.url ? "check" : "copy")}<span role="status">${words}</span></button>
        ${isPublic ? nothing : revoker(invitation)}
      </div>
      <p class="field__hint">${hint}</p>
    </li>`;
  }

  function revoker(invitation) {
    const words = t("Revoke the link");
    return html`<button class="button button--icon" type="button" data-revoke aria-label=${words} title=${words} @click=${() => revoke(invitation)}>
      ${icon("trash-2")}
    </button>`;
  }

  function maker() {
    const lives = LIVES.map((seconds) => [seconds, seconds === null ? t("For ever") : wholeSpan(seconds)]);
    const uses = USES.map((count) => [count, count === null ? t("As often as wanted") : tn("%(count)s time", "%(count)s times", count)]);
    return html`<form class="room-invite__new" @submit=${create}>
      ${forms.select({ name: "expires_in", label: t("Holds for"), value: link.expires_in, options: lives, chosen: (seconds) => choose({ expires_in: seconds }) })}
      ${forms.select({ name: "uses", label: t("Can be used"), value: link.uses, options: uses, chosen: (count) => choose({ uses: count }) })}
      ${forms.errorOf("link") ? html`<p class="form__error" role="alert">${forms.errorOf("link")}</p>` : nothing}
      <button class="button" data-create-link>${icon("link")}${t("Make a link")}</button>
    </form>`;
  }

  function choose(values) {
    Object.assign(link, values);
    sheet.draw();
  }

  return sheet;
}

function validity({ expires_at: until, uses_left: left }) {
  const uses = left === null ? "" : tn("%(count)s use left", "%(count)s uses left", left);
  const time = until ? t("Holds until %(time)s", { time: moment(until) }) : t("Holds until it is revoked");
  return uses ? `${time} · ${uses}` : time;
}
