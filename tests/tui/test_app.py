from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from tests.tui.fakefeed import RUN, FakeFeed, snapshot, stopping
from textual import events
from textual.pilot import Pilot

from trainwatch.model.snapshot import Command, Snapshot
from trainwatch.present.look import look
from trainwatch.present.overview import Painter
from trainwatch.present.theme import load
from trainwatch.tui.keys import KEYS, footer
from trainwatch.tui.screens.alerts import AlertPage
from trainwatch.tui.screens.log import LogPage
from trainwatch.tui.watcher import Watcher
from trainwatch.tui.widgets.cells import Cells

DEAF = 0.6
"""Longer than a stop dialog drops keys."""


@asynccontextmanager
async def running(
    feed: FakeFeed, size: tuple[int, int] = (80, 24), *, theme: str = "default", **options: object
) -> AsyncIterator[Pilot[None]]:
    """The app without a terminal."""
    app = Watcher(feed, **({"ascii": False, "colours": load(theme)} | options))  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def shown(pilot: Pilot[None]) -> list[str]:
    """What the terminal would show, as text."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Wait until something is seen on the screen. Raises TimeoutError after a minute."""
    async with asyncio.timeout(60):
        while not holds():
            await pilot.pause(0.05)


def overview(feed: FakeFeed, size: tuple[int, int], *, ascii_only: bool) -> list[str]:
    """What the painter says should be shown."""
    return Painter(look(ascii=ascii_only), footer("overview")).screen(feed.newest, *size).lines()


@pytest.mark.parametrize("theme", ["default", "dark"])
@pytest.mark.parametrize(
    ("size", "ascii_only"), [((80, 24), False), ((80, 24), True), ((120, 40), False), ((60, 16), True), ((50, 10), False)]
)
async def test_the_screen_is_what_present_painted(theme: str, size: tuple[int, int], *, ascii_only: bool):
    """At every size and in every theme Textual shows exactly the cells that were painted."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed, size, ascii=ascii_only, theme=theme) as pilot:
        assert shown(pilot) == overview(feed, size, ascii_only=ascii_only)
        assert not ascii_only or all(line.isascii() for line in shown(pilot))


async def test_resizing_lays_out_anew():
    """Any size after any other shows its own overview."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        for size in ((120, 40), (50, 10), (61, 17), (200, 60), (20, 4), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert shown(pilot) == overview(feed, size, ascii_only=False)


async def test_new_snapshots_arrive_at_most_twice_a_second():
    """A hundred snapshots in a moment are drawn once or twice, and the newest is what is seen."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        chart = next(c for c in pilot.app.screen.query(Cells) if c.name == "chart")
        seen: list[object] = []
        original = chart.show
        chart.show = lambda canvas: (seen.append(canvas), original(canvas))[1]  # type: ignore[method-assign]
        for i in range(100):
            feed.show(replace(feed.newest, data_age=i / 1000))
        await until(pilot, lambda: seen)
        assert len(seen) <= 2


async def test_nothing_is_sent_when_nothing_changed():
    """A newer snapshot that looks the same changes no cell; one more point changes few."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        chart = next(c for c in pilot.app.screen.query(Cells) if c.name == "chart")
        feed.show(replace(feed.newest, now=feed.newest.now + 1))
        await asyncio.sleep(0.6)
        assert chart.sent == 0
        feed.show(snapshot(2610))
        await until(pilot, lambda: chart.sent)
        assert chart.sent < 40


async def test_the_log_is_shown_anew_more_seldom_than_the_rest():
    """While new lines come all the time the log is drawn in no more than every fourth frame; what is last is seen though nothing follows."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed, (120, 40)) as pilot:
        cells = {c.name: c for c in pilot.app.screen.query(Cells)}
        watcher, seen = cast("Watcher", pilot.app), {"log": 0, "header": 0}
        for name in seen:
            original = cells[name].show
            cells[name].show = lambda canvas, n=name, show=original: (seen.update({n: seen[n] + 1}), show(canvas))[1]  # type: ignore[method-assign,misc]
        first = watcher.looks
        while seen["header"] < 8:
            feed.show(replace(feed.newest, tail=(f"look {watcher.looks}",)))
            await pilot.pause(0.05)
        assert seen["log"] <= (watcher.looks - first) // 4 + 1
        feed.show(replace(feed.newest, tail=("the last line",)))
        await until(pilot, lambda: (feed.show(replace(feed.newest)), any(line.startswith("the last line") for line in shown(pilot)))[1])


async def test_q_detaches_and_asks_nothing():
    """Leaving sends no request."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert feed.asked == []
    assert feed.listeners == []
    assert pilot.app.return_code == 0


