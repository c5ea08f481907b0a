"""How a group room is changed: one change at a time, committed whole, then told in the room's turn.

Knows how things change and who hears of it; who may change what is for the callers to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import case, delete, select
from sqlalchemy.orm import Session as Transaction

from chat import broadcasts, clock, lines, payloads, readers, rooms, transactions, turns, visible
from chat.errors import Forbidden, NotFound
from models import Invitation, Membership, Room, User

T = TypeVar("T")

OWNER, MODERATOR, MEMBER = "owner", "moderator", "member"


def make(actor: User, room_id: int, step: Callable[[Change], T]) -> T:
    """Call `step` with the change it is to make, commit, tell everybody concerned; returns what `step` returns.

    As a transaction's function, `step` may run several times. Raises NotFound for a room that is not there, and
    whatever `step` raises, which then has changed nothing.
    """

    def attempt(session: Transaction) -> tuple[Change, T]:
        change = Change(session, actor, rooms.locked(session, room_id))
        result = step(change)
        change.finish()
        return change, result

    with turns.take(room_id):
        change, result = transactions.run(attempt)
        change.tell()
    return result


class Change:
    """One change, inside its transaction. The room's row is locked: what is read here is true until the commit.

    `mine` is the acting person's membership, or None while they are not in the room.
    """

    def __init__(self, session: Transaction, actor: User, room: Room) -> None:
        self.session, self.actor, self.room = session, actor, room
        self.mine = self.find(actor.id)
        self.is_altered = False
        self.lines: list[payloads.Payload] = []
        self.came: dict[int, User] = {}
        self.gone: dict[int, str] = {}
        self.met: dict[int, User] = {}

    def require(self, *roles: str) -> str:
        """The actor's role here. Raises NotFound for who is not in the room, Forbidden for who has another role."""
        if self.mine is None:
            raise NotFound()
        role = rooms.role(self.actor, self.room, self.mine)
        if role not in roles:
            raise Forbidden()
        return role

    def find(self, user_id: int) -> Membership | None:
        return self.session.get(Membership, (self.room.id, user_id))

    def member(self, user_id: int) -> tuple[User, Membership]:
        """Somebody in the room. Raises NotFound."""
        user, membership = self.session.get(User, user_id), self.find(user_id)
        if user is None or membership is None:
            raise NotFound()
        return user, membership

    def alter(self) -> None:
        """What everybody sees of the room is different from now on."""
        self.is_altered = True

    def line(self, kind: str, subject: User | None = None, body: str = "") -> None:
        self.lines.append(lines.write(self.session, self.room, self.actor, kind, subject, body))

    def announce(self, kind: str) -> None:
        """A line about somebody's coming or going, where it does not drown what is said."""
        if len(rooms.member_ids(self.session, self.room.id)) <= lines.ANNOUNCED_MAX:
            self.line(kind)

    def come(self, user: User) -> Membership:
        """Somebody is in the room from now on; a room that nobody owned is theirs."""
        membership = Membership(
            room_id=self.room.id,
            user_id=user.id,
            role=MEMBER,
            joined_at=clock.now(),
            **visible.marks_of_newcomer(self.room),
        )
        if self.room.owner_id is None and not user.is_guest:
            membership.role, self.room.owner_id = OWNER, user.id
            self.alter()
        self.session.add(membership)
        self.session.flush()
        self.came[user.id] = user
        return membership

    def go(self, user: User, reason: str) -> None:
        """Somebody is no longer in the room: the links they gave out end, and what they owned passes on."""
        theirs = Membership.room_id == self.room.id, Membership.user_id == user.id
        if not transactions.affected(self.session, delete(Membership).where(*theirs)):
            raise NotFound()
        self.revoke(user)
        self.gone[user.id] = reason
        if self.room.owner_id == user.id:
            self._pass_on()

    def revoke(self, user: User) -> None:
        """The links somebody gave out lead here no longer."""
        theirs = Invitation.room_id == self.room.id, Invitation.inviter_id == user.id
        self.session.execute(delete(Invitation).where(*theirs))

    def _pass_on(self) -> None:
        """To the moderator who has been here longest, or else the member; to nobody when only guests are left."""
        eldest = (
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.room_id == self.room.id, User.kind == "member")
            .order_by(case((Membership.role == MODERATOR, 0), else_=1), Membership.joined_at, User.id)
        )
        heir = self.session.scalars(eldest.limit(1)).first()
        self.room.owner_id = None
        self.alter()
        if heir is not None:
            self.own(heir)

    def own(self, user: User) -> None:
        """Somebody in the room is its owner from now on."""
        self.room.owner_id = user.id
        self.alter()
        self.appoint(user, OWNER)
        self.line("handed_over", user)

    def appoint(self, user: User, role: str) -> None:
        self.member(user.id)[1].role = role
        self.met[user.id] = user

    def end(self, reason: str) -> None:
        """The room is there for nobody any more. Its rows go later (chat/removals.py)."""
        self.room.deleted_at = clock.now()
        self.gone |= dict.fromkeys(rooms.member_ids(self.session, self.room.id), reason)

    def finish(self) -> None:
        """Gather what is to be told: nothing is read, and so nothing can fail, between storing and telling."""
        self.room.version += self.is_altered
        self.room.epoch += bool(self.is_altered or self.came or self.gone)
        for user_id in self.came:
            # Who comes in has read what is above.
            self.member(user_id)[1].last_read_seq = self.room.last_seq
        self.session.flush()
        member_ids = rooms.member_ids(self.session, self.room.id)
        self.hearers = [user_id for user_id in member_ids if user_id not in {*self.came, *self.gone}]
        self.shared = payloads.shared_room(self.room, len(member_ids))
        self.members = [rooms.member(*self.member(user_id)) for user_id in {**self.came, **self.met}]
        if self.members or self.gone:
            # A room that becomes smaller may begin to tell who has read what, and a growing one ends it.
            self.read_by = readers.marks(self.session, {self.room.id: len(member_ids)})[self.room.id]

    def tell(self) -> None:
        """Who was there hears what is different; who came, of the room as a whole, and last: it has to be read."""
        for reason in dict.fromkeys(self.gone.values()):
            rooms.close(self.room.id, reason, [user_id for user_id, why in self.gone.items() if why == reason])
        for line in self.lines:
            broadcasts.message_sent(line, self.hearers)
        if self.is_altered:
            broadcasts.room_changed(self.shared, self.hearers)
        if self.members or self.gone:
            broadcasts.members_changed(
                self.room.id, self.shared["member_count"], self.members, list(self.gone), self.read_by, self.hearers
            )
        for user in self.came.values():
            broadcasts.room_opened(rooms.payload(user, self.room.id), user.id)
