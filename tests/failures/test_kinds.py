import math
from dataclasses import replace

import pytest

from trainwatch.failures.diagnose import diagnose
from trainwatch.failures.kind import Kind, Sample
from trainwatch.failures.load import kinds, parse
from trainwatch.model.errors import DataFileError

NAMES = [
    "bus_error",
    "checkpoint_corrupt",
    "child_failed",
    "connection",
    "cuda_illegal",
    "cuda_oom",
    "dataloader_killed",
    "deepspeed_launcher",
    "disk_full",
    "disk_quota",
    "ecc_xid",
    "host_oom_killed",
    "import_error",
    "keyboard_interrupt",
    "loss_nan",
    "loss_scale",
    "nan_input",
    "nan_training",
    "nccl_timeout",
    "port_in_use",
    "python_exception",
    "sigterm_sighup",
    "slurm_cancelled",
    "slurm_oom",
    "slurm_preemption",
    "slurm_time_limit",
]

SAMPLES = [(kind, sample) for kind in kinds(samples=True) for sample in kind.samples]


def test_every_kind_is_there():
    """The kinds are those that reports may name."""
    assert [kind.name for kind in kinds()] == NAMES


def test_samples_stand_last_in_every_file():
    """Whoever diagnoses reads the kinds without them, and each kind has some."""
    assert [replace(kind, samples=()) for kind in kinds(samples=True)] == list(kinds())
    assert all(kind.samples for kind in kinds(samples=True))


@pytest.mark.parametrize(("kind", "sample"), SAMPLES, ids=[f"{k.name}-{i}" for i, (k, _) in enumerate(SAMPLES)])
def test_each_sample_proves_its_kind(kind: Kind, sample: Sample):
    """A sample is diagnosed as its kind, at its line, with its rank; one with line 0 is not of that kind."""
    got = diagnose(sample.text.encode(), 0, 1, "job.out", last_record=None, exit_code=None)
    if sample.line == 0:
        assert got is None or got.kind != kind.name
        return
    assert got is not None
    assert (got.kind, got.line, got.provable) == (kind.name, sample.line, kind.provable)
    assert got.advice
    if sample.rank is not None:
        assert got.rank == sample.rank


def test_no_pattern_reaches_across_a_long_line():
    """Every pattern is bounded, so that no line of megabytes can hang the search."""
    for kind in kinds():
        patterns = [d.pattern for d in kind.decisive] + [t.pattern for t in kind.trailing] + [t.contrary for t in kind.trailing]
        for pattern in patterns:
            assert pattern is None or (b".*" not in pattern.pattern and b".+" not in pattern.pattern), kind.name


def test_kinds_name_kinds():
    """`explained_by` names only kinds that exist, and never the kind itself."""
    for kind in kinds():
        assert kind.explained_by <= set(NAMES) - {kind.name}


@pytest.mark.parametrize(
    ("text", "says"),
    [("name = ", "Invalid value"), ('name = "x"', "advice: is missing"), ('name="x"\nadvice="y"\n[[decisive]]\n', "literal: is missing")],
)
def test_a_file_with_a_mistake_names_it(text: str, says: str):
    """A kind file that cannot be used is refused with its name and the key."""
    with pytest.raises(DataFileError, match=r"broken\.toml") as caught:
        parse("broken.toml", text)
    assert says in str(caught.value)


def test_a_pattern_that_does_not_compile_is_a_mistake():
    """A wrong regular expression is a mistake of the file, not a crash."""
    text = 'name="x"\nadvice="y"\n[[decisive]]\nliteral="z"\npattern="("\n[[sample]]\ntext="z"\nline=1\n'
    with pytest.raises(DataFileError, match=r"broken\.toml"):
        parse("broken.toml", text)


def test_counts_are_finite():
    """A trailing rule needs at least three lines: one or two are a normal event."""
    for kind in kinds():
        assert all(3 <= t.count < math.inf for t in kind.trailing)
