"""What goes to a terminal or a log: every command says it through here, so that foreign text moves no cursor."""

from edge.terminal.help import Parser, add_version, complete_help, to_date, to_number
from edge.terminal.say import end_progress, progress, progress_bar, say, say_json
from edge.terminal.text import legible

__all__ = [
    "Parser",
    "add_version",
    "complete_help",
    "end_progress",
    "legible",
    "progress",
    "progress_bar",
    "say",
    "say_json",
    "to_date",
    "to_number",
]
