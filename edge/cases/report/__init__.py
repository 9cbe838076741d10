"""The papers of a case: report, letter to the keeper, a package's README. Importing this loads ReportLab and Pillow."""

from edge.cases.report.letter import keeper_letter
from edge.cases.report.overlay import Pictures, pictures_of
from edge.cases.report.pdf import pdf_report
from edge.cases.report.proof_page import Proof, proof_of
from edge.cases.report.readme import readme
from edge.cases.report.redaction import FindPlates, redacted

__all__ = [
    "FindPlates",
    "Pictures",
    "Proof",
    "keeper_letter",
    "pdf_report",
    "pictures_of",
    "proof_of",
    "readme",
    "redacted",
]
