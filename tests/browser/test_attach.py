"""Files on their way: chosen, dropped, pasted; refused before anything is sent; carried beside the texts, and gone on
with where they stopped, whatever became of the network, the page or the server meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Request, expect

from tests.browser.screens import Screen
from tests.browser.test_outbox import queue_of
from tests.browser.wire import Wire
from tests.servers import Person, ServerProcess, wait_until
from tests.uploading import noise, picture, sound

SLOW = 400_000  # bytes a second
SOME = 300_000  # bytes of an upload, after which something happens to it
PATIENCE = 30  # seconds

FIRE = """([kind, files]) => {
  const data = new DataTransfer();
  for (const [name, type, bytes] of files) data.items.add(new File([Uint8Array.from(bytes)], name, { type }));
  const target = document.querySelector(kind === "paste" ? "[data-composer]" : "[data-log]");
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { ...options, clipboardData: data })
    : new DragEvent(kind, { ...options, dataTransfer: data });
  return target.dispatchEvent(event);
}"""


def test_a_chosen_picture_is_seen_before_it_goes_and_is_there_with_its_caption(alice: Screen, bob: Screen) -> None:
    alice.open("bob")
    with alice.page.expect_file_chooser() as chooser:
        alice.page.locator("[data-attach]").click()
    chooser.value.set_files([given("dawn.png", picture())])
    expect(alice.page.get_by_role("heading", name="Send a picture")).to_be_visible()
    expect(chosen(alice, "dawn.png").locator("img")).to_be_visible()
    expect(chosen(alice, "dawn.png")).to_contain_text("64 × 48")
    caption(alice).fill("From the terrace")
    caption(alice).press("Enter")
    expect(dialog(alice)).to_have_count(0)
    expect(alice.message("From the terrace")).to_have_attribute("data-state", "sent")
    assert queue_of(alice) == []
    bob.open("alice")
    expect(bob.message("From the terrace").locator("img")).to_be_visible()
    assert files_of(bob) == ["dawn.png"]


def test_of_several_the_refused_one_says_why_and_the_others_go_in_their_order(alice: Screen, bob: Screen) -> None:
    alice.open("bob")
    choose(
        alice, ("one.png", picture("red")), ("letter.pdf", b"%PDF"), ("empty.png", b""), ("two.png", picture("blue"))
    )
    expect(refusal(alice, "letter.pdf")).to_have_text("Files of this kind cannot be sent here.")
    expect(refusal(alice, "empty.png")).to_have_text("This file is empty.")
    expect(alice.page.get_by_role("heading", name="Send 2 files")).to_be_visible()
    expect(chosen(alice, "letter.pdf")).to_contain_text("0.1 kB")
    caption(alice).fill("both")
    alice.page.get_by_role("button", name="Send 2 files").click()
    expect(alice.page.locator("[data-message][data-state=sent]")).to_have_count(2)
    bob.open("alice")
    expect(bob.message("both")).to_be_visible()
    assert files_of(bob) == ["one.png", "two.png"]


def test_what_is_too_large_is_refused_here_and_by_the_server_with_one_sentence(
    make_screen: Callable[..., Screen], tmp_path: Path
) -> None:
    with ServerProcess(tmp_path, IMAGE_MAX_MB="1", AUDIO_MAX_MB="1", IMAGE_MEGAPIXELS="1") as server:
        Person(server.url, "bob").register()
        alice = make_screen(url=server.url).register("alice").open("bob")
        large, endless, empty = noise(700), sound(66.0, 8000), b""
        choose(
            alice,
            ("large.png", large),
            ("long.wav", endless),
            ("wide.png", picture(size=(1001, 1000))),
            ("no.png", empty),
            ("no.svg", b"<svg/>"),
        )
        said = {}
        for name in ("large.png", "long.wav", "no.png", "no.svg"):
            said[name] = refusal(alice, name).inner_text()
        assert said["large.png"] == "Pictures may be at most 1 MB large."
        assert said == {
            "large.png": answered(alice, "large.png", "image/png", len(large)),
            "long.wav": answered(alice, "long.wav", "audio/wav", len(endless)),
            "no.png": answered(alice, "no.png", "image/png", 0),
            "no.svg": answered(alice, "no.svg", "image/svg+xml", 6),
        }
        expect(refusal(alice, "wide.png")).to_have_text("Pictures may have at most 1 megapixels.")
        expect(alice.page.locator("[data-limits]")).to_contain_text("Pictures up to 1 MB")
        expect(alice.page.locator("[data-send-files]")).to_be_disabled()


def test_what_is_dropped_on_the_conversation_is_offered(alice: Screen, bob: Screen) -> None:
    alice.open("bob")
    place = alice.page.locator("[data-drop]")
    assert not fire(alice, "dragenter", ("dawn.png", picture())), "the page would be left for the file"
    expect(place).to_be_attached()
    fire(alice, "dragover", ("dawn.png", picture()))
    expect(place).to_contain_text("Drop here to send to bob")
    assert not fire(alice, "drop", ("dawn.png", picture()), ("song.wav", sound()))
    expect(place).to_be_hidden()
    expect(chosen(alice, "song.wav")).to_contain_text("0:01")
    chosen(alice, "song.wav").get_by_role("button", name="Remove song.wav").click()
    send(alice)
    expect(alice.page.locator("[data-message][data-state=sent]")).to_have_count(1)


def test_what_is_pasted_is_offered_and_text_is_pasted_as_text(alice: Screen, bob: Screen) -> None:
    alice.open("bob")
    alice.composer.fill("already written")
    assert not fire(alice, "paste", ("image.png", picture()))
    expect(caption(alice)).to_have_value("already written")
    send(alice)
    expect(alice.message("already written")).to_have_attribute("data-state", "sent")
    expect(alice.composer).to_have_value("")
    assert fire(alice, "paste"), "nothing but files is taken"
    expect(dialog(alice)).to_have_count(0)


def test_what_is_dropped_into_the_dialog_is_added(alice: Screen, bob: Screen) -> None:
    alice.open("bob")
    choose(alice, ("one.png", picture("red")))
    fire(alice, "drop", ("two.png", picture("blue")))
    expect(chosen(alice, "two.png")).to_be_visible()
    expect(alice.page.get_by_role("heading", name="Send 2 files")).to_be_visible()
    alice.page.keyboard.press("Escape")
    expect(dialog(alice)).to_have_count(0)
    expect(alice.page.locator("[data-message]")).to_have_count(0)


def test_a_file_can_be_an_answer(alice: Screen, bob: Screen) -> None:
    alice.open("bob").say("Show me")
    bob.open("alice").message("Show me").hover()
    bob.page.locator("[data-tool=reply]").click()
    expect(bob.page.locator("[data-writing=reply]")).to_be_visible()
    choose(bob, ("dawn.png", picture()))
    send(bob)
    expect(bob.page.locator("[data-message][data-own] [data-quote]")).to_contain_text("Show me")
    expect(alice.page.locator("[data-message] [data-file=image]")).to_have_count(1)


def test_a_file_can_be_whispered(
    alice: Screen, bob: Screen, make_screen: Callable[..., Screen], server: ServerProcess
) -> None:
    carol = make_screen().register("carol")
    for screen in (alice, bob, carol):
        screen.page.locator("[data-room]").first.click()
        expect(screen.composer).to_be_enabled()
    alice.composer.press_sequentially("/w bob ")
    expect(alice.page.locator("[data-writing=whisper]")).to_be_visible()
    choose(alice, ("secret.png", picture()))
    expect(alice.page.get_by_text("Only bob sees it.")).to_be_visible()
    caption(alice).fill("psst")
    assert queue_of(alice) == []
    send(alice)
    expect(bob.message("psst").locator("img")).to_be_visible()
    expect(alice.message("psst").locator("[data-progress]")).to_have_count(0)
    alice.composer.fill("for all")
    alice.composer.press("Enter")
    expect(carol.message("for all")).to_be_visible()
    expect(carol.message("psst")).to_have_count(0)


def test_texts_go_meanwhile_and_the_progress_is_seen(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    alice.open("bob")
    wire = slowed(alice)
    choose(alice, ("large.png", noise(1000)))
    send(alice)
    wait_until(lambda: received(server) > SOME, PATIENCE)
    progress = alice.page.locator("[data-progress]")
    expect(progress).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
    alice.say("and a text")
    expect(alice.message("and a text")).to_have_attribute("data-state", "sent")
    expect(progress).to_be_visible()
    let_go(wire)
    expect(alice.page.locator("[data-message][data-state=sent] [data-file]")).to_be_visible()
    expect(progress).to_have_count(0)
    bob.open("alice")
    expect(bob.page.locator("[data-message]")).to_have_count(2)
    expect(bob.page.locator("[data-message]").first).to_contain_text("and a text")


def test_cancelled_it_is_gone_here_and_on_the_server(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    alice.open("bob")
    slowed(alice)
    choose(alice, ("large.png", noise(1000)))
    send(alice)
    wait_until(lambda: received(server) > SOME, PATIENCE)
    alice.page.locator("[data-cancel-upload]").click()
    expect(alice.page.locator("[data-message]")).to_have_count(0)
    wait_until(lambda: not incoming(server), PATIENCE, "the server to let go of it")
    assert queue_of(alice) == []
    assert kept_files(alice) == 0


def test_what_the_server_refuses_can_be_tried_again_or_taken_away(
    alice: Screen, bob: Screen, server: ServerProcess
) -> None:
    alice.server_may_refuse = alice.network_may_fail = True
    alice.open("bob")
    choose(alice, ("broken.png", picture()[:60]), ("fine.png", picture()))
    send(alice)
    broken = alice.page.locator("[data-message][data-state=failed]")
    expect(broken).to_contain_text("This file is damaged and cannot be read.")
    expect(alice.page.locator("[data-message][data-state=sent]")).to_have_count(1)  # the rest of the batch went on
    with (
        alice.page.expect_request(lambda one: one.method == "POST" and one.url.endswith("/uploads")),
        alice.page.expect_response(lambda one: one.url.endswith("/file")),
    ):
        broken.locator("[data-retry]").click()
    expect(broken).to_contain_text("This file is damaged and cannot be read.")
    alice.reload()
    broken.locator("[data-discard]").click()
    expect(broken).to_have_count(0)
    assert queue_of(alice) == []


def test_a_server_without_room_says_so_and_takes_it_later(alice: Screen, bob: Screen) -> None:
    alice.server_may_refuse = True
    full = {"ok": False, "error": {"code": "full", "message": "The server cannot store more files."}}
    alice.page.route("**/uploads", lambda route: route.fulfill(status=507, json=full))
    alice.open("bob")
    choose(alice, ("dawn.png", picture()))
    send(alice)
    failed = alice.page.locator("[data-message][data-state=failed]")
    expect(failed.get_by_role("alert")).to_contain_text("The server cannot store more files.")
    alice.page.unroute("**/uploads")
    failed.locator("[data-retry]").click()
    expect(alice.page.locator("[data-message][data-state=sent] [data-file]")).to_be_visible()


def test_offline_it_waits_and_goes_on_where_it_stopped(
    make_screen: Callable[..., Screen], bob: Screen, server: ServerProcess
) -> None:
    with Wire(server) as network:
        alice = make_screen(url=network.url).register("alice")
        wire, asked = begun(alice, server)
        network.part()
        alice.is_offline()
        expect(alice.page.locator("[data-progress][data-phase=paused]")).to_be_visible()
        let_go(wire)
        network.mend()
        goes_on(alice, asked)


def test_after_a_reload_it_goes_on_where_it_stopped(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    wire, asked = begun(alice, server)
    alice.page.reload()
    let_go(wire)
    goes_on(alice, asked)
    assert kept_files(alice) == 0


def test_after_a_restart_of_the_server_it_goes_on_where_it_stopped(
    alice: Screen, bob: Screen, server: ServerProcess
) -> None:
    bob.network_may_fail = True
    wire, asked = begun(alice, server)
    server.restart()
    let_go(wire)
    goes_on(alice, asked)


def test_what_the_server_let_go_of_begins_anew(
    make_screen: Callable[..., Screen], bob: Screen, server: ServerProcess
) -> None:
    with Wire(server) as network:
        alice = make_screen(url=network.url).register("alice")
        wire, asked = begun(alice, server)
        network.part()
        alice.is_offline()
        wait_until(lambda: not growing(server), PATIENCE)
        for path in incoming(server):
            path.unlink()
        let_go(wire)
        network.mend()
        expect(alice.page.locator("[data-message][data-state=sent] [data-file]")).to_be_visible(
            timeout=PATIENCE * 1_000
        )
    assert [method for method, _ in asked].count("POST") == 2


def test_one_of_two_tabs_carries_it_and_the_other_goes_on_when_that_is_closed(
    alice: Screen, bob: Screen, server: ServerProcess, make_screen: Callable[..., Screen]
) -> None:
    other = make_screen(context=alice.page.context)
    other.page.goto(other.url)
    other.is_online().open("bob")
    heard: list[tuple[str, int]] = []
    watch(other, heard)
    _, asked = begun(alice, server)
    expect(other.page.locator("[data-progress]")).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
    assert heard == []
    assert [method for method, _ in asked].count("POST") == 1
    alice.page.goto("about:blank")
    goes_on(other, heard)


def test_what_waits_belongs_to_the_account_and_goes_with_it(alice: Screen, bob: Screen, server: ServerProcess) -> None:
    """The address under which an account is found may be another one later."""
    begun(alice, server)
    [entry] = entries(alice)
    assert re.fullmatch("[0-9a-f]{32}", entry["file"]["upload"])
    assert entry["file"]["url"] is None


# What people do


def given(name: str, content: bytes) -> Any:
    types = {"png": "image/png", "wav": "audio/wav", "pdf": "application/pdf", "svg": "image/svg+xml"}
    return {"name": name, "mimeType": types[name.rsplit(".", 1)[1]], "buffer": content}


def choose(screen: Screen, *files: tuple[str, bytes]) -> None:
    screen.page.locator("[data-files]").set_input_files([given(*one) for one in files])
    expect(dialog(screen)).to_be_visible()
    for name, _ in files:
        expect(chosen(screen, name)).to_be_visible()


def fire(screen: Screen, kind: str, *files: tuple[str, bytes]) -> bool:
    """Drag, drop or paste; whether the browser would do what it does by itself."""
    told = [[name, given(name, content)["mimeType"], list(content)] for name, content in files]
    done: bool = screen.page.evaluate(FIRE, [kind, told])
    return done


def send(screen: Screen) -> None:
    screen.page.locator("[data-send-files]").click()
    expect(dialog(screen)).to_have_count(0)


def dialog(screen: Screen) -> Locator:
    return screen.page.locator("[data-attach-preview]")


def chosen(screen: Screen, name: str) -> Locator:
    return dialog(screen).locator(f'[data-file="{name}"]')


def refusal(screen: Screen, name: str) -> Locator:
    return chosen(screen, name).locator("[data-refusal]")


def caption(screen: Screen) -> Locator:
    return screen.page.locator("[data-caption]")


# What the server has of it


def answered(screen: Screen, name: str, type_: str, size: int) -> str:
    """What the server itself says to a file."""
    screen.server_may_refuse = screen.network_may_fail = True
    said: str = screen.page.evaluate(
        """async ([name, type, size]) => {
          const boot = JSON.parse(document.getElementById("boot").textContent);
          const answer = await fetch(`${boot.root}/uploads`, { method: "POST", headers: {
            "Tus-Resumable": "1.0.0", "Upload-Length": String(size),
            "X-CSRFToken": boot.csrf, "X-Account": String(boot.user.id),
            "Upload-Metadata": `filename ${btoa(name)},filetype ${btoa(type)}`,
          } });
          return (await answer.json()).error.message;
        }""",
        [name, type_, size],
    )
    return said


def files_of(screen: Screen) -> list[str]:
    """The names of the open conversation's files, as the server tells them."""
    messages = screen.page.evaluate(
        """async (id) => (await (await fetch(`/rooms/${id}/messages`)).json()).messages""", screen.room_id
    )
    return [message["file"]["name"] for message in sorted(messages, key=lambda one: one["seq"]) if message["file"]]


