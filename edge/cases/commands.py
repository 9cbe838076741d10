"""``autovelox cases``, ``autovelox backup``, ``autovelox restore``: commands of the operator and of officers.

Longer than 300 lines because each command stands beside its options.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from edge.cases.archive import Archive
from edge.cases.evidence import Signer, load_signer, verdict_words
from edge.cases.review import record
from edge.cases.views import REVIEWS, CaseFilter, CaseSummary, EventKind, Order
from edge.config import CaseSettings, UnitSettings, load
from edge.errors import CaseError, EvidenceError, SecretError
from edge.terminal import end_progress, progress, say, say_json


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``cases ...``, ``backup`` and ``restore``."""
    parser = subparsers.add_parser("cases", help="list, show, export, verify, review cases", description="The cases.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _add(actions, "list", _list, "list cases")
    listing.add_argument("--text", default="", help="plate, driver's name or case number")
    listing.add_argument("--review", choices=["open", *sorted(REVIEWS)])
    listing.add_argument("--order", choices=[str(order) for order in Order], default=str(Order.NEWEST))
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="rows at most (default %(default)s)")
    show = _add(actions, "show", _show, "show one case; the chain records that you looked at it")
    show.add_argument("number", type=int)
    for action in (listing, show):
        action.add_argument("--json", action="store_true", help="machine-readable")
    export = _add(actions, "export", _export, "write an evidence package")
    export.add_argument("numbers", type=int, nargs="+", metavar="N")
    export.add_argument("--to", type=Path, required=True, metavar="FILE.zip")
    report = _add(actions, "report", _report, "write the PDF report of one case")
    report.add_argument("number", type=int)
    report.add_argument("--to", type=Path, required=True, metavar="FILE.pdf")
    review = _add(actions, "review", _review, "confirm or dismiss a case, or correct its plate")
    review.add_argument("number", type=int)
    review.add_argument("kind", choices=sorted(REVIEWS))
    review.add_argument("--plate", help="the plate as the photo shows it, for correct_plate")
    claims = _add(actions, "claims", _claims, "take out the sealed claims of an ambiguous case, for registry reopen")
    claims.add_argument("number", type=int)
    claims.add_argument("--second", required=True, metavar="OFFICER", help="the name of the second officer")
    claims.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file, for the registry's holder")
    for action in (show, export, report, review, claims):
        action.add_argument("--officer", default=getpass.getuser(), help="your name (default: the account's)")
    for action in (export, report, review, claims):
        action.add_argument("--reason", default="", help="why; a review needs one")
    verify = _add(
        actions, "verify", _verify, "check signatures, hashes, chain and numbering (of a package, if one is named)"
    )
    verify.add_argument("package", type=Path, nargs="?", metavar="FILE.zip")
    verify.add_argument("--key", type=Path, help="the unit's public key (PEM or hex), from a source you trust")
    verify.add_argument(
        "--report", type=Path, metavar="FILE.pdf", help="tell whether a package's chain names this report"
    )
    verify.add_argument("--checkpoint", type=Path, metavar="FILE", help="a checkpoint that the chain must hold")
    verify.add_argument("--head", help="hash of an entry that must still be in the chain, as an earlier check gave it")
    purge = _add(actions, "purge", _purge, "delete cases whose retention period is over; tombstones stay")
    purge.add_argument("numbers", type=int, nargs="*", metavar="N", help="these cases instead, before their time")
    purge.add_argument(
        "--reason", default="", help="why before their time; goes into the tombstone, without personal data"
    )
    purge.add_argument(
        "--trust-clock", action="store_true", help="believe the clock, though not synchronised or days ahead"
    )
    purge.add_argument("--dry-run", action="store_true", help="only say which cases are due")
    _add(actions, "public-key", _public_key, "print the unit's public key")
    _add(actions, "rotate-key", _rotate_key, "supersede the signing key; the unit must be stopped")
    backup = _add(
        subparsers,
        "backup",
        _backup,
        "copy all cases to a new folder, or to a dated one in an existing folder, and verify the copy",
    )
    backup.add_argument("to", type=Path, metavar="FOLDER")
    restore = _add(subparsers, "restore", _restore, "make the state folder from a backup")
    restore.add_argument("backup", type=Path, metavar="FOLDER")


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the unit's configuration, with the paths of its files"
    )
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
    return (load(args.config).unit if args.config else UnitSettings()).state_dir


