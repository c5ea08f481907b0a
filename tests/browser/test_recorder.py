"""One's own voice: recorded with Chromium's own microphone, which beeps; listened to, gone on with, sent, or thrown
away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import Screen
from tests.browser.test_attach import entries
from tests.browser.test_outbox import queue_of
from tests.servers import wait_until

LIVE_TRACKS = """() => window.tracks.filter((one) => one.readyState === "live").length"""

# Keeps what the page was given of the microphone.
KEEP_TRACKS = """() => {
  window.tracks = [];
  const { getUserMedia } = MediaDevices.prototype;
  MediaDevices.prototype.getUserMedia = async function (...given) {
    const stream = await getUserMedia.apply(this, given);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}"""


@pytest.fixture
def speaker(make_screen: Callable[..., Screen], bob: Screen) -> Screen:
    """alice, with a microphone, in a conversation with bob."""
    speaker = make_screen(permissions=["microphone"]).register("alice").open("bob")
    speaker.page.evaluate(KEEP_TRACKS)
    return speaker


def test_a_recording_is_listened_to_gone_on_with_and_sent(speaker: Screen, bob: Screen) -> None:
    record(speaker, seconds=1)
    speaker.page.locator("[data-pause]").click()
    expect(recorder(speaker)).to_have_attribute("data-recording-state", "paused")
    before = time_of(speaker)
    speaker.page.locator("[data-listen]").click()
    expect(speaker.page.get_by_role("button", name="Stop listening")).to_be_visible()
    expect(speaker.page.get_by_role("button", name="Listen", exact=True)).to_be_visible()  # to its end
    speaker.page.locator("[data-resume]").click()
    reaches(speaker, before + 1)
    speaker.page.locator("[data-send-recording]").click()
    expect(recorder(speaker)).to_have_count(0)
    expect(speaker.composer).to_be_focused()
    bob.open("alice")
    for screen in (speaker, bob):
        heard = screen.page.locator("[data-message][data-seq] [data-sound][data-voice]")
        expect(heard).to_have_count(1)
        expect(heard.locator("[data-play]")).to_be_visible()
    [file] = files_of(bob)
    assert file["voice"]
    assert file["portable"], "it plays in every browser, converted where need be"
    assert file["duration"] > 1_000 * before + 500
    assert max(file["waveform"]) > 20, "the beeps are seen"
    assert speaker.page.evaluate(LIVE_TRACKS) == 0


def test_a_recording_can_be_sent_at_once(speaker: Screen, bob: Screen) -> None:
    record(speaker, seconds=1)
    speaker.page.locator("[data-send-recording]").click()
    expect(speaker.page.locator("[data-message][data-state=sent] [data-voice]")).to_be_visible()


def test_thrown_away_it_is_nowhere_and_the_microphone_is_off(speaker: Screen, bob: Screen) -> None:
    record(speaker, seconds=1)
    assert speaker.page.evaluate(LIVE_TRACKS) == 1
    speaker.page.locator("[data-throw-away]").click()
    expect(speaker.composer).to_be_focused()
    assert speaker.page.evaluate(LIVE_TRACKS) == 0
    assert queue_of(speaker) == []
    expect(speaker.page.locator("[data-message]")).to_have_count(0)


def test_without_permission_the_page_says_what_to_do(alice: Screen, bob: Screen) -> None:
    alice.open("bob").page.locator("[data-record]").click()
    expect(alice.page.locator("[data-note]")).to_contain_text("The microphone may not be used here.")
    alice.say("then in words")
    expect(alice.message("then in words")).to_have_attribute("data-state", "sent")
    expect(alice.page.locator("[data-note]")).to_be_empty()


def test_who_writes_does_not_record(speaker: Screen) -> None:
    expect(speaker.page.locator("[data-record]")).to_be_visible()
    speaker.composer.fill("words")
    expect(speaker.page.locator("[data-record]")).to_be_hidden()


def test_whoever_turns_to_another_conversation_is_not_recorded_there(
    speaker: Screen, make_screen: Callable[..., Screen]
) -> None:
    make_screen().register("carol")
    record(speaker, seconds=1)
    speaker.open("carol")
    expect(recorder(speaker)).to_be_hidden()
    speaker.say("only this")
    expect(speaker.message("only this")).to_have_attribute("data-state", "sent")
    speaker.page.locator("[data-record]").click()
    expect(speaker.page.locator("[data-note]")).to_contain_text("is not sent yet")
    speaker.open("bob")
    expect(recorder(speaker)).to_have_attribute("data-recording-state", "paused")
    speaker.page.locator("[data-send-recording]").click()
    expect(speaker.page.locator("[data-message][data-state=sent] [data-voice]")).to_be_visible()


def test_what_was_recorded_survives_the_page(speaker: Screen, bob: Screen) -> None:
    speaker.network_may_fail = True
    speaker.page.route("**/uploads", lambda route: route.abort())
    record(speaker, seconds=1)
    speaker.page.locator("[data-send-recording]").click()
    expect(speaker.page.locator("[data-progress][data-phase=paused]")).to_be_visible()
    [entry] = wait_until(lambda: entries(speaker), 10, "an entry of the queue")
    assert entry["file"]["voice"]
    assert entry["file"]["waveform"]
    speaker.reload()
    expect(speaker.page.locator("[data-progress]")).to_be_visible()
    speaker.page.unroute("**/uploads")
    expect(speaker.page.locator("[data-message][data-state=sent] [data-voice]")).to_be_visible(timeout=40_000)
    assert queue_of(speaker) == []


def record(screen: Screen, seconds: float) -> None:
    screen.page.locator("[data-record]").click()
    expect(recorder(screen)).to_have_attribute("data-recording-state", "recording")
    reaches(screen, seconds)


def reaches(screen: Screen, seconds: float) -> None:
    """Until the recording has that length."""
    told = "Number(document.querySelector('[data-time]').textContent.split(':')[1])"
    wait_until(lambda: screen.page.evaluate(told) >= seconds, seconds + 30)


def recorder(screen: Screen) -> Locator:
    return screen.page.locator("[data-recording-state]")


def time_of(screen: Screen) -> int:
    return int(screen.page.locator("[data-time]").inner_text().split(":")[1])


def files_of(screen: Screen) -> list[dict]:
    """The open conversation's files, as the server tells them."""
    asked = "async (id) => (await (await fetch(`/rooms/${id}/messages`)).json()).messages"
    return [one["file"] for one in screen.page.evaluate(asked, screen.room_id) if one["file"]]
