"""Makes the pictures of the README and the screens that the tests compare with: `make snap`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))


from tests.tui.fakefeed import snapshot

from trainwatch.model.snapshot import Stop
from trainwatch.present.canvas import Canvas
from trainwatch.present.look import look
from trainwatch.present.overview import Painter
from trainwatch.present.svg import to_svg
from trainwatch.present.theme import load
from trainwatch.replay import recording
from trainwatch.replay.player import Player
from trainwatch.tui.keys import footer

ROOT = Path(__file__).parents[2]
SCREENS = Path(__file__).parent / "screens"
SIZES = ((60, 16), (80, 24), (120, 40), (200, 60))
THEMES = ("default", "dark")


def screen(width: int, height: int, *, ascii: bool, step: int = 2600, gpus: int = 8) -> Canvas:  # noqa: A002
    """The overview of the made-up run."""
    return Painter(look(ascii=ascii), footer("overview")).screen(snapshot(step, gpus=gpus), width, height)


class Stands:
    """A clock that stands at one moment of the recording, in seconds since its start."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """The moment."""
        return self.at

    def monotonic(self) -> float:
        """The moment."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Nobody waits for it."""


def recorded(width: int, height: int) -> Canvas:
    """The overview of the recorded run of examples/overfit_lm, when its last checkpoint has been proven and it is to be stopped."""
    run, clock = recording.demo(), Stands()
    player = Player(run, clock=clock, speed=1.0)
    clock.at = max(at for at, what in run.moments if isinstance(what, Stop) and what.machine == "veto") - run.start
    player.step()
    return Painter(look(ascii=False), footer("overview")).screen(player.latest(), width, height)


def texts() -> dict[str, str]:
    """File name and content of every stored screen."""
    return {
        f"overview_{w}x{h}_{'ascii' if plain else 'unicode'}.txt": "\n".join(screen(w, h, ascii=plain).lines()) + "\n"
        for w, h in SIZES
        for plain in (False, True)
    }


def pictures() -> dict[str, str]:
    """File name and content of every picture in docs."""
    title = "trainwatch: a run that overfits, its phases, the alert, the loss curves, the best evaluation and the best checkpoint"
    out = {f"overview_{name}.svg": to_svg(screen(120, 40, ascii=False), load(name), title) for name in THEMES}
    out["demo.svg"] = to_svg(recorded(120, 36), load("dark"), title)
    return out | {"overview_80x24.svg": to_svg(screen(80, 24, ascii=False), load("dark"), title)}


def main() -> None:
    """Write all of them; PNG too where cairosvg is installed."""
    for directory, files in ((SCREENS, texts()), (ROOT / "docs", pictures())):
        directory.mkdir(exist_ok=True)
        for name, content in files.items():
            (directory / name).write_text(content, encoding="utf-8")
            print(directory / name)
    try:
        import cairosvg
    except ImportError:
        print("no cairosvg: no PNG (pip install 'trainwatch-tui[plot]')", file=sys.stderr)
        return
    for path in sorted((ROOT / "docs").glob("*.svg")):
        cairosvg.svg2png(url=str(path), write_to=str(path.with_suffix(".png")), scale=1.5)
        print(path.with_suffix(".png"))


if __name__ == "__main__":
    main()
