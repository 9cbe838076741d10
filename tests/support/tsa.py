"""A time stamping authority (RFC 3161) made with ``openssl ts``, which answers on loopback."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

OPENSSL = shutil.which("openssl") or ""
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


@contextmanager
def answering(does: dict[str, Callable[[bytes], bytes]]) -> Iterator[str]:
    """The address of a server that answers a query with what *does* has under ``answer`` at that time."""

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
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
