from __future__ import annotations

from dataclasses import replace

import pytest
from tests.tui.fakefeed import RUN, SOURCE, snapshot

from trainwatch.model.snapshot import Alert, Snapshot, Stop
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.present.alertpage import alert_lines, alert_view
from trainwatch.present.look import ASCII, UNICODE, Look
from trainwatch.present.width import cells

NAN = Evidence("loss", float("nan"), 2600, 5.9, f"logs/{SOURCE}", 1, 5200)


def page(shown: Snapshot, width: int = 80, look: Look = UNICODE) -> str:
    """The whole page as text."""
    lines = alert_lines(shown, width, look)
    return "\n".join(alert_view(lines, 0, width, len(lines) + 1, look).lines())


def one_line(shown: Snapshot) -> str:
    """The page so wide that nothing is broken."""
    return page(shown, 400)


def test_an_alert_is_told_in_full():
    """Severity, since which step, the whole reason, each value with its line, what would change it; what was raised before, newest first."""
    alert = replace(snapshot(3600).alerts[0], evidence=(NAN,))
    text = one_line(replace(snapshot(3600), alerts=(alert,)))
    assert "✖ black" in text
    assert f"overfit since step 1800 (black at 3400): {alert.why}" in text
    assert f"rests on  loss nan @2600 ({SOURCE}:5200)" in text
    assert f"change    {alert.change}" in text
    assert "3 earlier" in text
    assert text.index("red overfit at step 2400") < text.index("orange overfit at step 2000") < text.index("yellow overfit at step 1800")
    assert 'without = ["overfit"]' in text


@pytest.mark.parametrize(
    ("may", "action", "what"),
    [
        ("watch", "notify", "it only tells"),
        ("watch", "save", "the run is only watched (--may save allows it)"),
        ("save", "save", "it asks for a checkpoint, which it may"),
        ("save", "stop", "it may not stop it (--may stop=overfit allows it)"),
        ("stop=hang,non_finite", "stop", "it may not stop it"),
        ("stop=hang,overfit", "stop", "it asks to save and to stop the job, which it may"),
    ],
)
def test_what_follows_from_an_alert(may: str, action: str, what: str):
    """What the rule asks for, and whether the run was given the trust for it."""
    alert = replace(snapshot(2600).alerts[0], action=action)
    assert f"follows   {'' if what.startswith('it') else 'it asks'}" in one_line(replace(snapshot(2600), alerts=(alert,)))
    assert what in one_line(replace(snapshot(2600), run=replace(RUN, may=may), alerts=(alert,)))


def test_what_was_done_about_an_alert():
    """While its rule stops the job, the page says where the stop stands."""
    alert = replace(snapshot(2600).alerts[0], action="stop")
    stop = Stop("saving", "all ranks save at step 2,612", "overfit")
    text = one_line(replace(snapshot(2600), alerts=(alert,), stop=stop))
    assert "stop      all ranks save at step 2,612; rule overfit" in text
    assert "stop the job: all ranks save at step 2,612" in text


def test_a_page_without_alerts_says_so():
    """Nothing holds, nothing was raised; who is blind is named all the same."""
    text = one_line(snapshot(400))
    assert "no rule holds" in text
    assert "nothing was raised before" in text
    assert "best_unsaved: needs checkpoints" in text
    assert "without" not in text


@pytest.mark.parametrize("look", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_every_row_fits(width: int, look: Look):
    """Whatever the width, no row is wider than the screen, ASCII is ASCII, and no number is parted from its unit."""
    lines = alert_lines(snapshot(3600), width, look)
    assert all(1 + sum(cells(text) for text, _ in line) <= width for line in lines)
    assert not any(text.strip().startswith("%") for line in lines for text, _ in line)
    assert look is UNICODE or page(snapshot(3600), width, look).isascii()


def test_the_title_counts_the_rows_that_do_not_fit():
    """From which to which row is shown, and of how many."""
    lines = alert_lines(snapshot(3600), 80, ASCII)
    assert f"3 to 11 of {len(lines)} lines" in alert_view(lines, 2, 80, 10, ASCII).lines()[0]
    assert "lines" not in alert_view(lines[:5], 0, 80, 10, ASCII).lines()[0]


def test_what_a_log_says_drives_no_terminal():
    """Escape sequences in a reason or a name are not obeyed."""
    alert = Alert("r\x1b[2J", Severity.RED, "why\x1b]0;x\x07", "", None, None, 1)
    assert page(replace(snapshot(400), alerts=(alert,))).replace("\n", "").isprintable()
