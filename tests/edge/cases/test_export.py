"""Packages and reports: they carry their proof with them, and not one byte of them may change."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import Crypto
import pytest

from edge.cases.archive import Archive
from edge.cases.evidence.signing import Signer
from edge.cases.evidence.verify import Mismatch, check_package, check_report, read_public_key, verify_package
from edge.cases.export import export_cases, export_report, report_of
from edge.cases.review import record, record_package
from edge.cases.store import CaseStore
from edge.cases.views import EventKind
from edge.errors import CaseError, EvidenceError, NoSuchCase
from tests.support.cases import SIGNER, UNIT, driver, everything, filled, identified, packet, photo, trigger
from tests.support.packages import exchanged, members_of, write_package

OFFICER = "Isp. M. Conti"


async def package(
    folder: Path, numbers: tuple[int, ...] = (1,), *, signer: Signer | None = SIGNER, full_chain: bool = False
) -> Path:
    await filled(folder / "state", 3)
    to = folder / "case.zip"
    export_cases(folder / "state", numbers, to, officer=OFFICER, signer=signer, full_chain=full_chain)
    return folder / "case.zip"


async def test_a_package_holds(tmp_path: Path) -> None:
    path = await package(tmp_path, (1, 3))
    assert (
        "case 1, 3, 7 of the 9 entries of the chain, each proved to be in it, signed with the key you trust"
        in check_package(path, SIGNER.public_key)
    )
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        assert archive.read("cases/00000001/0.jpg") == photo(0).jpeg
        assert archive.read("cases/00000001/portrait") == driver().portrait
        assert archive.read("cases/00000001/report.pdf").startswith(b"%PDF")
        assert "cases/00000003/portrait" not in archive.namelist()
        pem = archive.read("public-key.pem")
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "key.hex").write_text(SIGNER.public_key.hex())
    assert read_public_key(tmp_path / "key.pem") == read_public_key(tmp_path / "key.hex") == SIGNER.public_key
    with Archive(tmp_path / "state") as archive_:
        assert [event.kind for event in archive_.events(1)] == [EventKind.EXPORT]


async def test_every_flipped_byte_is_detected(tmp_path: Path) -> None:
    """Some 4,000 positions spread over a package and each of its last 200 bytes, two different bits at each."""
    path = await package(tmp_path)
    data = bytearray(path.read_bytes())
    altered = tmp_path / "altered.zip"
    altered.write_bytes(data)
    step = max(1, len(data) // 4000)
    positions = {*range(0, len(data), step), *range(len(data) - 200, len(data))}
    assert len(positions) >= 2000
    with altered.open("r+b") as file:
        for position in sorted(positions):
            for bit in (0x01, 0x20):
                file.seek(position)
                file.write(bytes([data[position] ^ bit]))
                file.flush()
                with pytest.raises(Mismatch):
                    check_package(altered)
            file.seek(position)
            file.write(bytes([data[position]]))
            file.flush()
    assert check_package(altered) == check_package(path)


async def test_a_package_cut_short_is_detected(tmp_path: Path) -> None:
    path = await package(tmp_path)
    data = path.read_bytes()
    for size in (0, 1, 80, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(Mismatch):
            check_package(path)


async def test_a_forger_who_seals_anew_is_detected(tmp_path: Path) -> None:
    path = await package(tmp_path, full_chain=True)
    members = members_of(path)
    manifest = dict(members)["cases/00000001/manifest.json"]
    chain = dict(members)["chain.jsonl"]

    def remade(change: dict[str, bytes | None]) -> Path:
        return write_package(tmp_path / "forged.zip", exchanged(members, change))

    assert remade({}).read_bytes() == path.read_bytes()
    forgeries: dict[str, dict[str, bytes | None]] = {
        "manifest.json is not what": {"cases/00000001/manifest.json": manifest.replace(b"Rossi", b"Bossi")},
        "0.jpg is not what": {"cases/00000001/0.jpg": photo(9).jpeg},
        "portrait is not what": {"cases/00000001/portrait": photo(9).jpeg},
        "report.pdf is not what": {"cases/00000001/report.pdf": b"%PDF-forged"},
        "0.jpg is missing": {"cases/00000001/0.jpg": None},
        "no unit gives": {"cases/00000001/extra.txt": b"he did it"},
        "no signature covers": {"cases/00000001/7.jpg": b"he did it"},
        "verify.py is not what was exported": {"verify.py": b"print('Everything holds')"},
        "follow from": {"chain.jsonl": chain.replace(b'\\"kind\\":\\"decided\\"', b'\\"kind\\":\\"decides\\"', 1)},
        "out of order": {"chain.jsonl": b"\n".join(chain.splitlines()[1:]) + b"\n"},
        "cut off": {"chain.jsonl": chain[:-1]},
        "not canonical": {"chain.jsonl": b" {}\n"},
        "is no entry": {"chain.jsonl": b"{}\n"},
        "has no chain": {"chain.jsonl": None},
        "export.json is not what was exported": {"export.json": b"{}"},
        "export.json is missing": {"export.json": None},
    }
    for sentence, change in forgeries.items():
        with pytest.raises(Mismatch, match=sentence):
            check_package(remade(change))


async def test_a_whole_chain_of_a_forger_fails_against_the_published_key(tmp_path: Path) -> None:
    path = await package(tmp_path)
    other = Signer(bytes(32))
    assert check_package(path, SIGNER.public_key)
    with pytest.raises(Mismatch, match="key you trust"):
        check_package(path, other.public_key)


def test_the_tool_in_the_package_needs_nothing_of_ours(tmp_path: Path) -> None:
    """Unpacked elsewhere and run by a Python that cannot see this project, only PyCryptodome."""
    path = asyncio.run(package(tmp_path))
    clean = tmp_path / "court"
    clean.mkdir()
    with zipfile.ZipFile(path) as archive:
        for name in ("verify.py", "public-key.pem"):
            (clean / name).write_bytes(archive.read(name))
    libraries = clean / "libraries"
    libraries.mkdir()
    (libraries / "Crypto").symlink_to(Path(Crypto.__file__).parent)
    (clean / "json.py").write_text("raise SystemExit('a file of the package was run')")
    command = [sys.executable, "-S", "verify.py", str(path), "--key", "public-key.pem"]
    environment = {"PYTHONPATH": str(libraries), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=clean, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Everything holds: case 1")
    assert "driver    Ada Rossi" in done.stdout
    with zipfile.ZipFile(path) as archive:
        (clean / "printed.pdf").write_bytes(archive.read("cases/00000001/report.pdf"))
    for printed, code, words in (
        ("printed.pdf", 0, "is the report of case 1"),
        ("verify.py", 1, "this report is none"),
    ):
        said = subprocess.run(
            [*command, "--report", printed], cwd=clean, env=environment, capture_output=True, text=True, check=False
        )
        assert (said.returncode, words in said.stdout + said.stderr) == (code, True)
    said = subprocess.run(
        [*command, "--key", "json.py"], cwd=clean, env=environment, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (2, "json.py holds no Ed25519 public key (PEM, or 64 hex digits).\n")
    without = {"PATH": os.environ["PATH"]}
    said = subprocess.run(command, cwd=clean, env=without, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (2, "verify.py needs PyCryptodome: pip install pycryptodome\n")
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(data)
    done = subprocess.run(command, cwd=clean, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "changed or cut off" in done.stderr


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    asyncio.run(filled(tmp_path / "state", 1, decide=False))
    to = tmp_path / "case.zip"
    with pytest.raises(CaseError, match="not decided yet"):
        export_cases(tmp_path / "state", [1], to, officer=OFFICER, signer=SIGNER)
    with pytest.raises(NoSuchCase):
        export_cases(tmp_path / "state", [5], to, officer=OFFICER, signer=SIGNER)
    with pytest.raises(CaseError, match="which cases"):
        export_cases(tmp_path / "state", [], to, officer=OFFICER, signer=SIGNER)
    with pytest.raises(CaseError, match="cannot be written"):
        export_cases(tmp_path / "state", [1], tmp_path / "no" / "case.zip", officer=OFFICER, signer=SIGNER)
    to.touch()
    with pytest.raises(CaseError, match="exists already"):
        export_cases(tmp_path / "state", [1], to, officer=OFFICER, signer=SIGNER)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.zip", "state"]


async def test_altered_evidence_is_not_exported(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 1)
    (tmp_path / "state" / "frames" / "00000001" / "0.jpg").write_bytes(photo(5).jpeg)
    with pytest.raises(EvidenceError, match="photo 0 was altered"):
        export_cases(tmp_path / "state", [1], tmp_path / "case.zip", officer=OFFICER, signer=SIGNER)
    assert not (tmp_path / "case.zip").exists()


async def test_another_export_at_the_same_time_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path / "state", 2)

    def record_and_export(state_dir: Path, made: object, *arguments: object, **event: object) -> int:
        export_report(state_dir, 1, tmp_path / "before.pdf", officer="Verdi", signer=SIGNER)
        seq = record_package(state_dir, made, *arguments, **event)  # type: ignore[arg-type]
        export_report(state_dir, 1, tmp_path / "after.pdf", officer="Verdi", signer=SIGNER)
        return seq

    monkeypatch.setattr("edge.cases.export.record_package", record_and_export)
    export_cases(tmp_path / "state", [1, 2], tmp_path / "case.zip", officer=OFFICER, signer=SIGNER)
    verified = verify_package(tmp_path / "case.zip", SIGNER.public_key)
    assert "case 1, 2" in verified.sentence
    assert "by Verdi" in check_report(verified, (tmp_path / "before.pdf").read_bytes())
    with pytest.raises(Mismatch, match="none that the package's chain names"):
        check_report(verified, (tmp_path / "after.pdf").read_bytes())


async def test_a_report_that_leaves_the_unit_is_an_entry_of_the_chain(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 1)
    to = tmp_path / "case.pdf"
    export_report(tmp_path / "state", 1, to, officer=OFFICER, reason="for the judge", signer=SIGNER)
    assert to.stat().st_mode & 0o777 == 0o600
    with Archive(tmp_path / "state") as archive:
        (event,) = archive.events(1)
    assert (event.kind, event.officer, event.reason) == (EventKind.EXPORT, OFFICER, "for the judge")
    assert hashlib.sha256(to.read_bytes()).hexdigest().encode() in everything(tmp_path / "state")
    with pytest.raises(CaseError, match="exists already"):
        export_report(tmp_path / "state", 1, to, officer=OFFICER, signer=SIGNER)
    with pytest.raises(CaseError, match="cannot be written"):
        export_report(tmp_path / "state", 1, tmp_path / "no" / "case.pdf", officer=OFFICER, signer=SIGNER)
    with pytest.raises(CaseError, match="officer's name is missing"):
        export_report(tmp_path / "state", 1, tmp_path / "other.pdf", officer=" ", signer=SIGNER)
    assert not (tmp_path / "other.pdf").exists()


async def test_other_peoples_reviews_stay_at_home(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 2)
    record(tmp_path / "state", 2, kind="dismiss", officer="Verdi", reason="a secret reason", signer=SIGNER)
    export_cases(tmp_path / "state", [1], tmp_path / "case.zip", officer=OFFICER, signer=SIGNER)
    with zipfile.ZipFile(tmp_path / "case.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"a secret reason" not in everything
    assert b"AB001CD" not in everything
    assert b"AB000CD" in everything


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_report_says_it_all(tmp_path: Path) -> None:
    async def make() -> int:
        store = await CaseStore.open(tmp_path, SIGNER, UNIT)
        number = await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 235 <km 12>")
        await store.enter_verdict(number, identified(packet(), who=driver(first="Nicolò", last="</para>Đorđević")))
        await store.close()
        return number

    number = asyncio.run(make())
    record(tmp_path, number, kind="confirm", officer="Conti & Figli", reason="agrees", signer=SIGNER)
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=report_of(tmp_path, number), capture_output=True, check=True
    )
    text = done.stdout.decode()
    for wanted in ("Case 1", "72.4 km/h", "22.4 km/h over", "AB123CD", "Nicolò", "</para>Đorđević", "<km 12>"):
        assert wanted in text
    assert "Conti & Figli: agrees" in text
    assert "Signing key" in text
