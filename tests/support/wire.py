"""What the viewer costs on the wire: a real ``ssh -X`` to an sshd on loopback, counted at the socket, both ways."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.cases.store import CaseStore
from tests.support import cases, stores, xdisplay

LIMITS = {"start": 1_500_000, "open": 1_400_000, "idle": 20_000, "arrival": 60_000}
QUIET_S = 3.0
LEAST_PHOTO = 600 * 338 * 4
PLAIN = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
X11Forwarding yes
X11UseLocalhost yes
PrintMotd no
"""


class Relay(threading.Thread):
    """Hands a TCP connection on and counts what passes, in both directions."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(daemon=True)
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.total = 0
        self.last = time.monotonic()
        self._turn = threading.Lock()
        self.start()

    def run(self) -> None:
        """Accept one connection after the other."""
        while True:
            try:
                near, _address = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def close(self) -> None:
        """Accept nothing more."""
        self._server.close()

    def settle(self, least: int = 0, quiet_s: float = QUIET_S) -> int:
        """Wait until *least* bytes more have passed and then, for a while, none; returns the total."""
        goal = self.total + least
        xdisplay.wait_for(lambda: self.total >= goal, limit_s=120)
        xdisplay.wait_for(lambda: time.monotonic() - self.last >= quiet_s, limit_s=120)
        return self.total

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                with self._turn:
                    self.total += len(data)
                    self.last = time.monotonic()
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()


@dataclass(frozen=True, slots=True)
class Session:
    """A viewer that runs over ssh and shows itself on *display*."""

    display: str
    relay: Relay
    state_dir: Path


@contextmanager
def session(state_dir: Path, size: str = "1440x900") -> Iterator[Session]:
    """Start sshd, relay, Xvfb and, through all of them, the viewer."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("host", "key"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True, timeout=30)
        port = _free_port()
        (folder / "sshd_config").write_text(PLAIN.format(port=port, folder=folder))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd separates its privileges
        sshd = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.DEVNULL
        )
        stack.callback(_end, sshd)
        relay = Relay(("127.0.0.1", port))
        stack.callback(relay.close)
        display = stack.enter_context(xdisplay.xvfb(size))
        _wait_for_port(port)
        key = cases.write_key(folder / "signing.key")
        where = f"--state-dir {state_dir} --signing-key {key}"
        remote = f"cd {Path.cwd()} && XDG_CONFIG_HOME=/nonexistent exec {sys.executable} -m edge view --lang en {where}"
        options = (
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={folder}/known",
            "IdentitiesOnly=yes",
            "LogLevel=ERROR",
        )
        command = ["ssh", "-X", "-F", "none", "-p", str(relay.port), "-i", str(folder / "key")]
        for option in options:
            command += ["-o", option]
        client = subprocess.Popen(
            [*command, f"{getpass.getuser()}@127.0.0.1", remote],
            env={**os.environ, "DISPLAY": display},
            stdin=subprocess.DEVNULL,
        )
        stack.callback(_end, client)
        xdisplay.wait_for(lambda: relay.total > 60_000 or client.poll() is not None, limit_s=60)
        if client.poll() is not None:
            raise RuntimeError("the viewer ended at once: is xauth installed, and may this account log in by key?")
        yield Session(display, relay, state_dir)


def measure(state_dir: Path, idle_s: float) -> dict[str, float]:
    """Bytes of each step; the idle time is scaled to a minute."""

    def steps() -> dict[str, float]:
        with session(state_dir) as viewer:
            relay = viewer.relay
            found: dict[str, float] = {}
            relay.settle()
            xdisplay.press(viewer.display, "Down")
            before = relay.settle(LEAST_PHOTO)
            found["start"] = before
            xdisplay.press(viewer.display, "Down")
            total = relay.settle(LEAST_PHOTO)
            found["open"] = total - before
            time.sleep(idle_s)
            found["idle"] = (relay.total - total) * 60 / idle_s
            total = relay.total
            asyncio.run_coroutine_threadsafe(arrive(), loop).result(30)
            found["arrival"] = relay.settle(500) - total
            return found

    loop: asyncio.AbstractEventLoop
    store: CaseStore

    async def arrive() -> None:
        await stores.add(store, stores.scenes(1)[0], 5000)

    async def whole() -> dict[str, float]:
        nonlocal loop, store
        loop = asyncio.get_running_loop()
        store = await CaseStore.open(state_dir, stores.SIGNER, stores.UNIT)  # the unit runs
        try:
            return await asyncio.to_thread(steps)
        finally:
            await store.close()

    return asyncio.run(whole())


def table(found: dict[str, float]) -> str:
    """The figures beside the limits."""
    names = {
        "start": "start, first photo shown",
        "open": "one more case",
        "idle": "a minute idle",
        "arrival": "a case arrives",
    }
    lines = [f"{'':28}{'kB':>10}{'limit':>10}{'share':>8}"]
    for key, limit in LIMITS.items():
        lines.append(f"{names[key]:28}{found[key] / 1000:10.1f}{limit / 1000:10.0f}{found[key] / limit:8.2f}")
    return "\n".join(lines)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for_port(port: int) -> None:
    def open_() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    xdisplay.wait_for(open_, limit_s=20)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
