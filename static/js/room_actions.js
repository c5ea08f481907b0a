// What people do with rooms and with those in them. Loaded when first wanted. Refusals are thrown to whoever asked.

import { t } from "./i18n.js";
import { applyMembers, applyMembersChanged, nobodyHeld } from "./conversations.js";
import { applyPerson } from "./state.js";

// `opened({room})` takes a room one is now in, `open(place)` goes there, `say(words, …)` shows a quiet word.
export function createRoomActions(store, { emit, api, ended, opened, open, say }) {
  const { state, changed } = store;
  const deleted = new Set(); // ids of rooms that were deleted here: nobody has to be told

  async function enter(event, values) {
    const { room } = await emit(event, values);
    opened({ room });
    open({ roomId: room.id });
    return room;
  }

  async function change(room, values) {
    const answer = await emit("change_room", { room_id: room.id, ...values });
    opened(answer);
  }

  async function remove({ id, name }) {
    deleted.add(id);
    const { undo_until: until } = await emit("delete_room", { room_id: id }).catch((refusal) => {
      deleted.delete(id);
      throw refusal;
    });
    const seconds = Math.max(1, Math.round((Date.parse(until) - Date.now() - state.clockAhead) / 1_000));
    say(t("“%(name)s” is deleted.", { name }), { seconds, action: { words: t("Undo"), act: () => undo(id) } });
  }

  async function undo(id) {
    deleted.delete(id);
    try {
      await enter("undo_delete_room", { room_id: id });
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      else say(refusal.message || t("The room could not be brought back."));
    }
  }

  async function setNotify(room, notify) {
    Object.assign(room, await emit("set_notify", { room_id: room.id, notify }));
    changed();
  }

  async function invite(room, username) {
    const { member } = await emit("invite", { room_id: room.id, username });
    applyPerson(state, member);
    applyMembers(room, [member]);
    changed();
  }

  async function removeMember(room, userId) {
    await emit("remove_member", { room_id: room.id, user_id: userId });
    applyMembersChanged(state, room, { member_count: room.member_count, members: [], gone: [userId] });
    changed();
  }

  async function setRole(room, userId, role) {
    await emit("set_role", { room_id: room.id, user_id: userId, role });
    room.members.roles.set(userId, role);
    changed();
  }

  const handOver = (room, userId) => emit("hand_over", { room_id: room.id, user_id: userId });

  // The next page of the people in a room, by name.
  async function moreMembers(room) {
    const { members } = room;
    if (members.loading || members.complete || members.error) return;
    members.loading = true;
    try {
      const page = await api.members(room.id, { after: members.last });
      if (room.members !== members) return; // begun anew meanwhile
      page.members.forEach(({ role, here, ...person }) => applyPerson(state, person));
      applyMembers(room, page.members);
      Object.assign(members, { last: page.members.at(-1)?.id ?? null, complete: page.complete });
      room.member_count = page.count;
    } catch (refusal) {
      if (refusal.endsSession) ended(refusal);
      members.error = refusal.message || t("No answer from the server. Try again.");
    } finally {
      members.loading = false;
      changed();
    }
  }

  function membersAnew(room) {
    room.members = nobodyHeld();
    changed();
  }

  // Those whom some letters name, whether their page is loaded or not.
  async function findMembers(room, q) {
    const page = await api.members(room.id, { q });
    page.members.forEach(({ role, here, ...person }) => applyPerson(state, person));
    applyMembers(room, page.members);
    return page.members.map(({ id }) => id);
  }

  return {
    isDeleting: (id) => deleted.has(id),
    create: (values) => enter("create_room", values),
    join: (which) => enter("join_room", which),
    leave: (room) => emit("leave_room", { room_id: room.id }),
    change,
    remove,
    setNotify,
    invite,
    removeMember,
    setRole,
    handOver,
    moreMembers,
    membersAnew,
    findMembers,
    invitations: (room) => api.invitations(room.id),
    createInvitation: (room, values) => emit("create_invitation", { room_id: room.id, ...values }),
    revokeInvitation: (room, id) => emit("revoke_invitation", { room_id: room.id, invitation_id: id }),
  };
}
