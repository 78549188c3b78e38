from trainwatch.model.part import Attempt, Heard
from trainwatch.present.attempts import attempt_sentences, last_words, named


def test_attempts_are_told_one_by_one():
    """How far, how long, what ended it and where it stands; a run that was started once has nothing to tell."""
    first = Attempt(1, ("/logs/a.out",), 90, 1, 900, 0.0, 7200.0, "cuda_oom")
    second = Attempt(2, ("/logs/b.out", "/logs/b.err"), 12)
    assert attempt_sentences([first]) == []
    assert attempt_sentences([first, second]) == [
        "attempt 1: steps 1 to 900 in 2 h 00 min, ended by cuda_oom (a.out)",
        "attempt 2: 12 records (b.out, b.err)",
    ]


def test_the_last_words_of_every_rank():
    """The newest attempt only, empty sources left out; one source has its log pane."""
    heard = [Heard("d/0.log", 2, 0, 9, "step 3"), Heard("d/1.log", 2, 1, 9, "ValueError: x"), Heard("d/2.log", 2, 2, 0, "")]
    assert last_words([Heard("old.log", 1, None, 9, "bye"), *heard]) == ["rank 0, 0.log: step 3", "rank 1, 1.log: ValueError: x"]
    assert last_words(heard[:1]) == []


def test_many_sources_are_counted():
    """A folder of 512 ranks is no list."""
    assert named(["a", "b"]) == "a, b"
    assert named([f"{i}.log" for i in range(9)]) == "9 logs, 0.log the first"
