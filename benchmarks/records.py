"""Every record of a log, as `export` is given them: every format, detection on. In a file of its own, since its imports are timed too.

python benchmarks/records.py LOG [COLUMN…]      columns of other names may be left out; prints how many records there are
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainwatch.model.block import Block


def blocks(log: str, only: Iterable[str] = ()) -> Iterator[Block]:
    """The records of a log."""
    from trainwatch.cli.reading import blocks_of  # noqa: PLC0415  what is timed starts here
    from trainwatch.model.facts import Facts  # noqa: PLC0415
    from trainwatch.model.part import Part  # noqa: PLC0415

    return blocks_of([Part(log)], Facts(), None, only=frozenset(only))


if __name__ == "__main__":
    print(sum(map(len, blocks(sys.argv[1], sys.argv[2:]))))
