import os

import pytest

from trainwatch.sources import mounts
from trainwatch.sources.mounts import is_remote


@pytest.mark.parametrize(
    ("kind", "remote"), [("nfs4", True), ("lustre", True), ("fuse.sshfs", True), ("ext4", False), ("xfs", False), ("tmpfs", False)]
)
def test_network_filesystems_are_told_apart(tmp_path, monkeypatch, kind, remote):
    """By the type of the mount that the file's device belongs to, whatever else is mounted."""
    device = tmp_path.stat().st_dev
    table = tmp_path / "mountinfo"
    table.write_text(
        f"36 35 0:99999 / /other rw - nfs x rw\n37 35 {os.major(device)}:{os.minor(device)} / /here rw,noatime shared:1 - {kind} src rw\n"
    )
    monkeypatch.setattr(mounts, "MOUNTS", table)
    assert is_remote(tmp_path) is remote


def test_what_cannot_be_told_counts_as_local(tmp_path, monkeypatch):
    """No such file, or no table of mounts."""
    assert is_remote(tmp_path / "none") is False
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "none")
    assert is_remote(tmp_path) is False
