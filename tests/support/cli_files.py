"""Writes what is made of the parsers: docs/cli.md, the man pages, the completions: ``make cli-page``."""

from __future__ import annotations

import sys

from tests.support import cli_completions, cli_man, cli_page


def main() -> int:
    """Write all of it, and remove pages of commands that are gone."""
    cli_page.PAGE.write_text(cli_page.page(), encoding="utf-8")
    for folder, files in (
        (cli_man.MAN, cli_man.pages()),
        (cli_completions.COMPLETIONS, cli_completions.completions()),
    ):
        for old in folder.rglob("*"):
            if old.is_file() and str(old.relative_to(folder)) not in files:
                old.unlink()
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
