"""From bytes as they arrive to lines that can be read."""

from __future__ import annotations

import codecs
import re

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\r\n]*+(?:\x07|\x1b\\)?|[@-Z\\^_])|[\x00\x07\x0e\x0f]|.\x08", re.DOTALL)
_BOM_CODECS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def clean(line: bytes) -> bytes:
    """A line without terminal escapes, NULs and other characters that only move the cursor."""
    return _ESCAPES.sub(b"", line) if b"\x1b" in line or b"\x00" in line or b"\x08" in line else line


def raw_position(raw: bytes, line: bytes, start: int, end: int, position: int = 0) -> int:
    """Where a record of the cleaned line begins in the line as it came, from `position` on; its line's first byte where it is torn at once."""
    if start < 0 or len(raw) == len(line):
        return start
    at = raw.find(line[start:end], position)
    if at < 0:
        at = raw.find(line[start : start + 8], position)
    return max(at, 0)


def newlines(data: bytes) -> int:
    """How many newlines there are: many times faster than `count` where they are rare, and no slower elsewhere."""
    return len(data) - len(data.replace(b"\n", b""))


class Decoder:
    """Turns a UTF-16 stream (known by its byte order mark) into UTF-8 and leaves every other one as it is.

    Offsets into a UTF-16 source count the UTF-8 bytes.
    """

    def __init__(self) -> None:
        self._head = b""
        self._decided = False
        self._codec = ""
        self._incremental: codecs.IncrementalDecoder | None = None

    def decode(self, data: bytes, *, final: bool) -> bytes:
        """The next bytes as UTF-8; holds back the first byte of a stream until a second one tells the encoding."""
        if not self._decided:
            data = self._head + data
            if len(data) < 2 and not final:
                self._head = data
                return b""
            self._decided, self._head = True, b""
            self._codec = _BOM_CODECS.get(data[:2], "")
            if self._codec:
                self._incremental = codecs.getincrementaldecoder(self._codec)("replace")
                data = data[2:]
        if self._incremental is None:
            return data
        return self._incremental.decode(data, final).encode("utf-8", "replace")

    def again(self, data: bytes, offset: int) -> bytes | None:
        """A piece of the same stream from byte `offset` on, up to where it was read, as UTF-8; None where all of it is as it came."""
        if not self._codec:
            return None
        start = 2 if offset == 0 else offset % 2
        return codecs.getincrementaldecoder(self._codec)("replace").decode(data[start:]).encode("utf-8", "replace")
