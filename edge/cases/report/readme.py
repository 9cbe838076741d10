"""The first file of an evidence package: what is in it, and how to check it."""

from __future__ import annotations

from textwrap import wrap

from edge.cases.report.language import _, speaking

COMMAND = "python3 -I verify.py PACKAGE.zip --key PUBLIC-KEY.pem"
_NAMES = 29
_COLUMNS = 118


def readme(language: str = "en", *, redacted: bool = False) -> str:
    """The text of ``README.txt`` in *language*, of a whole package or a *redacted* one.

    Raises:
        CaseError: there is none in that language.
    """
    with speaking(language):
        files = {
            "cases/NUMBER/manifest.json": _("everything the unit recorded of the case, as it was signed"),
            **(_redacted() if redacted else _originals()),
            "cases/NUMBER/overlay.jpg": _("a copy of the photo with the plate framed"),
            "cases/NUMBER/report.pdf": _("the case for human readers"),
            "chain.jsonl": _("entries of the unit's chain up to this export, signed, with their proofs"),
            "public-key.pem": _("the key the chain is signed with at present"),
            "verify.py": _("the program that checks all of it:"),
        }
        head = _("Evidence package of an Autovelox unit. It contains personal data: handle it as the law demands.")
        tail = _(
            "It needs Python 3.9 or newer and PyCryptodome (pip install pycryptodome). Take the public key from the"
            " authority, not from this package: the package can only say which key signed it. --report FILE.pdf tells"
            " whether a printed report is one that the chain names."
        )
        lines = [*wrap(head, _COLUMNS), "", *(f"{name:<{_NAMES}}{what}" for name, what in files.items())]
        return "\n".join([*lines, "", f"    {COMMAND}", "", *wrap(tail, _COLUMNS), ""])


def _originals() -> dict[str, str]:
    return {
        "cases/NUMBER/0.jpg ...": _("the photos, byte for byte as the camera gave them"),
        "cases/NUMBER/portrait": _("the named driver's portrait, as the registry had it then"),
    }


def _redacted() -> dict[str, str]:
    return {
        "cases/NUMBER/redacted-0.jpg": _(
            "copies of the photos that show the vehicle of the case alone; the originals,"
        ),
        "": _("whose SHA-256 the manifest holds, are with the authority"),
    }
