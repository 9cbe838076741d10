"""The papers of a case: report, letter to the keeper, a package's README.

Names are loaded on first use: most need ReportLab and Pillow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from edge.cases.report.letter import keeper_letter
    from edge.cases.report.overlay import Pictures, pictures_of
    from edge.cases.report.pdf import pdf_report
    from edge.cases.report.proof_page import Proof, proof_of
    from edge.cases.report.redaction import FindPlates, redacted

__all__ = [
    "FindPlates",
    "Pictures",
    "Proof",
    "keeper_letter",
    "pdf_report",
    "pictures_of",
    "proof_of",
    "redacted",
]

_MODULES: Final = {
    "FindPlates": "edge.cases.report.redaction",
    "Pictures": "edge.cases.report.overlay",
    "Proof": "edge.cases.report.proof_page",
    "keeper_letter": "edge.cases.report.letter",
    "pdf_report": "edge.cases.report.pdf",
    "pictures_of": "edge.cases.report.overlay",
    "proof_of": "edge.cases.report.proof_page",
    "redacted": "edge.cases.report.redaction",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