def _key_file(args: argparse.Namespace) -> Path:
    if args.signing_key is not None:
        return Path(args.signing_key)
    return (load(args.config).cases if args.config else CaseSettings()).signing_key_file


def _signer(args: argparse.Namespace) -> Signer | None:
    """The signer if this account may read the key; otherwise the daemon signs later."""
    try:
        return load_signer(_key_file(args))
    except SecretError:
        if args.signing_key is not None:
            raise
        return None


def _list(args: argparse.Namespace) -> int:
    with Archive(_state_dir(args)) as archive:
        rows = archive.summaries(CaseFilter(text=args.text, review=args.review), limit=args.limit, order=args.order)
    if args.json:
        say_json([asdict(row) for row in rows], indent=1)
        return 0
    for row in rows:
        say(_line(row))
    if not rows:
        say("no cases", to=sys.stderr)
    return 0


def _line(row: CaseSummary) -> str:
    when = datetime.fromtimestamp(row.at_utc, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    counts = row.speed_kmh if row.remaining_kmh is None else row.remaining_kmh
    speed = f"{'?' if counts is None else f'{counts:.1f}':>5}/{row.limit_kmh:.0f} km/h"
    plate = row.corrected_plate or row.plate_text or "-"
    verdict = verdict_words(row.outcome, row.basis, is_to_be_confirmed=row.is_to_be_confirmed) or row.state
    return f"{row.number:>6}  {when}  {speed}  {plate:<10} {verdict:<13} {row.driver_name:<28} {row.review or ''}"


def _show(args: argparse.Namespace) -> int:
    state_dir = _state_dir(args)
    record(state_dir, args.number, kind=EventKind.VIEW, officer=args.officer, signer=_signer(args))
    with Archive(state_dir) as archive:
        opened = archive.open(args.number)
    manifest, events = opened.checked.manifest, opened.events
    state, case = "decided" if "verdict" in manifest else "pending", opened.case
    outcome = case.verdict.outcome if case.verdict else None
    words = verdict_words(outcome, case.basis, is_to_be_confirmed=case.is_to_be_confirmed)
    manifest = {"state": f"{state}, {words}" if words else state, **manifest}
    if args.json:
        say_json({**manifest, "events": [asdict(event) for event in events]}, indent=1)
        return 0
    for name, value in manifest.items():
        say(f"{name:>16}  {json.dumps(value, ensure_ascii=False)}")
    for event in events:
        when = datetime.fromtimestamp(event.at_utc, UTC).isoformat(timespec="seconds")
        say(f"{event.kind:>16}  {when} {event.officer}: {event.reason}")
    return 0


def _export(args: argparse.Namespace) -> int:
    from edge.cases.export import export_cases

    count = len(set(args.numbers))
    done = 0

    def progress(_number: int) -> None:
        nonlocal done
        done += 1
        _progress("exporting", done, count)

    says = export_cases(
        _state_dir(args),
        args.numbers,
        args.to,
        officer=args.officer,
        reason=args.reason,
        signer=_signer(args),
        progress=progress,
    )
    say(f"{args.to}: {says}")
    return 0


def _report(args: argparse.Namespace) -> int:
    from edge.cases.export import export_report

    export_report(
        _state_dir(args), args.number, args.to, officer=args.officer, reason=args.reason, signer=_signer(args)
    )
    return 0


def _claims(args: argparse.Namespace) -> int:
    from edge.cases.review import take_claims

    count = take_claims(
        _state_dir(args),
        args.number,
        args.to,
        officers=(args.officer, args.second),
        reason=args.reason,
        signer=_signer(args),
    )
    say(f"{args.to}: {count} sealed claims of case {args.number}; delete the file when they have been opened")
    return 0


def _review(args: argparse.Namespace) -> int:
    record(
        _state_dir(args),
        args.number,
        kind=EventKind(args.kind),
        officer=args.officer,
        reason=args.reason,
        plate=args.plate,
        signer=_signer(args),
    )
    return 0


def _verify(args: argparse.Namespace) -> int:
    from edge.cases import evidence
    from edge.cases.audit import audit

    if args.report is not None and args.package is None:
        raise CaseError("a report is held against a package", "name the package as well")
    try:
        trusted = evidence.read_public_key(args.key) if args.key else None
        checkpoint = evidence.read_checkpoint(args.checkpoint) if args.checkpoint else None
        if args.package is not None:
            verified = evidence.verify_package(args.package, trusted, checkpoint)
            say(verified.sentence, *verified.facts)
            if args.report is not None:
                say(evidence.check_report(verified, args.report.read_bytes()))
        else:
            progress = partial(_progress, "verifying")
            say(audit(_state_dir(args), trusted=trusted, head=args.head, checkpoint=checkpoint, progress=progress))
    except evidence.KeyFileError as error:
        raise SecretError(str(error), "name the file that the authority published, or that the unit wrote") from None
    except evidence.Mismatch as error:
        raise EvidenceError(
            f"the evidence does not hold: {error}", "ask for a new package, and find out how this one was changed"
        ) from None
    except OSError as error:
        raise CaseError(
            f"{error.filename} cannot be read ({error.strerror})", "check its name and permissions"
        ) from None
    return 0


def _purge(args: argparse.Namespace) -> int:
    from edge.cases.retention import RetentionPolicy, clock_is_trusted, due, due_now, purge

    state_dir = _state_dir(args)
    policy = RetentionPolicy.of(load(args.config).cases if args.config else CaseSettings())
    if args.numbers and not args.reason:
        raise CaseError("cases are purged before their time only for a reason", "give it with --reason")
    if args.dry_run:
        numbers = tuple(args.numbers) or due(state_dir, policy)
    else:
        signer = load_signer(_key_file(args))  # whoever cannot read it may not purge
        if not (args.numbers or args.trust_clock or clock_is_trusted()):
            say("nothing purged: the clock is not synchronised; set it right, or use --trust-clock", to=sys.stderr)
            return 0
        numbers = tuple(args.numbers) or due_now(state_dir, policy, trust_clock=args.trust_clock)
        purge(state_dir, numbers, reason=args.reason or "retention period over", signer=signer)
    which = f": {', '.join(map(str, numbers))}" if numbers else ""
    say(f"{len(numbers)} cases {'are due' if args.dry_run else 'purged'}{which}")
    return 0


def _public_key(args: argparse.Namespace) -> int:
    say(*load_signer(_key_file(args)).public_pem().splitlines())
    return 0


def _rotate_key(args: argparse.Namespace) -> int:
    from edge.cases.storage import rotate_signing_key

    state_dir = _state_dir(args)
    with Archive(state_dir) as archive:
        if archive.status().daemon_alive:
            raise CaseError("the unit runs and would go on signing with the old key", "stop it first")
    new = rotate_signing_key(state_dir, _key_file(args))
    say(f"the unit now signs with key {new.key_id}; publish its public key, then destroy the superseded .old file")
    return 0


def _backup(args: argparse.Namespace) -> int:
    from edge.cases.backup import backup

    say(backup(_state_dir(args), args.to, progress=partial(_progress, "verifying the copy")))
    return 0


def _restore(args: argparse.Namespace) -> int:
    from edge.cases.backup import restore

    shown = partial(_progress, "verifying the backup")
    say(restore(args.backup, _state_dir(args), signer=_signer(args), progress=shown))
    return 0


def _progress(what: str, done: int, total: int) -> None:
    """Show progress on one line of a terminal."""
    if done == total:
        end_progress()
    elif done % 20 == 0:
        progress(f"{what} {done}/{total}")
