"""A pipe that is read as it comes."""

from __future__ import annotations

import os
import select

from trainwatch.model.inputs import Chunk

CHUNK = 128 << 10


class Pipe:
    """Reads a descriptor without waiting and without changing its mode, which belongs to others too."""

    def __init__(self, fd: int, source: str = "-") -> None:
        """`source` is the name in chunks."""
        self.source = source
        self.offset = 0
        self.attempt = 1
        self.problem = ""
        self.ended = False
        self._fd = fd

    def read(self, now: float) -> Chunk | None:
        """What has come, at most `CHUNK` bytes; None when nothing has. At the end, once, an empty final chunk."""
        if self.ended or not select.select([self._fd], [], [], 0)[0]:
            return None
        data = os.read(self._fd, CHUNK)
        self.ended = not data
        chunk = Chunk(self.source, self.offset, data, now, final=self.ended)
        self.offset += len(data)
        return chunk

    def end(self, now: float) -> Chunk:
        """What says that nothing follows."""
        self.ended = True
        return Chunk(self.source, self.offset, b"", now, final=True)

    def close(self) -> None:
        """Nothing: the descriptor is not ours."""
