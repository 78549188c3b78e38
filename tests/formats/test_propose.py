import tomllib

import pytest
from tests.formats.reading import read

from trainwatch.formats.check import failures
from trainwatch.formats.propose import propose
from trainwatch.formats.schema import parse_format

HEAD = "Loading weights: 12 of 12\nlr 0.1 batch 32\n"
LOGS = {
    "bars": (
        "".join(
            f"[2026-01-02 03:04:{i:02}] INFO Epoch 1 | Iter {i * 10}/5000 | loss {3 / i:.4f} | lr 1.0e-04 | {100 + i}ms/iter | mem 12.5GB\n"
            for i in range(1, 40)
        )
        + "[2026-01-02 03:05:00] INFO Validation: Epoch 1 val_loss 0.4312 val_acc 78.1\n",
        ["Epoch <epoch> | Iter <step>/<total_steps> | loss <loss> | lr <learning_rate> | <step_time:ms>ms/iter | mem <mem:GB>GB"],
        ["Epoch <epoch> val_loss <val_loss> val_acc <val_acc>"],
    ),
    "own": (
        "".join(f"<<< {i} loss {1 / i:.3f} klr {0.1 / i:.5f}\r\n" for i in range(1, 30)),
        ["<<< <step> loss <loss> klr <klr>"],
        [],
    ),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_proposed_format_proves_itself(name):
    """Shapes of the lines that repeat, with names, units and kinds; samples that already hold, and nothing of what is no record."""
    log, train, evaluations = LOGS[name]
    text = propose((HEAD + log).encode(), name)
    assert text is not None
    mistakes = []
    fmt = parse_format(tomllib.loads(text), "x.toml", mistakes)
    assert (mistakes, failures(fmt, text)) == ([], [])
    shapes = [(shape["kind"], shape["text"]) for shape in tomllib.loads(text)["shape"]]
    assert shapes == [("train", shape) for shape in train] + [("eval", shape) for shape in evaluations]
    assert len(fmt.samples) == 2 * len(train) + len(evaluations)


@pytest.mark.parametrize("log", [b"", b"hello\nworld\n", b"step 3\nstep 4\n", b"print(f'step {i} loss {x}')\n" * 9, bytes(range(256)) * 40])
def test_nothing_is_proposed_of_nothing(log):
    """No counter, no loss, code, no text at all."""
    assert propose(log, "x") is None


def test_a_proposal_reads_what_the_generic_reader_does_not(tmp_path, monkeypatch):
    """Put into the user's folder it is a format like the others."""
    log = LOGS["own"][0]
    folder = tmp_path / "trainwatch" / "formats"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (folder / "own.toml").write_text(propose(log.encode(), "own") or "")
    assert [record[1] for record in read(log)] == ["own"] * 29