async def test_ctrl_c_explains_then_closes():
    """The first ctrl+c says what it does, also in a dialog; the second closes; the job hears of neither."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press("ctrl+c")
        assert "training goes on" in shown(pilot)[-1]
        assert pilot.app.is_running
        await pilot.press("X", "ctrl+c")
        await pilot.pause()
        assert not pilot.app.is_running
    assert feed.asked == []


async def test_help_shows_every_key():
    """`?` lists all keys of the screen it was pressed on; any key closes it."""
    async with running(FakeFeed(snapshot(2600))) as pilot:
        await pilot.press("question_mark")
        text = "\n".join(shown(pilot))
        assert all(k.help in text for k in KEYS if k.where == "overview")
        await pilot.press("x")
        assert "severities" not in "\n".join(shown(pilot))


async def test_help_scrolls_where_it_is_longer_than_the_screen():
    """In a small window its last line can be reached, no sentence of it is cut, and any other key closes it."""
    async with running(FakeFeed(snapshot(2600)), (60, 16)) as pilot:
        await pilot.press("question_mark")
        seen = "\n".join(shown(pilot))
        await pilot.press("down", "pagedown", "pagedown")
        assert "a note: the rules began again" in "\n".join(shown(pilot))
        assert "…" not in seen
        await pilot.press("up", "x")
        assert shown(pilot)[0].startswith("train_v4")


async def test_the_alerts():
    """`A` opens them in full; they scroll no further than their ends, follow what is new, and esc leads back, also when pressed twice."""
    feed = FakeFeed(snapshot(3600))
    async with running(feed, (60, 16)) as pilot:
        await pilot.press("A")
        assert "black" in shown(pilot)[2]
        await pilot.press("end", "pagedown", "down")
        assert "from here on" in shown(pilot)[-2]
        await pilot.press("up", "home", "pageup")
        assert "black" in shown(pilot)[2]
        feed.show(snapshot(400))
        await until(pilot, lambda: "no rule holds" in shown(pilot)[2])
        page = cast("AlertPage", pilot.app.screen)
        page.action_back()
        page.action_back()
        await pilot.pause()
        assert shown(pilot)[0].startswith("train_v4")
    assert feed.asked == []


@pytest.mark.parametrize("opened", [("question_mark",), ("K",), ("l", "question_mark")])
async def test_two_keys_at_once_close_one_screen(opened: tuple[str, ...]):
    """Keys that come faster than a screen goes close it once: the second neither ends the view nor answers a question."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press(*opened)
        depth, top = len(pilot.app.screen_stack), pilot.app.screen
        for name in ("escape", "y"):
            top.post_message(events.Key(name, None))
        await pilot.pause()
        await pilot.pause()
        assert len(pilot.app.screen_stack) == depth - 1
    assert feed.asked == []


async def test_save_needs_y():
    """`K` asks; only `y` sends, and the answer is shown."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press("K", "enter")
        await pilot.press("K", "escape")
        assert feed.asked == []
        await pilot.press("K", "y")
        await pilot.pause()
        assert [c.op for c in feed.asked] == ["save"]
        assert "save: accepted" in shown(pilot)[-1]
        await pilot.press("f8")
        assert shown(pilot)[-1].startswith("q detach")


async def test_cancel_asks_at_once():
    """`C` is the harmless direction: no question."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press("C")
    assert [c.op for c in feed.asked] == ["cancel"]


async def test_typed_confirmation_stops():
    """The run's id, typed into the field, and a press on the button: one stop request that carries what was typed."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press("X")
        await asyncio.sleep(DEAF)
        await pilot.press("tab", *RUN.id.replace("-", " ").replace(" ", "-"), "enter")
        assert feed.asked == []
        await pilot.press("tab", "enter")
        await pilot.pause()
    assert feed.asked == [Command("stop", reason="asked for on the screen", confirm=RUN.id)]


async def test_typing_ahead_is_dropped(monkeypatch: pytest.MonkeyPatch):
    """Keys that were typed before the dialog could be read do nothing in it."""
    monkeypatch.setattr("trainwatch.tui.screens.stop._DEAF", 3600.0)
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press("X", "tab", "a")
        assert "Stop train_v4?" in "\n".join(shown(pilot))
        assert "> [ cancel" in "\n".join(shown(pilot))
    assert feed.asked == []


async def test_pasting_the_id_does_not_confirm():
    """A paste is not typing."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        from textual import events

        await pilot.press("X")
        await asyncio.sleep(DEAF)
        await pilot.press("tab")
        pilot.app.post_message(events.Paste(RUN.id))
        await pilot.pause()
        await pilot.press("tab", "enter")
        assert f"type {RUN.id} first" in "\n".join(shown(pilot))
    assert feed.asked == []


async def test_read_only_says_so():
    """Where the feed cannot, the keys answer in words and open nothing."""
    feed = FakeFeed(snapshot(2600), allowed=frozenset())
    async with running(feed) as pilot:
        for key in ("K", "X", "C"):
            await pilot.press(key)
            assert "read-only" in shown(pilot)[-1]
    assert feed.asked == []


