"""The made-up run on a real screen: `python tests/tui/demo_screen.py [THEME]`, to look at it by eye."""

from __future__ import annotations

import sys
import threading
import time

import fakefeed

from trainwatch.tui.app import run_screen


def main() -> None:
    """Play the run from the start, ten steps a tick."""
    feed = fakefeed.FakeFeed(fakefeed.snapshot(1200))

    def play() -> None:
        for step in range(1210, fakefeed.TOTAL, 10):
            time.sleep(0.25)
            feed.show(fakefeed.snapshot(step))

    threading.Thread(target=play, daemon=True).start()
    sys.exit(run_screen(feed, theme=sys.argv[1] if sys.argv[1:] else "default"))


if __name__ == "__main__":
    main()
