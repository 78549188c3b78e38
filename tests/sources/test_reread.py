from trainwatch.sources.reread import Reread


def test_bytes_are_fetched_again(tmp_path):
    """What is there; fewer or none where the log ends, is gone, or was never there."""
    (tmp_path / "a").write_bytes(b"0123456789")
    fetch = Reread()
    assert fetch(str(tmp_path / "a"), 2, 3) == b"234"
    assert fetch(str(tmp_path / "a"), 8, 5) == b"89"
    assert fetch(str(tmp_path / "none"), 0, 5) == b""
    (tmp_path / "a").write_bytes(b"")
    assert fetch(str(tmp_path / "a"), 2, 3) == b""
    fetch.close()
