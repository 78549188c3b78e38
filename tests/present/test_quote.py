from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.present.quote import quoted

BAR = "Epoch 1/3:   5%|▌         | 52/1000 [00:13<04:38,  3.41it/s, loss=0.5]"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{BAR}W1120 02:34:23.571000 5402 torch/elastic/api.py:753] Received 15 death signal", "Received 15 death signal"),
        ("[2026-11-20 02:46:57,289] [INFO] [launch.py:262:sigkill_handler] Main process received SIGTERM", "Main process received SIGTERM"),
        ("2026-11-20 02:46:57,289 - ERROR - out of memory", "out of memory"),
        ("  3%|▎ | 3/100 [00:01<00:30, 3.2it/s]\r  4%|▍ | 4/100 [00:01<00:30, 3.2it/s]RuntimeError: no space", "RuntimeError: no space"),
        (f"{BAR} {BAR}ValueError: x", "ValueError: x"),
        ("[rank1]: RuntimeError: Read error [127.0.0.1]:51885", "[rank1]: RuntimeError: Read error [127.0.0.1]:51885"),
        ("ERRORS were found: INFORMATION", "ERRORS were found: INFORMATION"),
        ("[INFO]", "[INFO]"),
        (BAR, BAR),
    ],
)
def test_the_words_are_quoted(line: str, words: str):
    """Bars, stamps, levels and places go; what a person would say stays, and a line that is nothing else stays whole."""
    assert quoted(line) == words


@given(st.text(alphabet=st.sampled_from("[]W1%|/ :-INFO.py\r2026")))
def test_a_quotation_is_the_end_of_its_line(line: str):
    """Nothing is invented and nothing inside is left out."""
    assert line.replace("\r", "").rstrip().endswith(quoted(line))
