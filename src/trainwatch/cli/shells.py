"""Completion scripts: our words, as each shell wants to be told them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from trainwatch.cli.words import Option, Verb

COMMANDS = ("trainwatch", "trainwatch-tui")

LIST = "trainwatch ls 2>/dev/null | cut -d ' ' -f 1"
"""The ids of the runs known here."""


def bash(verbs: Sequence[Verb]) -> str:
    """A function that fills COMPREPLY; where it leaves that empty, bash completes files."""
    return "\n".join(
        (
            "# bash completion of trainwatch",
            "_trainwatch() {",
            '    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" verb="${COMP_WORDS[1]}" words="" options=""',
            "    COMPREPLY=()",
            '    case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in *" -- "*) return ;; esac',
            '    if [ "$COMP_CWORD" -eq 1 ]; then',
            f"        words={_words(verb.name for verb in verbs)}",
            "    else",
            '        case "$verb" in',
            *(line for verb in verbs for line in _case(verb)),
            "        esac",
            '        case "$verb $prev" in',
            *(f"            {_either(verb, option)}) words={_words(option.values)}; options= ;;" for verb, option in _taking(verbs)),
            "        esac",
            "    fi",
            '    case "$cur" in -*) words="$options" ;; esac',
            '    COMPREPLY=( $(compgen -W "$words" -- "$cur") )',
            "}",
            f"complete -o default -F _trainwatch {' '.join(COMMANDS)}",
            "",
        )
    )


def zsh(verbs: Sequence[Verb]) -> str:
    """The script of bash, through the functions that zsh has for such scripts."""
    head = f"#compdef {' '.join(COMMANDS)}\nautoload -U +X bashcompinit && bashcompinit\n"
    return head + bash(verbs).replace("# bash completion", "# zsh completion")


def fish(verbs: Sequence[Verb]) -> str:
    """A line for each word, with what it means."""
    return "# fish completion of trainwatch\n" + "".join(
        f"complete -c {command} {line}\n" for command in COMMANDS for line in _lines(verbs)
    )


def _case(verb: Verb) -> Iterator[str]:
    """What may stand behind a verb."""
    yield f"            {verb.name})"
    yield f"                options={_words(flag for option in verb.options for flag in option.flags)}"
    if verb.words:
        yield f'                [ "$COMP_CWORD" -eq 2 ] && words={_words(verb.words)}'
    if verb.takes_runs:
        yield f'                words="$({LIST})"'
    yield "                ;;"


def _taking(verbs: Sequence[Verb]) -> Iterator[tuple[Verb, Option]]:
    """Every option behind which a value stands."""
    return ((verb, option) for verb in verbs for option in verb.options if option.takes)


def _either(verb: Verb, option: Option) -> str:
    """The pattern of an option as the word before."""
    return " | ".join(shlex.quote(f"{verb.name} {flag}") for flag in option.flags)


def _words(words: Iterator[str] | Sequence[str]) -> str:
    """Words as one word of the shell."""
    return shlex.quote(" ".join(words))


def _lines(verbs: Sequence[Verb]) -> Iterator[str]:
    """The words of `complete` for fish."""
    for verb in verbs:
        yield f"-n __fish_use_subcommand -a {verb.name} -d {_fish(verb.about)}"
    for verb in verbs:
        behind = f"-n {_fish(f'__fish_seen_subcommand_from {verb.name}')}"
        if verb.words:
            yield f"{behind} -a {_fish(' '.join(verb.words))}"
        if verb.takes_runs:
            yield f"{behind} -a {_fish(f'({LIST})')}"
        for option in verb.options:
            names = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
            values = f" -a {_fish(' '.join(option.values))}" if option.values else ""
            yield f"{behind} {names}{' -r' if option.takes else ''}{values} -d {_fish(option.about)}"


def _fish(text: str) -> str:
    """A text in single quotes, in which fish reads only backslashes and quotes."""
    inner = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inner}'"
