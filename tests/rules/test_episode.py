from __future__ import annotations

from trainwatch.model.verdict import Severity
from trainwatch.rules.episode import Episode
from trainwatch.rules.kind import Judgement, fired, ok

YELLOW, ORANGE, RED = Severity.YELLOW, Severity.ORANGE, Severity.RED


def found(severity: Severity | None, holds: Severity | None = None, *, negated: bool = False, subject: str = "") -> Judgement:
    """What a rule might find."""
    return fired(severity, "why", (), "change", subject=subject) if severity else ok("fine", holds=holds, negated=negated)


def story(episode: Episode, *findings: Judgement) -> list[tuple[str, str, int]]:
    """(verdict, severity, episode) of every change."""
    return [(c.verdict, c.severity.word, c.episode) for finding in findings for c in episode.judge(finding)]


def test_a_level_is_announced_once_per_episode() -> None:
    """Firing again at the same or a lower level is no news; climbing is."""
    assert story(Episode(1, 2), *map(found, (YELLOW, YELLOW, RED, ORANGE, RED))) == [("fired", "yellow", 1), ("fired", "red", 1)]


def test_it_is_withdrawn_after_two_quiet_findings() -> None:
    """One quiet finding is not enough; the next firing is another episode."""
    changes = story(Episode(1, 2), *map(found, (RED, None, RED, None, None, YELLOW)))

    assert changes == [("fired", "red", 1), ("withdrawn", "red", 1), ("fired", "yellow", 2)]


def test_a_negation_withdraws_at_once() -> None:
    """A new best needs no second one."""
    assert story(Episode(1, 2), found(RED), found(None, negated=True)) == [("fired", "red", 1), ("withdrawn", "red", 1)]


def test_half_the_threshold_holds_the_level() -> None:
    """As long as the condition is true at half its thresholds, the level stays."""
    episode = Episode(1, 2)

    assert story(episode, found(RED), found(None, RED), found(None, RED), found(None, RED)) == [("fired", "red", 1)]
    assert episode.level is RED


def test_it_falls_to_the_level_that_still_holds() -> None:
    """After two findings at a lower level the lower one is shown, without another event."""
    episode = Episode(1, 2)

    assert story(episode, found(RED), found(YELLOW), found(YELLOW)) == [("fired", "red", 1)]
    assert episode.level is YELLOW


def test_confirmation_asks_for_findings_in_a_row() -> None:
    """With `confirm` 2 a single finding is pending, and the lower of two levels is confirmed."""
    episode = Episode(2, 2)

    assert story(episode, found(RED), found(None), found(YELLOW)) == []
    assert episode.verdict.outcome == "pending"
    assert story(episode, found(RED)) == [("fired", "yellow", 1)]
    assert episode.verdict.severity is YELLOW


def test_another_subject_is_another_episode() -> None:
    """What fired about one thing is withdrawn before it fires about the next."""
    changes = story(Episode(1, 2), found(ORANGE, subject="a"), found(ORANGE, subject="b"))

    assert changes == [("fired", "orange", 1), ("withdrawn", "orange", 1), ("fired", "orange", 2)]
