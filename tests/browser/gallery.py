"""The screens of the page by name, each with the way there: what is held for all screens is held for this list."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser.screens import Screen
from tests.browser.sharing import Sharer, picture, sound
from tests.servers import Person, make_client_id

SECTIONS = ("profile", "looks", "language", "writing", "password", "sessions", "data", "server")


@dataclass
class Visit:
    """alice's tab; bob is there and has read what she wrote, with carol she has not talked yet."""

    screen: Screen
    alice: Person

    def enter(self) -> Screen:
        self.screen.take_cookies_of(self.alice)
        self.screen.page.goto(self.screen.url)
        return self.screen.is_online()

    def refused(self, path: str) -> Screen:
        """A page that comes with a status of 4xx, which Chromium reports like a loss."""
        self.screen.network_may_fail = True
        self.screen.page.goto(self.screen.url + path)
        return self.screen


def sign_in(visit: Visit) -> None:
    visit.screen.page.goto(visit.screen.url + "/login")


def sign_in_refused(visit: Visit) -> None:
    visit.refused("/login").fill_in("alice", "wrong password 9")
    expect(visit.screen.page.get_by_role("alert").first).to_be_visible()


def register_refused(visit: Visit) -> None:
    visit.refused("/register").fill_in("alice", "short")
    expect(visit.screen.page.get_by_role("alert").first).to_be_visible()


def nickname_refused(visit: Visit) -> None:
    nickname = visit.refused("/guest").page.locator("[name=nickname]")
    nickname.fill("alice")
    nickname.press("Enter")
    expect(visit.screen.page.get_by_role("alert")).to_be_visible()


def room_for_strangers(visit: Visit) -> None:
    visit.screen.page.goto(visit.screen.url + "/r/1")
    expect(visit.screen.page.locator("[name=nickname]")).to_be_visible()


def guest_menu(visit: Visit) -> None:
    visit.screen.look_in(f"guest{uuid.uuid4().hex[:8]}").page.locator("[data-menu]").click()
    expect(visit.screen.page.locator("[data-become-member]")).to_be_visible()


def membership(visit: Visit) -> None:
    guest_menu(visit)
    visit.screen.page.locator("[data-become-member]").click()
    expect(visit.screen.field("password")).to_be_visible()


def guest_signing_out(visit: Visit) -> None:
    visit.screen.look_in(f"guest{uuid.uuid4().hex[:8]}")
    visit.screen.page.goto(visit.screen.url + "/logout")
    expect(visit.screen.page.locator("[data-nickname-lost]")).to_be_visible()


def change_password(visit: Visit) -> None:
    visit.enter().page.goto(visit.screen.url + "/password")


def not_found(visit: Visit) -> None:
    visit.refused("/nowhere")


def chat_list(visit: Visit) -> None:
    expect(visit.enter().row("bob")).to_be_visible()


def search_in_vain(visit: Visit) -> None:
    visit.enter().page.locator("[data-search]").fill("zzz")
    expect(visit.screen.page.locator(".list__empty")).to_be_visible()


def searched(visit: Visit, text: str, sight: str) -> Screen:
    visit.enter().page.locator("[data-search]").fill(text)
    expect(visit.screen.page.locator(sight).first).to_be_visible()
    return visit.screen


def search_explained(visit: Visit) -> None:
    visit.enter().page.locator("[data-search]").click()
    expect(visit.screen.page.locator("[data-search-help] [data-operators]")).to_be_visible()


def search_found(visit: Visit) -> None:
    searched(visit, "the", "[data-hit] mark")
    expect(visit.screen.page.locator("[data-found-count]")).to_be_visible()


def search_in_the_other_layout(visit: Visit) -> None:
    searched(visit, "еуте", "[data-layout]")


def search_completed(visit: Visit) -> None:
    searched(visit, "from:", "[data-completion] [role=option]")


def search_refused(visit: Visit) -> None:
    visit.screen.server_may_refuse = True
    searched(visit, "the on:yesterday", "[data-search-error]")


def search_offline(visit: Visit) -> None:
    searched(visit, "the", "[data-hit]").cut()
    visit.screen.page.locator("[data-search]").fill("kettle")
    expect(visit.screen.page.locator("[data-search-waits]")).to_be_visible()


