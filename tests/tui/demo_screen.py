"""The made-up run on a real screen, to look at it by eye and for the tests that need a terminal.

`python tests/tui/demo_screen.py [THEME [STEPS_PER_FRAME [LAST_STEP]]]`: at the last step the run ends.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.tui.fakefeed import TOTAL, FakeFeed, snapshot

from trainwatch.tui.app import run_screen


def main() -> None:
    """Play the run from step 1,200 on."""
    theme, by, last = [*sys.argv[1:], *("default", "10", str(TOTAL))[len(sys.argv) - 1 :]]
    feed = FakeFeed(snapshot(1200))

    def play() -> None:
        for step in range(1200 + int(by), int(last), int(by)):
            time.sleep(0.3)
            feed.show(snapshot(step))
        time.sleep(0.3)
        feed.show(replace(snapshot(int(last)), state="stopped", exit_code=80))

    threading.Thread(target=play, daemon=True).start()
    sys.exit(run_screen(feed, theme=theme, close_after=2.0))


if __name__ == "__main__":
    main()
