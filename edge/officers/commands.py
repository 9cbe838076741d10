"""``autovelox officers``, and the part of ``autovelox cases`` that officers use."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from edge.cases import (
    FOLLOW_UPS,
    MAY_WAIT,
    EventKind,
    name_follows,
    standing_words,
)
from edge.cases import commands as cases
from edge.configured import add_config, configuration, given
from edge.errors import CaseError, EvidenceError, SecretError
from edge.officers import second_commands as second
from edge.officers.case_text import case_lines
from edge.officers.choose import add_where, open_desk
from edge.officers.desk import OpenCase
from edge.officers.language import _, add_language, of_papers, speaking
from edge.officers.listing import add_list
from edge.officers.statistics_command import add_statistics
from edge.terminal import progress_bar, say, say_json, to_number


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``officers`` and ``cases ...``."""
    _add_service(subparsers)
    parser = subparsers.add_parser("cases", help="list, show, export, verify, review cases", description="The cases.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add_list(actions, _add)
    show = _add(actions, "show", _show, "show one case; the chain records that you looked at it")
    show.add_argument("number", type=to_number)
    show.add_argument("--json", action="store_true", help="machine-readable")
    add_language(show)
    export = _add(actions, "export", _export, "write an evidence package")
    export.add_argument("numbers", type=to_number, nargs="+", metavar="N")
    export.add_argument("--to", type=Path, required=True, metavar="FILE.zip")
    export.add_argument("--redacted", action="store_true", help="copies of the photos: nobody else's plate or face")
    export.add_argument("--full-chain", action="store_true", help="with every header of the chain, not with proofs")
    export.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint that the package shall be held against"
    )
    report = _add(actions, "report", _report, "write the PDF report of one case")
    report.add_argument("number", type=to_number)
    report.add_argument("--to", type=Path, required=True, metavar="FILE.pdf")
    letter = _add(actions, "letter", _letter, "write the letter that asks the keeper who drove, where nobody is named")
    letter.add_argument("number", type=to_number)
    letter.add_argument("--to", type=Path, required=True, metavar="FILE.pdf")
    for action in (export, report, letter):
        action.add_argument(
            "--lang",
            metavar="LANGUAGE",
            help="en, it, de or sl; without it, the locale's unless English, or the unit's own",
        )
    add_statistics(actions, _add)
    review = _add(
        actions,
        "review",
        _review,
        "confirm or dismiss a case, set its name aside, correct its plate, or withdraw a judgement",
    )
    review.add_argument("number", type=to_number)
    review.add_argument("kind", choices=sorted(map(str, MAY_WAIT)))
    review.add_argument("--plate", help="the plate as the photo shows it, for correct_plate")
    review.add_argument(
        "--judgement", type=to_number, metavar="ENTRY", help="for withdraw: only this one, if it is the one that counts"
    )
    hold = _add(actions, "hold", _hold, "keep a case beyond its retention period: an appeal, a trial")
    release = _add(actions, "release", _hold, "let a case on hold go when its retention period is over")
    for action, kind in ((hold, EventKind.HOLD), (release, EventKind.RELEASE)):
        action.add_argument("number", type=to_number)
        action.set_defaults(kind=str(kind))
    follow_up = _add(actions, "follow-up", _hold, "record what became of a case in which the unit names nobody")
    follow_up.add_argument("number", type=to_number)
    follow_up.add_argument("kind", choices=sorted(map(str, FOLLOW_UPS)))
    for action in (export, report, letter, review, hold, release, follow_up):
        action.add_argument("--reason", default="", help="why; a review, a hold and a follow-up need one")
    for action in (review, hold, release, follow_up):
        add_language(action)
    show.add_argument("--reason", default="", help="why, for a case that another officer judged ([review] reasons)")
    second.add_actions(actions, _add)
    verify = _add(
        actions, "verify", _verify, "check signatures, hashes, chain and numbering (of a package, if one is named)"
    )
    verify.add_argument("package", type=Path, nargs="?", metavar="FILE.zip")
    verify.add_argument("--key", type=Path, help="the unit's public key (PEM or hex), from a source you trust")
    verify.add_argument(
        "--report", type=Path, metavar="FILE.pdf", help="tell whether a package's chain names this report"
    )
    verify.add_argument(
        "--authority", type=Path, metavar="FILE", help="the authority's public key: it must have certified the chips"
    )
    verify.add_argument(
        "--opener", type=Path, metavar="FILE", help="the opening service's public key: it must have named the drivers"
    )
    verify.add_argument("--checkpoint", type=Path, metavar="FILE", help="a checkpoint that the chain must hold")
    verify.add_argument("--head", help="hash of an entry that must still be in the chain, as an earlier check gave it")
    cases.add_operators_actions(actions)


def _add_service(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "officers",
        help="answer officers' programs (the viewer, `autovelox cases`) at a Unix socket",
        description="Answer officers' programs at a Unix socket until SIGTERM, as the unit's own account.",
    )
    add_config(parser)
    parser.set_defaults(run=_serve)


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    add_where(parser)
    parser.set_defaults(run=run)
    return parser


def _serve(args: argparse.Namespace) -> int:
    from edge.cases import load_signer
    from edge.delivery import ordered
    from edge.officers.service import run

    settings = ordered(configuration(args).settings).settings
    signer = load_signer(settings.cases.signing_key_file)
    return run(
        settings.unit.state_dir,
        signer,
        settings.officers.socket,
        settings.review,
        language=settings.unit.language,
        models=settings.recognition.models_dir,
    )


