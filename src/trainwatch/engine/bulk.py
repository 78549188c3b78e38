"""Reading much at once: what Python and the C library would do beside it only costs time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

LARGE = 16 << 20
"""The C library gives the memory of a piece of log back at once, and asks for it again for the next piece, until it has seen a block so
large come and go: a third of the time of reading."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Bulk reading makes millions of objects and no cycles: the collector only costs time."""
    _have_memory_kept()
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@cache
def _have_memory_kept() -> None:
    """Once in a process is enough, and a view that looks ten times a second comes here each time."""
    bytes(LARGE)