def incoming(server: ServerProcess) -> list[Path]:
    return [path for path in (server.folder / "uploads" / "incoming").glob("*") if path.is_file()]


def received(server: ServerProcess) -> int:
    return sum(path.stat().st_size for path in incoming(server))


def growing(server: ServerProcess) -> bool:
    """Whether a request still writes: what is under way when a connection ends may come a moment later."""
    before = received(server)
    try:
        wait_until(lambda: received(server) != before, 1)
    except AssertionError:
        return False
    return True


# A slow network


def slowed(screen: Screen) -> Any:
    screen.network_may_fail = True
    wire = screen.protocol()
    wire.send("Network.enable")
    conditions(wire, upload=SLOW)
    return wire


def let_go(wire: Any) -> None:
    conditions(wire)


def conditions(wire: Any, upload: int = -1) -> None:
    """Not offline, by which Chromium lets go of the rest of a request at once: a Wire that is parted does that."""
    wire.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload},
    )


def begun(screen: Screen, server: ServerProcess) -> tuple[Any, list[tuple[str, int]]]:
    """A picture of 3 MB, a part of which has come to the server; and what is asked of it from then on."""
    asked: list[tuple[str, int]] = []
    screen.open("bob")
    watch(screen, asked)
    wire = slowed(screen)
    choose(screen, ("large.png", noise(1000)))
    send(screen)
    wait_until(lambda: received(server) > SOME, PATIENCE)
    return wire, asked


