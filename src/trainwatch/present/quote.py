"""A line of a log as a person would repeat it: its words, without the progress bar drawn before them and without what a logger puts there."""

from __future__ import annotations

import re

from trainwatch.present.clean import clean

_BAR = re.compile(r".*\d+%\|[^|]*\|\s*[\d.]+\w?/[\d.?]+\w?\s*\[[^\]]*\]\s*")
"""Everything up to the end of the last bar of tqdm that stands in the line."""

_STAMP = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?"
_LEVEL = r"(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)"
_LOGGER = re.compile(
    rf"""
      [IWEFC]\d{{4}}\ [\d:.]+\ +\d+\ [^\]]+\]               # glog: W1120 02:42:37.808000 6190 torch/api.py:753]
    | \[(?:{_STAMP}|{_LEVEL}|[\w./-]+\.py:\d+)[^\]]*\]      # [2026-11-20 02:46:57,289] [INFO] [launch.py:262:main]
    | {_STAMP}                                              # 2026-11-20 02:46:57,289 - ERROR -
    | {_LEVEL}(?=[\s:-])
    """,
    re.VERBOSE,
)


def quoted(line: str) -> str:
    """The words of a line; all of it where nothing else stands in it."""
    text = clean(line).strip()
    words = _BAR.sub("", text, count=1)
    while found := _LOGGER.match(words):
        words = words[found.end() :].lstrip(" :-")
    return words or text
