"""The papers of a case: report, letter to the keeper, a package's README. Importing this loads ReportLab and Pillow."""

from edge.cases.report.case_page import Pictures
from edge.cases.report.letter import keeper_letter
from edge.cases.report.overlay import overlay, plate_crop
from edge.cases.report.pdf import pdf_report
from edge.cases.report.proof_page import Proof
from edge.cases.report.readme import readme

__all__ = [
    "Pictures",
    "Proof",
    "keeper_letter",
    "overlay",
    "pdf_report",
    "plate_crop",
    "readme",
]