def watch(screen: Screen, asked: list[tuple[str, int]]) -> None:
    """Notes each request of an upload with the place from which it goes on."""

    def heard(request: Request) -> None:
        if re.search("/uploads(/[0-9a-f]{32})?$", request.url):
            asked.append((request.method, int(request.headers.get("upload-offset", 0))))

    screen.page.on("request", heard)


def goes_on(screen: Screen, asked: list[tuple[str, int]]) -> None:
    """To its end, from where it stopped: as the server said, not from the beginning."""
    expect(screen.page.locator("[data-message][data-state=sent] [data-file]")).to_be_visible(timeout=PATIENCE * 1_000)
    assert [method for method, _ in asked].count("POST") <= 1, asked
    last = max(index for index, (method, _) in enumerate(asked) if method == "PATCH")
    assert "HEAD" in [method for method, _ in asked[:last]], asked
    assert asked[last][1] > SOME, asked
    assert queue_of(screen) == []


def entries(screen: Screen) -> Any:
    """What this browser keeps until it is sent."""
    return screen.page.evaluate(
        """() => new Promise((done) => {
          const user = JSON.parse(document.getElementById("boot").textContent).user.id;
          indexedDB.open(`parley.outbox.${user}`).onsuccess = ({ target: { result: database } }) => {
            const all = database.transaction("messages").objectStore("messages").getAll();
            all.onsuccess = () => done(all.result);
          };
        })"""
    )


def kept_files(screen: Screen) -> int:
    """In the browser's database."""
    count: int = screen.page.evaluate(
        """() => new Promise((done) => {
          const user = JSON.parse(document.getElementById("boot").textContent).user.id;
          indexedDB.open(`parley.outbox.${user}.files`).onsuccess = ({ target: { result: database } }) => {
            database.transaction("files").objectStore("files").count().onsuccess = ({ target }) => done(target.result);
          };
        })"""
    )
    return count
