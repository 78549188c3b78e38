from __future__ import annotations

import math

import pytest
from tests.formats.reading import read, values

from trainwatch.formats.numbers import number


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "NAN", "-nan", "nan(ind)", "-nan(ind)", "nan(snan)", "1.#QNAN", "-1.#IND", "-1.#IND00", "tensor(nan)"]
)
def test_nan_in_every_spelling(text: str) -> None:
    """Python's, C's, those of Windows, and a tensor's."""
    found = number(text.encode())
    assert found is not None
    assert math.isnan(found)


@pytest.mark.parametrize("text", ["inf", "Inf", "INF", "+inf", "Infinity", "1.#INF", "1.#INF00"])
def test_infinity_in_every_spelling(text: str) -> None:
    """With the sign that stands before it."""
    assert number(text.encode()) == math.inf
    assert number(b"-" + text.lstrip("+").encode()) == -math.inf


@pytest.mark.parametrize("text", ["ind", "nano", "info", "nan(0.5)", "1.#", "inf0", "1_000", "", "-"])
def test_what_is_no_number(text: str) -> None:
    """Words that begin like one."""
    assert number(text.encode()) is None


@pytest.mark.parametrize(
    ("text", "value"), [("1,234,567", 1234567.0), ("12.5%", 12.5), ("120ms", 120.0), ("'0.5'", 0.5), ("tensor(0.5, device='cuda:0')", 0.5)]
)
def test_numbers_in_other_dress(text: str, value: float) -> None:
    """Thousands, percentages, units, quotes, tensors: the figure as printed."""
    assert number(text.encode()) == value


@pytest.mark.parametrize("line", ["step {} loss {}", "step {}, loss: {}", "step={} loss={}", "Step {} | loss {}"])
@pytest.mark.parametrize(
    ("text", "value"), [("nan", "nan"), ("-inf", -math.inf), ("-nan(ind)", "nan"), ("1.#QNAN", "nan"), ("1.#INF", math.inf)]
)
def test_a_loss_that_is_lost_is_read_like_any_other(line: str, text: str, value: object) -> None:
    """Also where no point, colon or equals sign is left in the line, and never as the 1 that it begins with."""
    found = read("".join(line.format(step, loss) + "\n" for step, loss in enumerate(["2.5", "2.25", text], 1)))
    assert [values(record)["loss"] for record in found] == [2.5, 2.25, value]


def test_a_tensor_is_its_value() -> None:
    """As `print` shows one, on whatever device, behind a colon or a blank."""
    found = read("epoch 1 loss tensor(2.5000, device='cuda:0', grad_fn=<NllLossBackward0>)\nepoch 2 loss: tensor(2.2500)\n")
    assert [values(record)["loss"] for record in found] == [2.5, 2.25]
