"""Logs that are not part of the project: folded where they are, skipped elsewhere."""

from __future__ import annotations

import random

import pytest
from tests.formats.test_corpus import FOLDER, LOGS
from tests.replay.test_kept import again, feed, new, told

SIZE = 400_000
MOST = 150
"""Bytes of each log that are folded, and so many logs."""


@pytest.mark.corpus
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not LOGS, reason=f"no logs in {FOLDER}; TRAINWATCH_CORPUS names another folder")
def test_every_log_goes_on_as_if_it_had_never_been_set_aside() -> None:
    """Real logs of many frameworks, cut anywhere, judged by every rule: the same snapshot there, and at the end."""
    draw = random.Random(7)
    for path in draw.sample(LOGS, min(MOST, len(LOGS))):
        data = path.read_bytes()[:SIZE]
        if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b")):
            continue  # the state of a decoder has no plain form
        cut = draw.randrange(len(data) + 1)
        straight = new("full")
        feed(straight, data, 0, cut, piece=1 << 17)
        kept = again(straight, data)
        assert told(kept.snapshot()) == told(straight.snapshot()), path
        for engine in (straight, kept):
            feed(engine, data, cut, len(data), final=True, piece=1 << 17)
        assert told(kept.snapshot()) == told(straight.snapshot()), path
