"""Print the reports of every kind of case in every language, check each against its package, and make pictures of them.

    python tests/edge/cases/report_pictures.py [--demo var/demo] [--out var/reports] [--only held,long] [--languages it]

The cases are made up (:mod:`tests.support.papers`); those of the last ``make demo`` come with them where there are any.
Every report is an export like any other: ``verify.py --report`` has to find it in the chain, or the exit status is 1.
A report of more than two pages is named.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from edge.cases.archive import Archive
from edge.cases.evidence.signing import Signer, load_signer
from edge.cases.export import export_cases, export_report
from edge.errors import CaseError
from tests.support.cases import SIGNER
from tests.support.papers import KINDS, paper_case
from tests.support.pdf import pages_of

LANGUAGES = ("it", "en", "de", "sl")
OFFICER = "Isp. Marta Conti"
PAGES = 2
ZONE = "Europe/Rome"


def main() -> int:
    """Print, check and picture them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=Path("var/demo"), help="the folder of the demo")
    parser.add_argument("--out", type=Path, default=Path("var/reports"))
    parser.add_argument("--only", help="kinds of cases, with commas between; without it all, and the demo's")
    parser.add_argument("--languages", default=",".join(LANGUAGES), help="with commas between")
    parser.add_argument("--dpi", type=int, default=80)
    options = parser.parse_args()
    if shutil.which("pdftoppm") is None:
        sys.exit("pdftoppm is missing: install poppler-utils")
    os.environ["TZ"] = ZONE
    time.tzset()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    failed = 0
    languages = options.languages.split(",")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only.split(",") if options.only else KINDS:
            state = Path(folder) / name
            number = asyncio.run(paper_case(state, KINDS[name]))
            failed += _papers(state, SIGNER, {number: name}, options.out, languages)
        if not options.only and (options.demo / "state" / "cases.sqlite").is_file():
            state = Path(shutil.copytree(options.demo / "state", Path(folder) / "demo"))
            with Archive(state) as archive:
                cases = {row.number: f"demo-{row.number}" for row in archive.summaries()}
            failed += _papers(state, load_signer(options.demo / "signing.key"), cases, options.out, languages)
    papers = sorted(options.out.glob("*.pdf"))
    for paper in papers:
        made = ["pdftoppm", "-png", "-r", str(options.dpi), str(paper), str(paper.with_suffix(""))]
        subprocess.run(made, check=True)
    print(f"{len(papers)} papers in {options.out}, {failed} of them wrong")
    return 1 if failed else 0


def _papers(state: Path, signer: Signer, cases: dict[int, str], out: Path, languages: list[str]) -> int:
    """Print the reports, and the letters where there are any, of *cases*; returns how many are wrong."""
    reports = []
    for number, name in cases.items():
        for language in languages:
            paper = out / f"{name}-{language}.pdf"
            export_report(state, number, paper, officer=OFFICER, account="mconti", signer=signer, language=language)
            reports.append(paper)
        try:
            letter = out / f"{name}-letter-{languages[0]}.pdf"
            export_report(state, number, letter, paper="letter", officer=OFFICER, signer=signer, language=languages[0])
        except CaseError:
            letter.unlink(missing_ok=True)  # it names the driver, or there is nobody to ask
    package, key = state / "package.zip", state / "public-key.pem"
    export_cases(state, list(cases), package, officer=OFFICER, account="mconti", signer=signer)
    key.write_text(signer.public_pem())
    return sum(_is_wrong(report, package, key) for report in reports)


def _is_wrong(report: Path, package: Path, key: Path) -> bool:
    verifier = Path(__file__).resolve().parents[3] / "edge/cases/evidence/verify.py"
    done = subprocess.run(
        [sys.executable, "-I", str(verifier), str(package), "--key", str(key), "--report", str(report), "--lang", "en"],
        capture_output=True,
        text=True,
        check=False,
    )
    pages = len(pages_of(report.read_bytes()))
    if pages > PAGES:
        print(f"{report.name}: {pages} pages")
    if done.returncode:
        print(f"{report.name}: verify.py: {done.stdout}{done.stderr}")
    return bool(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
