"""``autovelox doctor``: run all checks, print the findings, exit 1 if something is missing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from edge.config import DEFAULT_CONFIG, Settings, load, require_answers
from edge.configured import HELP
from edge.doctor.finding import Finding, Grade, from_error, good
from edge.errors import ConfigError, EdgeError
from edge.terminal import legible, say_json

MARKS = {Grade.GOOD: "[green]ok[/]     ", Grade.WARNING: "[yellow]warning[/]", Grade.MISSING: "[red]missing[/]"}


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doctor`` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what this machine has and lacks, each with the remedy",
        description="Say what this machine has and lacks, each with the remedy. Exits 1 if the unit could not run.",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help=HELP)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=doctor)


def doctor(args: argparse.Namespace) -> int:
    """Print every finding; return 1 if something is missing, else 0."""
    findings: list[Finding] = []
    if args.json:
        findings.extend(examine(args.config))
        say_json({"findings": [asdict(each) for each in findings]}, indent=2)
    else:
        console = Console(highlight=False, soft_wrap=True)
        with console.status("looking at this machine (the networks take a few seconds) ..."):
            for finding in examine(args.config):
                findings.append(finding)
                console.print(MARKS[finding.health], end="")
                console.print(legible(f"  {finding.subject:<13} {finding.text}"), markup=False)
                if finding.remedy:
                    console.print(legible(f"{'':<24} -> {finding.remedy}"), markup=False)
    return int(any(finding.health is Grade.MISSING for finding in findings))


def examine(config: Path) -> Iterator[Finding]:
    """Yield every finding on this machine, for the configuration at *config* or, without one, for the defaults."""
    settings = Settings()
    try:
        settings = load(config)
        require_answers(settings)
        yield good("configuration", f"{config} is valid")
    except ConfigError as error:
        yield from_error("configuration", error)
    for check in _checks():
        yield from _safely(check, settings)


def _checks() -> Iterable[Callable[[Settings], Iterator[Finding]]]:
    from edge.doctor import machine, models, parts, photos  # the networks' libraries take seconds to import

    return (
        machine.python,
        models.runtimes,
        models.reader,
        parts.camera,
        photos.orientation,
        parts.gpio,
        parts.radar_port,
        parts.instrument,
        parts.master_key,
        parts.signing_key,
        parts.registry,
        parts.certificate,
        parts.protocol,
        parts.officers,
        machine.state_folder,
        machine.workers,
        machine.clock,
        machine.display,
        machine.power,
    )


def _safely(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    """Yield the findings of *check*; an error becomes a finding, so that the other checks still run."""
    try:
        yield from check(settings)
    except EdgeError as error:
        yield from_error(check.__name__.replace("_", " "), error)
