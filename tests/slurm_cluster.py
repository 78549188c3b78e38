"""A real Slurm of one node for tests: slurmctld, slurmd and munged, started here and ended by the pids that they wrote."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

CONF = """\
ClusterName=trainwatch
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={auth}/socket
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={dir}/ctld
SlurmdSpoolDir={dir}/spool
SlurmctldPidFile={dir}/run/slurmctld.pid
SlurmdPidFile={dir}/run/slurmd.pid
SlurmctldLogFile={dir}/log/slurmctld.log
SlurmdLogFile={dir}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
KillWait=5
SlurmctldTimeout=30
SlurmdTimeout=30
MinJobAge=300
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} Boards=1 SocketsPerBoard=1 CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN
PartitionName=debug Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
"""


def missing() -> str:
    """Why no cluster can be started here; empty when one can."""
    if os.geteuid() != 0:
        return "a Slurm cluster is started by root only"
    absent = [name for name in ("slurmctld", "slurmd", "munged") if shutil.which(name) is None]
    return f"{', '.join(absent)} not installed (apt-get install slurm-wlm munge)" if absent else ""


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs."""

    conf: Path

    @property
    def environ(self) -> dict[str, str]:
        """What its commands need."""
        return {**os.environ, "SLURM_CONF": str(self.conf)}

    def run(self, *words: str) -> str:
        """A command of Slurm's to its end; what it prints."""
        done = subprocess.run(words, env=self.environ, capture_output=True, text=True, check=True, timeout=30)
        return done.stdout.strip()

    def submit(self, script: Path, *words: str, environ: dict[str, str]) -> str:
        """The id of a job that was submitted."""
        command = ["sbatch", "--parsable", *words, str(script)]
        env = {**environ, "SLURM_CONF": str(self.conf)}
        return subprocess.run(command, env=env, cwd=script.parent, capture_output=True, text=True, check=True, timeout=30).stdout.strip()

    def show(self, job: str, key: str) -> str:
        """One value of a job."""
        found = re.search(rf"\b{key}=(\S*)", self.run("scontrol", "show", "job", job, "--oneliner"))
        return found[1] if found else ""


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster with its files in `folder`, gone afterwards. Nothing of it is shared with another one of this machine."""
    for name in ("ctld", "spool", "log", "run"):
        (folder / name).mkdir(parents=True)
    host = socket.gethostname().partition(".")[0]
    conf = folder / "slurm.conf"
    made = Cluster(conf)
    with tempfile.TemporaryDirectory(prefix="tw-munge-", dir="/tmp") as short:  # a socket has a name of 107 bytes at most
        auth = Path(short)
        conf.write_text(CONF.format(host=host, ports=_free_ports(2), dir=folder, auth=auth, cpus=os.cpu_count()), encoding="utf-8")
        try:
            _munge(auth)
            for daemon in ("slurmctld", "slurmd"):
                subprocess.run([daemon, "-f", str(conf)], check=True, capture_output=True, timeout=30)
            _wait_idle(made)
            yield made
        finally:
            for pidfile in (folder / "run" / "slurmd.pid", folder / "run" / "slurmctld.pid", auth / "pid"):
                _end(pidfile)


def _munge(auth: Path) -> None:
    """Start a munged of our own: the machine's may end with the cluster that started it."""
    (auth / "key").write_bytes(os.urandom(128))
    (auth / "key").chmod(0o600)
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    words = [f"--{option}={auth / name}" for option, name in files.items()]
    subprocess.run(["munged", "--force", *words], check=True, capture_output=True, timeout=30)
    _until((auth / "socket").exists, "munged")


def _wait_idle(made: Cluster) -> None:
    """Until the node takes jobs."""
    _until(lambda: "idle" in made.run("sinfo", "-h", "-o", "%T"), "an idle node")


def _until(holds, what: str) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, f"no {what}"
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _end(pidfile: Path) -> None:
    """End the daemon that wrote this file."""
    with suppress(OSError, ValueError):
        pid = int(pidfile.read_text(encoding="ascii"))
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 20
        while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
            time.sleep(0.05)
