// What the page asks and says about rooms: making, changing, looking for one, inviting, leaving. Loaded when first wanted;
// each dialog with its first use.

import { partnerOf } from "./conversations.js";
import { t } from "./i18n.js";
import { createToast } from "./parts/toast.js";
import { createRoomActions } from "./room_actions.js";

// `layer` is where dialogs are drawn, `toasts` where quiet words are; `open(place)` goes there, `close()` to the list.
export function createRoomDialogs(store, { layer, toasts, open, close, root, guests, pictures, api, emit, ended, roomOpened }) {
  const { state } = store;
  const { say } = createToast(toasts);
  const rooms = createRoomActions(store, { emit, api, ended, opened: roomOpened, open, say });

  async function create(name = "") {
    const { openRoomForm } = await import("./parts/rooms/form.js");
    await openRoomForm(layer, { name, guests, pictures, save: rooms.create, ended });
  }

  async function editRoom(room) {
    const { openRoomForm } = await import("./parts/rooms/form.js");
    await openRoomForm(layer, { room, guests, pictures, save: (values) => rooms.change(room, values), ended });
  }

  async function browse() {
    const { openBrowser } = await import("./parts/rooms/browse.js");
    await openBrowser(layer, {
      find: api.publicRooms,
      join: ({ id }) => rooms.join({ room_id: id }),
      open: ({ id }) => open({ roomId: id }),
      create: state.me.kind === "guest" ? null : create,
    });
  }

  async function inviteTo(room) {
    const { openInviting } = await import("./parts/rooms/invite.js");
    // A link is for everybody, whatever slot they are in.
    const base = location.origin + root.replace(/\/u\/\d$/, "");
    await openInviting(layer, { room, rooms, people: api.people, address: (path) => base + path, ended });
  }

  async function clearHistory(conversation) {
    const [{ openClearing }, { createClearing }] = await Promise.all([import("./parts/rooms/clearing.js"), import("./clearing.js")]);
    await openClearing(layer, { conversation, partner: partnerOf(state, conversation), ...createClearing(store, { emit, ended, say }), ended });
  }

  async function confirm(question) {
    const one = await import("./parts/rooms/confirm.js");
    await one.confirm(layer, question);
  }

  async function join({ id }) {
    try {
      await rooms.join({ room_id: id });
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else say(refusal.message || t("No answer from the server. Try again."));
    }
  }

  // One is no longer in a room. What was being written there is not lost with it.
  function gone({ id, name, pending }, reason) {
    if (reason === "left" || rooms.isDeleting(id)) return;
    const words = {
      removed: t("You were removed from “%(name)s”.", { name }),
      deleted: t("“%(name)s” was deleted.", { name }),
    };
    const written = [...pending.map(({ body }) => body), state.drafts.get(id)].filter(Boolean).join("\n\n");
    const copy = navigator.clipboard && { words: t("Copy what I wrote"), act: () => navigator.clipboard.writeText(written) };
    say(words[reason] ?? t("“%(name)s” has ended.", { name }), { action: written ? copy : null });
  }

  function missing() {
    close();
    say(t("This room is not there, or not open to you."));
  }

  const exporting = async () => (await import("./exporting.js")).createExporting(store, { api, ended, root });

  const run = (act) => (...given) => act(...given).catch(() => say(t("No answer from the server. Try again.")));

  return { create: run(create), browse: run(browse), confirm: run(confirm), join, gone, missing, forDetails: { rooms, open, exporting, editRoom: run(editRoom), inviteTo: run(inviteTo), clearHistory: run(clearHistory), confirm: run(confirm) } };
}
