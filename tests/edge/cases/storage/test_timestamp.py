"""Time stamps of checkpoints, from an authority made with ``openssl ts`` that answers on loopback."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from edge.cases.storage.timestamp import TimeStamps
from edge.cases.storage.witness import newest_checkpoint
from edge.cases.store import CaseStore
from edge.config import Settings
from edge.errors import CaseError, SecretError
from tests.support.cases import SIGNER, UNIT, photo, trigger

OPENSSL = shutil.which("openssl") or ""
pytestmark = pytest.mark.skipif(not OPENSSL, reason="no openssl")
CONFIG = """\
[tsa]
default_tsa = own
[own]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class Authority:
    """A time stamping authority in a folder; ``answer`` gives the answer to a query."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "tsa.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01")
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", "tsa.cnf")
        self._run(
            "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Root", "-extensions", "root"
        )
        self._run("req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Time")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "tsa.cnf", "-extensions", "leaf")
        self._run("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *signed)

    @property
    def root(self) -> Path:
        """Its root certificate."""
        return self.folder / "ca.pem"

    def answer(self, query: bytes) -> bytes:
        """The signed answer to *query*."""
        (self.folder / "query").write_bytes(query)
        own = ("-config", "tsa.cnf", "-signer", "tsa.pem", "-inkey", "tsa.key")
        self._run("ts", "-reply", "-queryfile", "query", "-out", "answer", *own)
        return (self.folder / "answer").read_bytes()

    def verifies(self, data: Path, stamp: Path) -> bool:
        """What docs/evidence.md tells a third party to do."""
        words = ["ts", "-verify", "-data", str(data), "-in", str(stamp), "-CAfile", str(self.root)]
        return subprocess.run([OPENSSL, *words], capture_output=True, check=False).returncode == 0

    def _run(self, *words: str) -> None:
        done = subprocess.run([OPENSSL, *words], cwd=self.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "own")


@pytest.fixture
def served(authority: Authority) -> Iterator[tuple[str, dict[str, Callable[[bytes], bytes]]]]:
    """The authority's address, and what it does with a query under ``answer``."""
    does: dict[str, Callable[[bytes], bytes]] = {"answer": authority.answer}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = does["answer"](self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", does
    server.shutdown()
    thread.join()
    server.server_close()


async def _checkpoint(state: Path, place: Path, stamps: Callable[[bytes], bytes]) -> tuple[Path, str | None]:
    """The checkpoint that a unit leaves when it stops, and what it says is wrong."""
    store = await CaseStore.open(state, SIGNER, UNIT, witness_dirs=[place], stamps=stamps)
    await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    await store.close()
    found = newest_checkpoint(place)
    assert found is not None
    return found, store.problem()


async def test_a_checkpoint_gets_a_time_stamp_that_openssl_verifies(
    tmp_path: Path, authority: Authority, served: tuple[str, object]
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    stamps = TimeStamps(served[0], authority.root)
    checkpoint, problem = await _checkpoint(tmp_path / "state", place, stamps.stamp)
    stamp = checkpoint.with_name(checkpoint.name + ".tsr")
    assert authority.verifies(checkpoint, stamp)
    other = tmp_path / "other.json"
    other.write_bytes(checkpoint.read_bytes() + b" ")
    assert not authority.verifies(other, stamp)
    assert newest_checkpoint(place) == checkpoint, "a time stamp is no checkpoint"
    assert problem is None


async def test_an_authority_that_does_not_answer_stops_nothing_and_is_told(
    tmp_path: Path, authority: Authority
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(CaseError, match="does not answer"):
        TimeStamps("http://127.0.0.1:9/", authority.root).stamp(b"x")
    checkpoint, problem = await _checkpoint(
        tmp_path / "state", place, TimeStamps("http://127.0.0.1:9/", authority.root).stamp
    )
    assert sorted(path.name for path in place.iterdir()) == [checkpoint.name]
    assert problem is not None and "timestamp_url" in problem


def test_what_is_no_answer_to_the_question_is_refused(
    tmp_path: Path, authority: Authority, served: tuple[str, dict[str, Callable[[bytes], bytes]]]
) -> None:
    address, does = served
    stamps = TimeStamps(address, authority.root)
    answers: list[bytes] = []
    does["answer"] = lambda query: answers.append(authority.answer(query)) or answers[-1]  # type: ignore[func-returns-value]
    assert stamps.stamp(b"checkpoint") == answers[0]
    attempts: dict[str, Callable[[bytes], bytes]] = {
        "replayed": lambda _query: answers[0],
        "of another authority": Authority(tmp_path / "stranger").answer,
        "nothing": lambda _query: b"",
        "rubbish": lambda _query: b"\x30\x03\x02\x01\x00",
        "cut": lambda query: authority.answer(query)[:-20],
    }
    for name, attempt in attempts.items():
        does["answer"] = attempt
        with pytest.raises(CaseError, match="gives no time stamp"):
            stamps.stamp(b"checkpoint")
            pytest.fail(name)


def test_what_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for path in (tmp_path / "no.pem", tmp_path / "none.pem"):
        with pytest.raises(SecretError, match="holds no certificate"):
            TimeStamps("http://127.0.0.1:9/", path)
    with pytest.raises(ValueError, match="belong together"):
        Settings.model_validate({"evidence": {"timestamp_url": "https://tsa.example"}})
    with pytest.raises(ValueError, match="pattern"):
        Settings.model_validate({"evidence": {"timestamp_url": "file:///etc/shadow", "timestamp_authority": "x"}})
