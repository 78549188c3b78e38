import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from tests.report.conftest import Overfit, evaluation, event

from trainwatch.model.facts import Fact
from trainwatch.model.failure import Failure
from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.snapshot import Best, PhaseSpan, RunInfo, Snapshot
from trainwatch.report.compose import compose
from trainwatch.report.html import to_html
from trainwatch.report.markdown import to_markdown

PAGE = "html head meta title style body main header h1 p figure nav a section h2 ul li pre div table thead tbody tr th td code span".split()  # noqa: SIM905  a line of words
PICTURE = "svg rect line path circle text g".split()  # noqa: SIM905  likewise
EVIL = "</td></style><script>alert(1)</script><img src=x onerror=alert(2)>\" ' & a|b`c\x1b[2J\u202e\n"


class Reader(HTMLParser):
    """Collects the elements and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.shown = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_data(self, data: str) -> None:
        """Text."""
        self.shown += data


def harmless(page: str) -> Reader:
    """The page, read, after checking that nothing in it runs, loads or is not ours."""
    reader = Reader(page)
    assert reader.tags <= {*PAGE, *PICTURE}
    assert not any(name.startswith("on") for name in reader.attributes)
    assert all(link.startswith("#") for link in reader.links)
    assert "\x1b" not in page
    assert "\u202e" not in page
    return reader


def hostile(overfit: Overfit, evil: str) -> Snapshot:
    """A snapshot in which a log has put its worst wherever a log's text can stand."""
    overfit.facts = {evil: Fact(evil, evil, 3), "lr_scheduler_type": Fact(evil, "x", 1), "alpha_kd": Fact("nan", evil, 1)}
    overfit.checkpoints = (CheckpointSeen(0.0, evil, 30, complete=True, why=evil),)
    overfit.more |= {
        "run": RunInfo("id", evil, (evil,), command=(evil,), job_id=evil),
        "failure": Failure("python_exception", evil, 9, evil, advice=evil),
        "best": Best(evil, "min", 0.27, 30, 15.0),
        "phases": (PhaseSpan("healthy", 0, 0.0, 200, 100.0, evil),),
        "events": (replace(event(60, "RED", "stop"), why=evil, rule=evil, source=evil),),
        "formats": (evil,),
        "caveats": (evil,),
        "evaluations": tuple(replace(evaluation(i, 1.0 + i), values={evil: 1.0}) for i in range(5)),
    }
    return overfit.snapshot()


def test_a_hostile_log_stays_text(overfit: Overfit):
    """Whatever stands in a log appears as text: no element, no attribute and no link of the page is its own."""
    reader = harmless(to_html(compose(hostile(overfit, EVIL))))
    assert "<script>alert(1)</script>" in reader.shown


@given(st.text())
def test_any_text_stays_text(text: str):
    """The same for every text there is."""
    harmless(to_html(compose(hostile(Overfit(), text))))


def test_the_page_needs_nothing_else(overfit: Overfit):
    """No script, no address, nothing to load; a browser is told to refuse all of it as well."""
    page = to_html(compose(overfit.snapshot()))
    harmless(page)
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert set(re.findall(r"https?://[^\s\"<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_page_and_markdown_have_the_same_sections(overfit: Overfit):
    """One document in two forms: the same headings in the same order, each reachable by a link."""
    report = compose(overfit.snapshot())
    page = to_html(report)
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles == re.findall(r"^## (.*)$", to_markdown(report), re.MULTILINE)
    assert re.findall(r'<a href="#([^"]+)"', page) == re.findall(r'<section id="([^"]+)"', page)
    assert len(set(re.findall(r'<section id="([^"]+)"', page))) == len(titles)


def test_the_picture_is_there_for_wide_and_for_narrow_screens(overfit: Overfit):
    """Two drawings of the same run, of which the style shows one; a run without figures has none."""
    page = to_html(compose(overfit.snapshot()))
    assert re.findall(r'<figure class="(\w+)">', page) == ["wide", "narrow"]
    assert "max-width: 640px" in page
    assert "<figure" not in to_html(compose(Snapshot(RunInfo("id", "empty", ("empty.out",)))))


def test_equal_snapshots_make_equal_pages(overfit: Overfit):
    """Nothing in the page depends on when or where it is written."""
    assert to_html(compose(overfit.snapshot())) == to_html(compose(Overfit().snapshot()))
