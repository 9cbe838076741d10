"""What every command's help says besides its options: a description, and an example."""

from __future__ import annotations

import argparse
from collections.abc import Mapping


def complete_help(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], examples: Mapping[str, str], before: str = ""
) -> None:
    """Give every parser below *actions* its example, and its summary as description where it has none of its own.

    Args:
        actions: the commands of a parser.
        examples: command, or command and action -> an example; one with actions shows that of its first action.
        before: the words that lead to *actions*, without the program's name.
    """
    summaries = {each.dest: each.help or "" for each in actions._choices_actions}
    for name, parser in actions.choices.items():
        full = f"{before} {name}".strip()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                complete_help(action, examples, full)
        of_an_action = (text for key, text in examples.items() if key.startswith(f"{full} "))
        example = examples.get(full) or next(of_an_action, examples.get(before))
        parser.epilog = f"example: {example}" if example else None
        if not parser.description and (summary := summaries.get(name)):
            parser.description = f"{summary[0].upper()}{summary[1:]}."