def seeking(visit: Visit) -> None:
    """In a conversation: what can be said."""
    visit.enter().open("bob").page.locator("[data-seek]").click()
    expect(visit.screen.page.locator("[data-seek-list] [data-operators]")).to_be_visible()


def seeking_listed(visit: Visit) -> None:
    seeking(visit)
    visit.screen.page.locator("[data-seek-field]").fill("the")
    expect(visit.screen.page.locator("[data-seek-list] [data-hit] mark").first).to_be_visible()


def seeking_at_a_hit(visit: Visit) -> None:
    seeking_listed(visit)
    visit.screen.page.locator("[data-seek-field]").press("Enter")
    expect(visit.screen.page.locator("[data-message][data-led] mark").first).to_be_visible()
    expect(visit.screen.page.locator("[data-hit]")).to_have_count(0)


def empty_conversation(visit: Visit) -> None:
    visit.enter().open("carol")
    expect(visit.screen.page.locator(".log__hint")).to_be_visible()


def every_state_of_a_message(visit: Visit) -> None:
    screen = visit.enter().open("bob").say("read")
    expect(screen.message("read").last).to_have_attribute("data-state", "sent")
    with Person(screen.url, "bob").login().connect() as bob:
        read = bob.open_direct("alice")["last_message"]
        bob.call("mark_read", {"room_id": read["room_id"], "seq": read["seq"]})
    expect(screen.page.locator("[data-message][data-state=read]").last).to_be_visible()
    screen.say("sent")
    expect(screen.message("sent").last).to_have_attribute("data-state", "sent")
    screen.leave_unsent("refused: \u0007")
    screen.reload()
    expect(screen.page.locator("[data-state=failed] [data-retry]")).to_be_visible()
    screen.cut().say("waiting")
    expect(screen.message("waiting").locator("[data-cancel]")).to_be_visible()


def room(visit: Visit) -> None:
    screen = visit.enter()
    screen.page.locator('[data-room][data-name="Summer trip"]').click()
    expect(screen.page.locator("[data-message] [data-expires]").first).to_be_visible()
    expect(screen.page.locator("[data-line]").first).not_to_be_empty()
    expect(screen.page.locator("[data-here-count]")).to_be_visible()


def room_details(visit: Visit) -> None:
    room(visit)
    screen = visit.screen
    screen.page.locator("[data-open-details]").click()
    screen.page.locator("[data-member=bob] [data-member-menu]").click()
    expect(screen.page.locator("[data-member-actions] [data-act=remove]")).to_be_visible()


def edit_room(visit: Visit) -> None:
    room_dialog(visit, "[data-edit-room]", "[data-field=keeps_history]")


def invite(visit: Visit) -> None:
    room_dialog(visit, "[data-invite]", "[data-candidate=carol] [data-invite-person]")
    visit.screen.page.locator("[data-create-link]").click()
    expect(visit.screen.page.locator("[data-link] [data-revoke]").first).to_be_visible()


def room_dialog(visit: Visit, opener: str, sight: str) -> None:
    room(visit)
    visit.screen.page.locator("[data-open-details]").click()
    visit.screen.page.locator(opener).click()
    expect(visit.screen.page.locator(f"dialog[data-sheet] {sight}")).to_be_visible()


def public_rooms(visit: Visit) -> None:
    page = visit.enter().page
    page.locator("[data-rooms-menu]").click()
    page.locator("[data-browse-rooms]").click()
    expect(page.locator("[data-join]")).to_have_count(2)


def offline(visit: Visit) -> None:
    screen = visit.enter().open("bob").cut().say("waiting")
    expect(screen.page.locator("[data-connection-line]:not(:empty)")).to_be_visible()


def menu(visit: Visit) -> None:
    visit.enter().page.locator("[data-menu]").click()
    expect(visit.screen.page.locator("[data-add-account]")).to_be_visible()


def switcher(visit: Visit) -> None:
    visit.enter().page.keyboard.press("Control+k")
    expect(visit.screen.page.locator("[data-switcher] [data-option=bob]")).to_be_visible()


def switcher_in_vain(visit: Visit) -> None:
    switcher(visit)
    visit.screen.page.keyboard.type("zzz")
    expect(visit.screen.page.locator(".switcher__none:not(:empty)")).to_be_visible()