def _show(args: argparse.Namespace) -> int:
    with speaking(args), closing(open_desk(args)) as desk:
        opened = desk.open(args.number, reason=args.reason)
        if args.json:
            say_json(_as_json(opened), indent=1)
        else:
            say(*case_lines(opened))
    return 0


def _as_json(opened: OpenCase) -> dict[str, object]:
    state, case = "decided" if "verdict" in opened.manifest else "pending", opened.case
    outcome = case.verdict.outcome if case.verdict else None
    words = standing_words(outcome, case, name_follows=name_follows(case))
    return {
        "state": state,
        "standing": words or state,
        "waiting": opened.waiting,
        **({"photos_left_utc": opened.photos_left_utc} if opened.photos_left_utc is not None else {}),
        **({"corrected_plate": case.corrected_plate} if case.corrected_plate else {}),
        **opened.manifest,
        "selfcheck": {**asdict(opened.enclosure), "says": opened.enclosure.says},
        "events": [asdict(event) for event in opened.events],
    }


def _export(args: argparse.Namespace) -> int:
    if args.to.suffix.lower() == ".pdf":
        raise CaseError(
            f"an evidence package is a zip file, and {args.to.name} would be taken for a PDF",
            "name it FILE.zip; the report of one case as PDF: autovelox cases report N --to FILE.pdf",
        )
    witness = given(args.checkpoint, CaseError, "the checkpoint") if args.checkpoint else None
    with closing(open_desk(args)) as desk, progress_bar("exporting") as progress:
        says = desk.export(
            args.numbers,
            args.to,
            reason=args.reason,
            language=of_papers(args),
            redacted=args.redacted,
            full_chain=args.full_chain,
            checkpoint=witness,
            progress=progress,
        )
    say(f"{args.to}: {says}")
    return 0


def _require_pdf(to: Path) -> None:
    if to.suffix.lower() != ".pdf":
        raise CaseError(f"a PDF is written, and {to.name} does not end in .pdf", "name it FILE.pdf")


def _report(args: argparse.Namespace) -> int:
    _require_pdf(args.to)
    with closing(open_desk(args)) as desk:
        desk.report(args.number, args.to, reason=args.reason, language=of_papers(args))
    say(str(args.to))
    return 0


def _letter(args: argparse.Namespace) -> int:
    _require_pdf(args.to)
    with closing(open_desk(args)) as desk:
        desk.letter(args.number, args.to, reason=args.reason, language=of_papers(args))
    say(str(args.to))
    return 0


def _review(args: argparse.Namespace) -> int:
    with speaking(args), closing(open_desk(args)) as desk:
        judged = desk.review(
            args.number, EventKind(args.kind), reason=args.reason, plate=args.plate, judgement=args.judgement
        )
        waits = _("case {number}: recorded, and waits for a second officer")
        say((waits if judged.waits else _("case {number}: recorded")).format(number=args.number))
    return 0


def _hold(args: argparse.Namespace) -> int:
    with speaking(args), closing(open_desk(args)) as desk:
        desk.review(args.number, EventKind(args.kind), reason=args.reason)
        say(_("case {number}: recorded").format(number=args.number))
    return 0


def _require_package(path: Path) -> None:
    """Raise :class:`CaseError` for a file of another kind: nobody changed it, it never was evidence."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            raise CaseError(f"{path} is no evidence package", "name the zip file that autovelox cases export wrote")


def _verify(args: argparse.Namespace) -> int:
    from edge.cases import evidence

    if args.report is not None and args.package is None:
        raise CaseError("a report is held against a package", "name the package as well")
    if args.authority is not None and args.package is None:
        raise CaseError("certificates of chips are in packages", "name the package as well")
    if args.opener is not None and args.package is None:
        raise CaseError("statements of the opening service are held against a package", "name the package as well")
    try:
        trusted = evidence.read_public_key(args.key) if args.key else None
        if args.package is not None:
            checkpoint = evidence.read_checkpoint(args.checkpoint) if args.checkpoint else None
            authority = evidence.read_authority(args.authority) if args.authority else None
            opener = evidence.read_opener(args.opener) if args.opener else None
            _require_package(args.package)
            verified = evidence.verify_package(args.package, trusted, checkpoint, authority, opener)
            say(verified.sentence, *verified.facts)
            if args.report is not None:
                say(evidence.check_report(verified, given(args.report, CaseError, "the report")))
        else:
            witness = given(args.checkpoint, CaseError, "the checkpoint") if args.checkpoint else None
            with closing(open_desk(args)) as desk:
                with progress_bar("verifying") as progress:
                    says = desk.verify(trusted=trusted, head=args.head, checkpoint=witness, progress=progress)
                say(says)
    except evidence.KeyFileError as error:
        raise SecretError(str(error), "name the file that the authority published, or that the unit wrote") from None
    except evidence.NotProved as error:
        raise CaseError(
            str(error), "cases export has --checkpoint and --full-chain; registry certify is for chips"
        ) from None
    except evidence.Mismatch as error:
        raise EvidenceError(
            f"the evidence does not hold: {error}", "ask for a new package, and find out how this one was changed"
        ) from None
    except BrokenPipeError:
        raise  # the reader of our output went away: cli.main knows
    except OSError as error:
        raise CaseError(
            f"{error.filename} cannot be read ({error.strerror})", "check its name and permissions"
        ) from None
    return 0
