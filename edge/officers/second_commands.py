"""The actions of ``autovelox cases`` for what needs a second officer: ask, requests, agree, refuse, take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from edge.cases import JUDGEMENTS, LONGEST_DAYS, USUAL_DAYS, Action, Request, write_claims
from edge.officers.choose import open_desk
from edge.officers.language import _, add_language, speaking
from edge.officers.words import word
from edge.terminal import say, say_json, to_number

Actions: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Add = Callable[[Actions, str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]

_WORDS = {action.replace("_", "-"): action for action in Action if action not in JUDGEMENTS}


def add_actions(actions: Actions, add: Add) -> None:
    """Add the actions with *add*."""
    ask = add(actions, "ask", _ask, "ask for what one officer must not do alone; it is done when a second one agrees")
    ask.add_argument("what", choices=sorted(_WORDS))
    ask.add_argument("numbers", type=to_number, nargs="*", metavar="N", help="the cases, for a purge or claims")
    ask.add_argument("--reason", default="", help="why; a purge's stays for ever: without personal data")
    ask.add_argument(
        "--days",
        type=float,
        default=USUAL_DAYS,
        help=f"how long it waits (default %(default)s, at most {LONGEST_DAYS})",
    )
    waiting = add(actions, "requests", _requests, "list what waits for a second officer")
    waiting.add_argument("--json", action="store_true", help="machine-readable")
    agree = add(actions, "agree", _agree, "agree to what another officer asked for; it is done at once")
    refuse = add(actions, "refuse", _refuse, "refuse what another officer asked for, or take your own request back")
    take = add(actions, "take", _take, "take out the sealed claims that two officers agreed on, for registry reopen")
    for action in (ask, waiting, agree, refuse):
        add_language(action)
    for action in (agree, refuse, take):
        action.add_argument("request", type=to_number, help="its number, as `cases requests` shows it")
    for action in (agree, refuse):
        action.add_argument("--reason", default="", help="why; a refusal needs one")
    take.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file, for the registry's holder")


def _ask(args: argparse.Namespace) -> int:
    with speaking(args), closing(open_desk(args)) as desk:
        say(_line(desk.ask(_WORDS[args.what], args.numbers, reason=args.reason, days=args.days)))
    return 0


def _requests(args: argparse.Namespace) -> int:
    with speaking(args), closing(open_desk(args)) as desk:
        waiting = desk.requests()
        if args.json:
            say_json([asdict(request) for request in waiting], indent=1)
        elif waiting:
            say(*map(_line, waiting))
        else:
            say(_("nothing waits for a second officer"))
    return 0


def _agree(args: argparse.Namespace) -> int:
    with speaking(args), closing(open_desk(args)) as desk:
        request = desk.agree(args.request, reason=args.reason)
        say(_line(request))
        if request.action is Action.CLAIMS:
            todo = f"autovelox cases take {request.number} --to FILE"
            say(_("take the claims out with: {command}").format(command=todo))
        elif request.action is Action.ROTATE_KEY:
            todo = f"autovelox cases rotate-key --request {request.number}"
            say(_("let root stop the unit and run: {command}").format(command=todo))
    return 0


def _refuse(args: argparse.Namespace) -> int:
    with speaking(args), closing(open_desk(args)) as desk:
        say(_line(desk.refuse(args.request, reason=args.reason)))
    return 0


def _take(args: argparse.Namespace) -> int:
    with closing(open_desk(args)) as desk:
        document = desk.claims(args.request)
    say(write_claims(document, args.to))
    return 0


def _line(request: Request) -> str:
    until = datetime.fromtimestamp(request.until_utc, UTC).strftime("%Y-%m-%d %H:%MZ")
    what = word(request.action.replace("_", "-"))
    if request.cases:
        what += f" {', '.join(map(str, request.cases))}"
    by = request.answered_by.officer if request.answered_by is not None else _("until {time}").format(time=until)
    said = _("request {number}: {what} ({state}, {by}); {officer}").format(
        number=request.number, what=what, state=word(request.state()), by=by, officer=request.asked_by.officer
    )
    return f"{said}: {request.reason}"