async def test_the_log():
    """`l` opens the log at its end; it moves, searches with a mark on hits, follows again, and esc leads back, also when pressed twice."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        await pilot.press("l")
        assert shown(pilot)[-2].startswith("line 1000:")
        await pilot.press("pageup", "up")
        assert shown(pilot)[-2].startswith("line 977:")
        await pilot.press("slash", *"line 50:", "enter")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert any(line.startswith("line 50:") for line in shown(pilot))
        await pilot.press("end")
        feed.text = (*feed.text, "one more")
        feed.show(replace(feed.newest, records=1))
        await until(pilot, lambda: shown(pilot)[-2].startswith("one more"))
        page = cast("LogPage", pilot.app.screen)
        page.action_back()
        page.action_back()
        await pilot.pause()
        assert shown(pilot)[0].startswith("train_v4")


async def test_long_lines_of_the_log_are_seen_to_their_end():
    """Right shows what is cut at the right edge, left goes back, and neither goes beyond."""
    feed = FakeFeed(snapshot(2600))
    feed.text = ("start " + "." * 200 + " end",)
    async with running(feed) as pilot:
        await pilot.press("l", "left")
        assert shown(pilot)[1].startswith("start")
        await pilot.press(*["right"] * 9)
        assert shown(pilot)[1].rstrip().endswith(" end")
        await pilot.press(*["left"] * 9)
        assert shown(pilot)[1].startswith("start")


async def test_letters_are_text_while_a_search_is_typed():
    """`q`, `n` and `f` go into the search and do not act."""
    async with running(FakeFeed(snapshot(2600))) as pilot:
        await pilot.press("l", "slash", *"qnf")
        assert shown(pilot)[-1].startswith("/qnf")
        await pilot.press("escape")
        assert shown(pilot)[-1].startswith("esc back")


async def test_log_text_is_not_markup():
    """Markup and escape sequences of the log are shown as text."""
    feed = FakeFeed(snapshot(2600))
    feed.text = ("[bold red]x[/] \x1b[2Jy",)
    async with running(feed) as pilot:
        await pilot.press("l")
        assert shown(pilot)[1].startswith("[bold red]x[/] y")


async def test_the_end_stays_until_q():
    """When the run has ended the screen says how, and how to leave."""
    feed = FakeFeed(snapshot(2600))
    async with running(feed) as pilot:
        feed.show(replace(snapshot(2600), state="stopped", exit_code=80))
        await until(pilot, lambda: "● stopped  step" in shown(pilot)[0])
        for _ in range(2):
            assert shown(pilot)[-1].rstrip() == "q leave: the run has ended  ? help  A alerts  l log"
            await pilot.press("down")
        assert pilot.app.is_running


async def test_only_what_can_be_asked_is_offered():
    """A view that cannot ask anything of the job does not offer to."""
    feed = FakeFeed(snapshot(2600))
    feed.allowed = frozenset({"detach"})
    async with running(feed) as pilot:
        assert shown(pilot)[-1].rstrip() == "q detach  ? help  A alerts  l log"


async def test_close_after():
    """Asked to, the screen closes by itself some time after the end."""
    feed = FakeFeed(replace(snapshot(2600), state="done", exit_code=0))
    async with running(feed, close_after=5.0) as pilot:
        assert "closes by itself" in shown(pilot)[-1]
    async with running(feed, close_after=0.01) as pilot:
        await until(pilot, lambda: not pilot.app.is_running)


async def test_next_theme():
    """`t` takes the next theme and says its name."""
    async with running(FakeFeed(snapshot(2600))) as pilot:
        await pilot.press("t")
        assert "theme default" in shown(pilot)[-1] or "theme dark" in shown(pilot)[-1]


KEYBOARD = sorted({name for k in KEYS for name in k.name.split(",")} - {"q"})
KEYBOARD += ["enter", "tab", "escape", "space", "y", "a", "7", "X", "K", "backspace", "up", "ctrl+r", "shift+tab", "f5", "é", "\u200b"]
WINDOWS = ((80, 24), (60, 16), (120, 40), (30, 6), (1, 1), (200, 50))


@pytest.mark.parametrize(("seed", "first"), list(enumerate((Snapshot(RUN), snapshot(400), snapshot(3600, gpus=0), stopping()))))
async def test_a_monkey_never_stops_the_job(seed: int, first: Snapshot, monkeypatch: pytest.MonkeyPatch):
    """Random keys in windows of random sizes, dialogs included, while the run goes on and ends: no stop is asked for, and the app lives."""
    dice = random.Random(seed)
    monkeypatch.setattr("trainwatch.tui.screens.stop._DEAF", 0.0)
    feed = FakeFeed(first)
    async with running(feed, dice.choice(WINDOWS), ascii=seed % 2 == 0) as pilot:
        for i in range(120):
            await pilot.press(dice.choice(KEYBOARD))
            if i % 15 == 7:
                await pilot.resize_terminal(*dice.choice(WINDOWS))
            if i % 20 == 13:
                feed.show(dice.choice((first, snapshot(2600), replace(first, state="done", exit_code=0), Snapshot(RUN))))
        assert pilot.app.is_running
    assert "stop" not in {c.op for c in feed.asked}


async def test_an_end_that_comes_while_the_screen_starts_is_seen():
    """What the feed showed between the first look and the first subscription is not lost: the screen closes by itself."""
    feed = FakeFeed(snapshot(1200))
    app = Watcher(feed, ascii=False, colours=load("default"), close_after=0.1)
    feed.show(replace(snapshot(1200), state="stopped", exit_code=80))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: not app.is_running)
