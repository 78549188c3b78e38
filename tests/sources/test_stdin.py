import os

from trainwatch.sources.stdin import Pipe


def test_a_pipe_gives_what_has_come_and_then_its_end():
    """Nothing yet is None, and does not wait; the end comes once."""
    out, into = os.pipe()
    pipe = Pipe(out)
    assert pipe.read(1.0) is None
    os.write(into, b"a\nb")
    chunk = pipe.read(2.0)
    assert (chunk.source, chunk.offset, chunk.data, chunk.seen_at, chunk.final) == ("-", 0, b"a\nb", 2.0, False)
    assert pipe.read(3.0) is None
    os.close(into)
    end = pipe.read(4.0)
    assert (end.offset, end.data, end.final) == (3, b"", True)
    assert pipe.read(5.0) is None
    os.close(out)


def test_somebody_may_end_it_early():
    """After that nothing more is read."""
    out, into = os.pipe()
    pipe = Pipe(out)
    assert pipe.end(1.0).final
    os.write(into, b"late")
    assert pipe.read(2.0) is None
    os.close(out)
    os.close(into)
