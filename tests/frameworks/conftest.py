from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.frameworks.catalogue import Job
from tests.hook.harness import Bench

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("TRAINWATCH_FRAMEWORKS", ROOT / ".venv-frameworks" / "bin" / "python"))
"""A Python with the frameworks and without trainwatch, as in a job."""

COMPILED = PYTHON.parents[1] / "torch_extensions"
"""What DeepSpeed compiles, and `make frameworks` has it compile beforehand: a job that is killed while it does blocks all later ones."""

ENVIRON = {
    "DS_ACCELERATOR": "cpu",
    "PATH": os.pathsep.join([str(PYTHON.parent), os.environ["PATH"]]),
    "TOKENIZERS_PARALLELISM": "false",
    "CUDA_VISIBLE_DEVICES": "",
    "TORCH_EXTENSIONS_DIR": str(COMPILED),
}
"""What the jobs need."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs the frameworks, and says so where they are not."""
    skip = pytest.mark.skip(reason=f"no frameworks at {PYTHON}: `make frameworks` installs them and runs these tests")
    for item in items:
        if Path(__file__).parent in item.path.parents and not PYTHON.exists():
            item.add_marker(skip)


@dataclass
class Stage(Bench):
    """A run directory with the hook in it, and jobs of two ranks in the Python of the frameworks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.given = dict(ENVIRON)

    def ranks_of(self, job: Job, steps: int, *more: str) -> tuple[str, ...]:
        """A job on two ranks under torchrun."""
        return str(PYTHON), "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", *job.words(self.out, steps, *more)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A place for one job."""
    return Stage(tmp_path)