def keys(visit: Visit) -> None:
    visit.enter().page.keyboard.press("Control+/")
    expect(visit.screen.page.locator("[data-keys]")).to_be_visible()


def emoji_picker(visit: Visit) -> None:
    visit.enter().open("bob").page.locator("[data-emoji]").click()
    expect(visit.screen.page.locator("[data-picker] button").first).to_be_visible()


def emoji_completion(visit: Visit) -> None:
    visit.enter().open("bob").composer.press_sequentially(":smi")
    expect(visit.screen.page.locator("[data-completion] [role=option]").first).to_be_visible()


def message_life(visit: Visit) -> None:
    """A message that is an answer, was changed, has reactions; one that is gone; and the answer that one begins."""
    screen = visit.enter().open("bob")
    expect(screen.messages.first).to_be_visible()
    with visit.alice.connect() as alice:
        room_id = alice.open_direct("bob")["id"]
        answer = {"room_id": room_id, "body": "@bob, I did", "client_id": make_client_id(), "reply_to": 1}
        seq = alice.call("send_message", answer)["message"]["seq"]
        alice.call("edit_message", {"room_id": room_id, "seq": seq, "body": "@bob, I found it, and @alice is me"})
        for emoji in ("👍", "🎿"):
            alice.call("set_reaction", {"room_id": room_id, "seq": seq, "emoji": emoji, "on": True})
        slip = alice.send(room_id, "a slip")["seq"]
        expect(screen.message("a slip")).to_be_visible()
        alice.call("delete_message", {"room_id": room_id, "seq": slip})
    expect(screen.message("a slip")).to_have_count(0)
    found = screen.page.locator(f'[data-seq="{seq}"]')
    found.hover()
    screen.page.locator("[data-tool=reply]").click()
    expect(screen.page.locator("[data-writing=reply]")).to_be_visible()
    screen.page.mouse.move(1, 1)
    expect(screen.page.locator("[data-tools]")).to_have_count(0)


def message_menu(visit: Visit) -> None:
    screen = visit.enter().open("bob")
    screen.messages.first.hover()
    expect(screen.page.locator("[data-actions]")).to_be_attached()
    screen.messages.first.locator("[data-body]").click(button="right")
    expect(screen.page.locator("[data-actions] [data-action=delete]")).to_be_visible()


def seen_by(visit: Visit) -> None:
    """Who has seen a message, in the menu of it and by their faces."""
    room(visit)
    screen = visit.screen
    words = f"A kettle is found {uuid.uuid4().hex[:4]}"
    sent = screen.say(words).message(words)
    expect(sent).to_have_attribute("data-state", "sent")
    with Person(screen.url, "bob").login().connect() as bob:
        trip = int(screen.page.url.rsplit("/", 1)[1])
        bob.call("mark_read", {"room_id": trip, "seq": int(str(sent.get_attribute("data-seq")))})
    expect(sent).to_have_attribute("data-state", "read")
    sent.locator("[data-body]").click(button="right")
    expect(screen.page.locator("[data-actions] [data-seen]")).to_contain_text("bob")


def leaning_back(visit: Visit) -> None:
    with visit.alice.connect() as alice:
        room_id = alice.open_direct("bob")["id"]
        for number in range(30):
            alice.send(room_id, f"Packed so far: {number} of 30")
    visit.enter().open("bob").page.keyboard.press("Alt+PageUp")
    expect(visit.screen.page.locator("[data-leaning]:not(:empty)")).to_be_visible()


def whispers(visit: Visit) -> None:
    """One that was heard, one that is written, in the room that everybody is in."""
    screen = visit.enter()
    screen.page.locator("[data-room][data-name=General]").click()
    expect(screen.composer).to_be_enabled()
    screen.composer.press_sequentially("/w bob ")
    expect(screen.page.locator("[data-writing=whisper]")).to_be_visible()
    with Person(screen.url, "bob").login().connect() as bob:
        room_id = int(screen.page.url.rsplit("/", 1)[1])
        whisper = {"room_id": room_id, "user_id": bob.open_direct("alice")["peer"]["id"], "body": "between us"}
        assert bob.call("whisper", {**whisper, "client_id": make_client_id()})["ok"]
    expect(screen.message("between us").last).to_be_visible()


