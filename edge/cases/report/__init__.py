"""The PDF report of a case. Importing this room loads ReportLab and Pillow."""

from edge.cases.report.case_page import Pictures
from edge.cases.report.overlay import overlay, plate_crop
from edge.cases.report.pdf import pdf_report
from edge.cases.report.proof_page import Proof

__all__ = [
    "Pictures",
    "Proof",
    "overlay",
    "pdf_report",
    "plate_crop",
]
