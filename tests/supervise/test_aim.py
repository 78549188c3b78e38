import pytest

from trainwatch.supervise.aim import Aim
from trainwatch.supervise.processes import Proc


def proc(pid: int, parent: int, command: str, **environ: str) -> Proc:
    return Proc(pid, parent, pid, "S", tuple(command.split()), environ)


SHELL = proc(10, 1, "bash job.sh")
TRAIN = proc(11, 10, "python train.py")


def later(*new: Proc, root: int | None = 10, hooked: tuple[int, ...] = ()) -> list[int]:
    """The pids told to end at the second look, when `new` has taken the place of the training."""
    aim = Aim()
    assert aim.at([SHELL, TRAIN], hooked=(), root=root) == [TRAIN]
    return [p.pid for p in aim.at([SHELL, *new], hooked=hooked, root=root)]


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (proc(12, 10, "python upload.py"), []),
        (proc(12, 10, "python train.py"), [10, 12]),
        (proc(12, 10, "torchrun train.py"), [10, 12]),
        (proc(12, 10, "python other.py", RANK="0"), [10, 12]),
        (proc(12, 1, "python train.py", RANK="0"), [12]),
    ],
)
def test_what_starts_after_the_first_look(new: Proc, told: list[int]) -> None:
    """Restarts, launchers and ranks end, the script's own shell with them; its next command does not, and an orphan blames no shell."""
    assert later(new) == told


def test_a_hook_makes_it_training() -> None:
    """A later command in which our hook announced itself trains."""
    assert later(proc(12, 10, "python stage2.py"), hooked=(12,)) == [10, 12]


def test_a_shell_that_somebody_else_started_is_left_alone() -> None:
    """Of a job that was attached to only the restart itself is told to end."""
    assert later(proc(12, 10, "python train.py"), root=None) == [12]


def test_ranks_that_a_launcher_starts_late_end_without_its_shell() -> None:
    """The shell above a launcher that was there at the first look starts nothing again."""
    aim, agent = Aim(), proc(11, 10, "torchrun train.py")
    assert aim.at([SHELL, agent], hooked=(), root=10) == [agent]
    assert [p.pid for p in aim.at([SHELL, agent, proc(12, 11, "python -u train.py", RANK="0")], hooked=(), root=10)] == [11, 12]


def test_a_script_between_two_commands_is_not_yet_looked_at() -> None:
    """A look that finds nothing but the shell does not count: what the script runs next is told to end, and its restart with the shell."""
    aim = Aim()
    assert aim.at([SHELL], hooked=(), root=10) == []
    assert aim.at([SHELL, TRAIN], hooked=(), root=10) == [TRAIN]
    assert [p.pid for p in aim.at([SHELL, proc(12, 10, "python train.py")], hooked=(), root=10)] == [10, 12]
