from trainwatch.formats.where import line_of

TEXT = """name = "x"
[rename]
a = "b"
[[shape]]
text = "one"
[[shape]]
text = "two"
kinds = [ { kind = "eval", has = ["x"] }, { kind = "trian" } ]
[[sample]]
text = "s"
[[sample.record]]
step = 1
[[sample.record]]
step = 2
values = { loss = 3.0 }
[[sample]]
text = "t"
"""


def test_every_key_has_its_line():
    """Keys of the file, of a table in an array, of a table in it, inline; of the table where the key is absent; 0 for what is not there."""
    wanted = {
        "name": 1,
        "rename.a": 3,
        "shape[0].text": 5,
        "shape[1].text": 7,
        "shape[1].kinds[1].kind": 8,
        "shape[0].kind": 4,
        "sample[0].record[1].step": 14,
        "sample[0].record[1].values.loss": 15,
        "sample[1].text": 17,
        "speed": 0,
    }
    assert {key: line_of(TEXT, key) for key in wanted} == wanted
