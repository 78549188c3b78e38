"""`trainwatch rules`: list, show, check and test presets."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.model.errors import NotReadableError, UsageError

if TYPE_CHECKING:
    from trainwatch.rules.criteria.criterion import Criterion
    from trainwatch.rules.preset import Preset, RuleSpec


TEMPLATE = """\
summary = "my rules"
extends = "default"        # trainwatch rules list; what is not named below stays as it is there
without = []

[[rule]]
name = "overfit"           # trainwatch rules show default: every threshold of every rule
settings = { patience = 3 }

[[rule]]
name = "aux_loss_high"
kind = "threshold"         # any metric that trainwatch export prints
ladder = { yellow = "notify", orange = "notify" }
settings = { metrics = ["aux_loss"], yellow = "> 1", orange = "> 10", window = 1, after = 0, about = "" }

[[criterion]]               # what the run is wanted for: status, report and the screen show how it stands
name = "good enough"
metric = "eval_loss"        # as trainwatch export prints it; gap is eval loss over train loss
is = "< 0.5"
by = "epoch 1"              # or: end, step 2000
when = "reached"            # once is enough; at_end: the value at the deadline; always: every value

[[criterion]]
name = "no NaN"
rule = "non_finite"         # must not fire

[[case]]
name = "above one is yellow"
rule = "aux_loss_high"
train = { step = [10, 20], loss = [2.0, 1.9], aux_loss = [0.5, 1.5] }
expect = [{ step = 20, severity = "yellow" }]

[[case]]
name = "a run that ends at 0.4 was good enough"
criterion = "good enough"
eval = { step = [10, 20], epoch = [0.5, 1.0], eval_loss = [0.9, 0.4] }
ended = true
outcome = "met"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    verbs = parser.add_subparsers(dest="what", metavar="list|show|check|test|new", required=True)
    verbs.add_parser("list", help="presets and kinds of rules", description="Presets and kinds of rules.")
    show = verbs.add_parser(
        "show", help="the rules of a preset, with every threshold", description="The rules of a preset, with every threshold."
    )
    show.add_argument("preset", nargs="?", default="default", metavar="PRESET|FILE")
    check = verbs.add_parser("check", help="every mistake of a rules file", description="Every mistake of a rules file.")
    check.add_argument("preset", metavar="FILE")
    test = verbs.add_parser(
        "test", help="run the cases of a rules file, or of all presets", description="Run the cases of a rules file, or of all presets."
    )
    test.add_argument("preset", nargs="?", metavar="PRESET|FILE")
    new = verbs.add_parser("new", help="begin a rules file of your own", description="Begin a rules file of your own, with a case.")
    new.add_argument("preset", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """One of the five."""
    match args.what:
        case "list":
            return _list()
        case "show":
            return _show(args.preset)
        case "check":
            return _check(args.preset)
        case "new":
            return _new(args.preset)
        case _:
            return _test(args.preset)


def _list() -> int:
    """Presets, then kinds."""
    from trainwatch.rules.catalogue import catalogue
    from trainwatch.rules.preset import builtin_names, load

    print("presets")
    for name in builtin_names():
        preset = load(name)
        print(f"  {name:16}  {len(preset.rules):2} {'rule ' if len(preset.rules) == 1 else 'rules'}  {preset.summary}")
    print("kinds")
    kinds = catalogue()
    width = max(map(len, kinds))
    for kind in kinds.values():
        print(f"  {kind.name:{width}}  {kind.summary} (needs {kind.needs})")
    return 0


def _show(name: str) -> int:
    """Every rule of a preset with all that can be set."""
    from trainwatch.rules.preset import load

    preset = load(name)
    print(f"# {preset.name}: {preset.summary}")
    for spec in preset.rules:
        print("\n".join(["", *_rule_lines(spec)]))
    for criterion in preset.criteria:
        print("\n".join(["", *_criterion_lines(criterion)]))
    print(f"\n# --may stop alone means: {', '.join(preset.stopping()) or 'nothing'}")
    return 0


def _rule_lines(spec: RuleSpec) -> list[str]:
    """A rule in the notation of a rules file."""
    ladder = ", ".join(f'{severity.word} = "{action}"' for severity, action in spec.ladder.items())
    return [
        "[[rule]]",
        f'name = "{spec.name}"',
        f'kind = "{spec.kind.name}"  # {spec.kind.summary}',
        f"ladder = {{ {ladder} }}",
        f'proof = "{spec.proof}"',
        f"stop_by_default = {_toml(spec.stop_by_default)}",
        f"confirm = {spec.confirm}",
        *([f'profile = "{spec.profile}"'] if spec.profile else []),
        "[rule.settings]",
        *(f"{field.name} = {_toml(getattr(spec.settings, field.name))}" for field in dataclasses.fields(spec.settings)),
    ]


def _criterion_lines(criterion: Criterion) -> list[str]:
    """A criterion in the notation of a rules file."""
    by = criterion.by.unit if criterion.by.unit == "end" else f"{criterion.by.unit} {criterion.by.at:g}"
    asked = {"metric": criterion.metric, "is": str(criterion.condition), "when": criterion.when}
    about = {"rule": criterion.rule} if criterion.condition is None else asked
    keys = {"name": criterion.name, **about, "by": by}
    return ["[[criterion]]", *(f"{key} = {_toml(value)}" for key, value in keys.items())]


def _toml(value: object) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(x) for x in value)}]"
    return f'"{value}"' if isinstance(value, str) else f"{value!r}"


def _check(name: str) -> int:
    """Load a file; its mistakes are the error."""
    from trainwatch.rules.preset import load

    preset = load(name, cases=True)
    criteria = f"{len(preset.criteria)} criteria, " if preset.criteria else ""
    print(f"{name}: {len(preset.rules)} rules, {criteria}{len(preset.cases)} cases, no mistakes")
    return 0


def _new(name: str) -> int:
    """Write a file that loads and whose case holds; an existing one is not overwritten."""
    path = Path(name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise UsageError(f"{path}: there is such a file already") from None
    except OSError as error:
        raise NotReadableError(f"{path}: cannot be written: {error.strerror}") from None
    print(f"{path}: written; next: trainwatch rules test {path}")
    return 0


def _test(name: str | None) -> int:
    """Run cases; 2 when one of them fails."""
    from trainwatch.rules.preset import builtin_names, load

    presets = [load(n, cases=True) for n in ((name,) if name else builtin_names())]
    failed = [line for preset in presets for line in _failures(preset)]
    for line in failed:
        print(line)
    cases = sum(len(p.cases) for p in presets)
    print(f"{cases} cases, {len(failed)} failed", file=sys.stderr)
    return 2 if failed else 0


def _failures(preset: Preset) -> list[str]:
    """What went otherwise than a preset's cases say."""
    from trainwatch.rules.trial import run as run_case

    return [
        f"{preset.name}: {case.rule or case.criterion}: {case.name}: {text}" for case in preset.cases for text in run_case(preset, case)
    ]
