import pytest

from trainwatch.model.errors import UsageError
from trainwatch.supervise.may import May, parse

RULES = ["overfit", "hang", "non_finite"]


@pytest.mark.parametrize(
    ("words", "may", "text"),
    [
        ([], May(), "watch"),
        (["watch"], May(), "watch"),
        (["save"], May(save=True), "save"),
        (["stop"], May(save=True, stop=frozenset({"non_finite"})), "stop=non_finite"),
        (["stop=overfit, hang"], May(save=True, stop=frozenset({"overfit", "hang"})), "stop=hang,overfit"),
        (["save", "stop=overfit", "stop"], May(save=True, stop=frozenset({"overfit", "non_finite"})), "stop=non_finite,overfit"),
    ],
)
def test_words_give_trust(words: list[str], may: May, text: str) -> None:
    """Nothing means watching; stop includes save; bare stop means the preset's list; the text can be typed again."""
    given = parse(words, rules=RULES, stopping=["non_finite"])
    assert given == may
    assert str(given) == text


@pytest.mark.parametrize("word", ["stop=overfitt", "stop=", "stop=overfit,x", "kill", "save=now", ""])
def test_other_words_are_errors_that_help(word: str) -> None:
    """A rule that the preset does not have is named together with those it has."""
    with pytest.raises(UsageError) as error:
        parse([word], rules=RULES, stopping=[])
    assert word in str(error.value)
    if word.startswith("stop="):
        assert "hang, non_finite, overfit" in str(error.value)