def pictures_and_sound(visit: Visit) -> None:
    screen = visit.enter().open("bob")
    person = Person(screen.url, "bob").login()
    with person.connect() as connection:
        bob = Sharer(person, connection, connection.open_direct("alice")["id"])
        bob.show(picture(), "lake.jpg", body="the **lake** at noon")
        bob.show(picture((300, 900), "purple"), "tower.jpg")
        bob.show(sound(4), "Song of the lake.wav")
        bob.record(4)
    expect(screen.page.locator('[data-sound] [data-position]:has-text("0:04")').last).to_be_visible()
    expect(screen.page.locator("img.picture__image[data-state=shown]").last).to_be_visible()


def picture_as_large_as_the_screen(visit: Visit) -> None:
    pictures_and_sound(visit)
    visit.screen.page.locator("[data-open-picture]:has([alt='the lake at noon'])").last.click()
    expect(visit.screen.page.locator("[data-original][data-state=shown]")).to_be_visible()


def collected_pictures(visit: Visit) -> None:
    pictures_and_sound(visit)
    visit.screen.page.locator("[data-open-details]").click()
    visit.screen.page.locator("[data-open-media]").click()
    expect(visit.screen.page.locator("[data-tile] img[data-state=shown]").first).to_be_visible()


def collected_sound(visit: Visit) -> None:
    collected_pictures(visit)
    visit.screen.page.locator("[data-media-tab=audio]").click()
    visit.screen.page.locator("[data-media] [data-play]").first.click()
    expect(visit.screen.page.locator("[data-media] [data-sound]").first).not_to_have_attribute("data-state", "idle")


def nothing_collected(visit: Visit) -> None:
    visit.enter().open("carol").page.locator("[data-open-details]").click()
    visit.screen.page.locator("[data-open-media]").click()
    expect(visit.screen.page.locator("[data-media-empty]")).to_be_visible()


def attaching(visit: Visit) -> None:
    """A picture, a recording, and what cannot be sent."""
    page = visit.enter().open("bob").page
    choose_files(visit, ("Sunrise.png", picture(size=(480, 320))), ("song.wav", sound()), ("a letter.pdf", b"%PDF"))
    expect(page.locator("[data-attach-preview] [data-refusal]")).to_be_visible()


def attaching_one(visit: Visit) -> None:
    visit.enter().open("bob")
    choose_files(visit, ("Sunrise.png", picture(size=(480, 320))))
    expect(visit.screen.page.locator("[data-attach-preview] img")).to_be_visible()


