"""``autovelox backup``, ``autovelox restore``, ``autovelox cases purge``, ...: the operator's commands.

They work on the store itself, as root or the unit's own account, whether the unit runs or not; officers' commands
(:mod:`edge.officers.commands`) ask the officers' service.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.cases.evidence import Signer, create_signing_key, load_signer
from edge.cases.storage import is_signed
from edge.configured import add_config, configuration
from edge.errors import CaseError, SecretError
from edge.terminal import progress_bar, say, to_number


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``backup`` and ``restore``."""
    backup = _add(
        subparsers,
        "backup",
        _backup,
        "copy all cases to a new folder, or to a dated one in an existing folder, and verify the copy",
    )
    backup.add_argument("to", type=Path, metavar="FOLDER")
    restore = _add(subparsers, "restore", _restore, "make the state folder from a backup")
    restore.add_argument("backup", type=Path, metavar="FOLDER")


def add_operators_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the actions of ``cases`` that need the signing key, for root and the unit's own account."""
    purge = _add(actions, "purge", _purge, "delete cases whose retention period is over; tombstones stay")
    purge.add_argument("numbers", type=to_number, nargs="*", metavar="N", help="these cases instead, before their time")
    purge.add_argument(
        "--reason", default="", help="why before their time; goes into the tombstone, without personal data"
    )
    purge.add_argument(
        "--trust-clock", action="store_true", help="believe the clock, though not synchronised or days ahead"
    )
    purge.add_argument("--dry-run", action="store_true", help="only say which cases are due")
    back = _add(actions, "bring-back", _bring_back, "put photos back that left for the centre, from an export of it")
    back.add_argument("number", type=to_number)
    back.add_argument("source", type=Path, metavar="FOLDER", help="what autovelox-centre cases export wrote")
    claims = _add(
        actions, "claims", _claims, "take out the sealed claims of an ambiguous case without a second officer"
    )
    claims.add_argument("number", type=to_number)
    claims.add_argument("--reason", default="", help="why")
    claims.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file, for the registry's holder")
    asked = _add(
        actions, "searched", _searched, "who searched for a plate or a name, since the present signing key came"
    )
    asked.add_argument("text", help="what was searched for, the whole of it")
    _add(actions, "init-key", _init_key, "make the key that signs the cases of a new unit")
    _add(actions, "public-key", _public_key, "print the unit's public key")
    rotate = _add(
        actions, "rotate-key", _rotate_key, "supersede the signing key; unit and officers' service must be stopped"
    )
    rotate.add_argument("--request", type=to_number, metavar="N", help="the request of two officers that asks for it")


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    add_config(parser)
    parser.add_argument(
        "--state-dir", type=Path, metavar="FOLDER", help="the state folder, instead of the configuration's"
    )
    parser.add_argument(
        "--signing-key", type=Path, metavar="FILE", help="the signing key file, instead of the configuration's"
    )
    parser.set_defaults(run=run)
    return parser


def _state_dir(args: argparse.Namespace) -> Path:
    if args.state_dir is not None:
        return Path(args.state_dir)
    return configuration(args).settings.unit.state_dir


def _key_file(args: argparse.Namespace) -> Path:
    if args.signing_key is not None:
        return Path(args.signing_key)
    return configuration(args).settings.cases.signing_key_file


def _signer(args: argparse.Namespace) -> Signer | None:
    """The signer if this account may read the key; otherwise the unit signs what a restore wrote."""
    try:
        return load_signer(_key_file(args))
    except SecretError:
        if args.signing_key is not None:
            raise
        return None


def _purge(args: argparse.Namespace) -> int:
    from edge.cases.retention import RetentionPolicy, clock_is_trusted, due, due_now, purge, record_trust
    from edge.cases.review import operator

    state_dir = _state_dir(args)
    settings = configuration(args).settings
    policy = RetentionPolicy.of(settings.cases, only_delivered=settings.centre.url is not None)
    if args.numbers and not args.reason:
        raise CaseError("cases are purged before their time only for a reason", "give it with --reason")
    if args.dry_run:
        numbers = tuple(args.numbers) or due(state_dir, policy)
    else:
        signer = load_signer(_key_file(args))  # whoever cannot read it may not purge
        if not (args.numbers or args.trust_clock or clock_is_trusted()):
            raise CaseError("nothing purged: the clock is not synchronised", "set it right, or use --trust-clock")
        numbers = tuple(args.numbers) or due_now(state_dir, policy, trust_clock=args.trust_clock)
        if args.trust_clock:
            record_trust(state_dir, signer, **operator())
        reason = args.reason or "retention period over"
        purge(state_dir, numbers, reason=reason, signer=signer, details=operator() if args.numbers else None)
    which = f": {', '.join(map(str, numbers))}" if numbers else ""
    say(f"{len(numbers)} cases {'are due' if args.dry_run else 'purged'}{which}")
    return 0


def _bring_back(args: argparse.Namespace) -> int:
    from edge.cases.review import operator
    from edge.cases.storage import StateFolder, bring_back

    folder, signer = StateFolder(_state_dir(args)), load_signer(_key_file(args))
    photos = bring_back(folder, args.number, args.source, signer, operator())
    say(f"{photos} photos of case {args.number} are back")
    return 0


def _claims(args: argparse.Namespace) -> int:
    from edge.cases.acts.claims import take_claims, write_claims
    from edge.cases.review import operator

    signer = load_signer(_key_file(args))
    officer = operator()["officer"]
    document = take_claims(_state_dir(args), args.number, officer=officer, reason=args.reason, signer=signer)
    say(write_claims(document, args.to))
    return 0


def _searched(args: argparse.Namespace) -> int:
    from edge.cases.acts.searches import searched

    for search in searched(_state_dir(args), load_signer(_key_file(args)), args.text):
        when = datetime.fromtimestamp(search.at_utc, UTC).isoformat(timespec="seconds")
        say(f"{when}  {search.officer}  {search.hits} case{'' if search.hits == 1 else 's'}")
    return 0


def _init_key(args: argparse.Namespace) -> int:
    path = _key_file(args)
    if is_signed(_state_dir(args)):
        raise SecretError(
            f"the cases in {_state_dir(args)} are signed with a key already",
            f"put that key back as {path}, or rotate it: autovelox cases rotate-key",
        )
    signer = create_signing_key(path)
    say(f"made the signing key {path} (key {signer.key_id}): keep a copy where the unit is not")
    return 0


def _public_key(args: argparse.Namespace) -> int:
    say(*load_signer(_key_file(args)).public_pem().splitlines())
    return 0


def _rotate_key(args: argparse.Namespace) -> int:
    from edge.cases.acts.rotation import rotate_key

    new = rotate_key(_state_dir(args), _key_file(args), request=args.request)
    say(f"the unit now signs with key {new.key_id}; publish its public key, then destroy the superseded .old file")
    return 0


def _backup(args: argparse.Namespace) -> int:
    from edge.cases.backup import backup

    with progress_bar("verifying the copy") as progress:
        says = backup(_state_dir(args), args.to, progress=progress)
    say(says)
    return 0


def _restore(args: argparse.Namespace) -> int:
    from edge.cases.backup import restore

    with progress_bar("verifying the backup") as progress:
        says = restore(args.backup, _state_dir(args), signer=_signer(args), progress=progress)
    say(says)
    return 0
