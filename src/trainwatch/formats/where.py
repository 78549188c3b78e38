"""The line of a key in a TOML file."""

from __future__ import annotations

import re

_PART = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")


def line_of(text: str, key: str) -> int:
    """The 1-based line of a key such as `sample[0].record[1].step`; of its table where the key is absent; 0 when not found.

    Tables of an array count from 0. An array that is written inline is one line.
    """
    lines = text.splitlines()
    start, end, path, found = 0, len(lines), "", 0
    for name, number in _PART.findall(key):
        path = f"{path}.{name}" if path else name
        heads = [i for i in range(start, end) if re.match(rf"\s*\[\[\s*{re.escape(path)}\s*\]\]", lines[i])]
        if number and int(number) < len(heads):
            start = heads[int(number)]
            end = next((i for i in heads if i > start), end)
            found = start + 1
            continue
        leaf = re.compile(rf"""(?:^|[\s{{,.\[])["']?{re.escape(name)}["']?\s*[=\].]""")
        at = next((i for i in range(start, end) if leaf.search(lines[i])), None)
        if at is None:
            return found
        start, found = at, at + 1
    return found
