"""`trainwatch completion bash|zsh|fish`: a script by which the shell completes our words."""

from __future__ import annotations

import argparse

HOW = """\
bash: trainwatch completion bash > ~/.local/share/bash-completion/completions/trainwatch
zsh:  trainwatch completion zsh > ~/.zfunc/_trainwatch, with `fpath+=~/.zfunc` before compinit in ~/.zshrc
fish: trainwatch completion fish > ~/.config/fish/completions/trainwatch.fish"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = HOW
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from trainwatch.cli import shells
    from trainwatch.cli.words import verbs

    write = {"bash": shells.bash, "zsh": shells.zsh, "fish": shells.fish}[args.shell]
    print(write(verbs()), end="")
    return 0