def choose_files(visit: Visit, *files: tuple[str, bytes]) -> None:
    given = [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    visit.screen.page.locator("[data-files]").set_input_files(given)  # type: ignore[arg-type]


def recording(visit: Visit) -> None:
    """Paused, so that it can be listened to."""
    visit.screen.page.context.grant_permissions(["microphone"])
    page = visit.enter().open("bob").page
    page.locator("[data-record]").click()
    page.locator("[data-pause]").click()
    expect(page.locator("[data-listen]")).to_be_visible()


def cropping(visit: Visit) -> None:
    page = visit.enter().settings("profile").page
    given = {"name": "Sunrise.png", "mimeType": "image/png", "buffer": picture(size=(480, 320))}
    page.locator("[data-avatar-file]").set_input_files([given])  # type: ignore[list-item]
    expect(page.locator("[data-stage]")).to_be_visible()


def days(visit: Visit) -> None:
    page = visit.enter().open("bob").page
    page.locator("[data-day]").first.click()
    expect(page.locator("[data-date][aria-disabled=false]").first).to_be_visible()


def linked(visit: Visit) -> None:
    """One who followed a link to a message."""
    screen = visit.enter().open("bob")
    expect(screen.messages.first).to_be_visible()
    screen.page.goto(f"{screen.url}/#/bob/1")
    expect(screen.page.locator("[data-led]")).to_be_visible()


def details(visit: Visit) -> None:
    visit.enter().open("bob").page.locator("[data-open-details]").click()
    expect(visit.screen.page.locator("[data-details] [data-mute]")).to_be_visible()


def clearing(visit: Visit) -> None:
    """For both, up to a day."""
    details(visit)
    page = visit.screen.page
    page.locator("[data-clear-history]").click()
    page.locator("dialog[data-sheet=clearing] input[value=everyone]").check()
    page.locator("dialog[data-sheet=clearing] input[value=day]").check()
    page.locator("dialog[data-sheet=clearing] [data-field=day]").fill("2020-01-31")
    expect(page.locator("dialog[data-sheet=clearing] [data-count=known]")).to_be_visible()


def cleared(visit: Visit) -> None:
    """For oneself, in the room that everybody is in: it can be taken back."""
    page = visit.enter().page
    page.locator("[data-room][data-name=General]").click()
    visit.screen.say("a word too many")
    expect(visit.screen.message("a word too many").last).to_have_attribute("data-state", "sent")
    page.locator("[data-open-details]").click()
    page.locator("[data-clear-history]").click()
    expect(page.locator("dialog[data-sheet=clearing] [data-count=known]")).to_be_visible()
    page.locator("dialog[data-sheet=clearing] [data-confirm]").click()
    expect(page.locator("[data-toast-action]")).to_be_visible()
    expect(visit.screen.messages).to_have_count(0)


def exporting(visit: Visit) -> None:
    """Where one takes a conversation away: asked, and then ready."""
    details(visit)
    visit.screen.page.locator("[data-open-export]").click()
    expect(visit.screen.page.locator("[data-exporting]")).to_be_visible()
    if visit.screen.page.locator("[data-export-begin]").count():
        visit.screen.page.locator("[data-export-begin]").click()
    expect(visit.screen.page.locator("[data-exporting=ready] [data-export-fetch]")).to_be_visible(timeout=60_000)


def section(name: str) -> Callable[[Visit], None]:
    def show(visit: Visit) -> None:
        visit.enter().settings(name)

    return show


def signed_out(visit: Visit) -> None:
    screen = visit.enter().open("carol")  # of bob's pictures some would still be asked for, refused, and complained of
    expect(screen.page.locator(".log__hint")).to_be_visible()
    other = screen.page.context.new_page()
    other.goto(screen.url + "/logout")
    other.locator("[data-sign-out] button").click()
    other.wait_for_url("**/login")  # a page that is closed on its way somewhere may never say that it is closed
    other.close()
    expect(screen.page.locator("[data-notice]")).to_be_visible()


SCREENS: dict[str, Callable[[Visit], None]] = {
    "sign in": sign_in,
    "sign in refused": sign_in_refused,
    "register refused": register_refused,
    "nickname refused": nickname_refused,
    "room for strangers": room_for_strangers,
    "menu of a guest": guest_menu,
    "settings: membership": membership,
    "sign out as a guest": guest_signing_out,
    "change password": change_password,
    "not found": not_found,
    "list": chat_list,
    "search in vain": search_in_vain,
    "search explained": search_explained,
    "search found": search_found,
    "search in the other layout": search_in_the_other_layout,
    "search completed": search_completed,
    "search refused": search_refused,
    "search offline": search_offline,
    "search in a conversation": seeking,
    "search in a conversation: hits": seeking_listed,
    "search in a conversation: at a hit": seeking_at_a_hit,
    "empty conversation": empty_conversation,
    "every state of a message": every_state_of_a_message,
    "room": room,
    "room: details": room_details,
    "room: edit": edit_room,
    "room: invite": invite,
    "public rooms": public_rooms,
    "offline": offline,
    "menu": menu,
    "switcher": switcher,
    "switcher in vain": switcher_in_vain,
    "keys": keys,
    "emoji picker": emoji_picker,
    "emoji completion": emoji_completion,
    "message life": message_life,
    "message menu": message_menu,
    "seen by": seen_by,
    "leaning back": leaning_back,
    "whispers": whispers,
    "pictures and sound": pictures_and_sound,
    "picture as large as the screen": picture_as_large_as_the_screen,
    "collected pictures": collected_pictures,
    "collected sound": collected_sound,
    "nothing collected": nothing_collected,
    "attaching": attaching,
    "attaching one": attaching_one,
    "recording": recording,
    "cropping": cropping,
    "days": days,
    "linked message": linked,
    "details": details,
    "clearing": clearing,
    "cleared": cleared,
    "exporting": exporting,
    **{f"settings: {name}": section(name) for name in SECTIONS},
    "signed out": signed_out,
}
