"""What a worker process may still do: read code, models and photos, and talk through the pipes that it has.

A photo is foreign input, and so is a packet. Whoever finds a fault in a decoder must not get at keys, the registry, the
database or the network with it. The kernel holds a worker to that, without any privilege: Landlock (landlock(7)) for
files, seccomp(2) for system calls. Both are for good, and count for every thread and child that follows.

Where the kernel has one of them not, the worker runs all the same and :class:`Confinement` says so.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_NO_NEW_PRIVS = 38
LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_ASK_VERSION, _BENEATH = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Version of Landlock -> all rights to files that it handles; newer ones handle what version 5 does, and more."""
_NETWORK, _SCOPES = 0b11, 0b11
"""Bind and connect of TCP (version 4); abstract Unix sockets and signals to others (version 6)."""

_SET_FILTER, _ALL_THREADS = 1, 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_X32 = 0x40000000
"""From linux/landlock.h, linux/seccomp.h, linux/bpf_common.h."""

CALLS = {
    "x86_64": (
        0xC000003E,
        317,
        {
            # socket connect accept sendto sendmsg bind listen socketpair accept4 sendmmsg recvmsg recvfrom
            *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307, 47, 45),
            # execve execveat ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp
            *(59, 322, 101, 310, 311, 438, 312),
            # io_uring, bpf perf_event_open userfaultfd, keyrings, open_by_handle_at, mount umount2 unshare setns chroot
            *(425, 426, 427, 321, 298, 323, 248, 249, 250, 304, 165, 166, 272, 308, 161),
            # sched_setparam sched_setscheduler sched_setattr: the unit has leave for real time, for what files a case
            *(142, 144, 314),
        },
    ),
    "aarch64": (
        0xC00000B7,
        277,
        {
            *(198, 203, 202, 206, 211, 200, 201, 199, 242, 269, 212, 207),
            *(221, 281, 117, 270, 271, 438, 272),
            *(425, 426, 427, 280, 241, 282, 217, 218, 219, 265, 40, 39, 97, 268, 51),
            *(118, 119, 274),
        },
    ),
}
"""Machine -> its number in audit.h, that of seccomp(2), and the calls that no worker needs, in the same order."""

_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom")
_OF_PROC = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What holds a process: the version of Landlock (0: the kernel has none), and whether a filter of seccomp does."""

    landlock: int
    seccomp: bool

    @property
    def lacks(self) -> str:
        """What the kernel does not hold it to, for a person; empty if nothing."""
        missing = [] if self.landlock else ["files (no Landlock)"]
        missing += [] if self.seccomp else ["network and programs (no seccomp)"]
        return " and ".join(missing)


def restrict_files(reads: Iterable[Path], writes: Iterable[Path] = ()) -> int:
    """Let this thread, and what it starts, read code and the files below *reads*, and write below *writes*, for good.

    Call it before there are other threads; once more, it leaves what both calls allow. Also forbids TCP and abstract
    Unix sockets where the kernel can.

    Returns:
        The version of Landlock; 0 where the kernel has none, and nothing was restricted.
    """
    version = _libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return 0
    handled = struct.pack(
        "QQQ", _FILES[min(version, 5)], _NETWORK if version >= 4 else 0, _SCOPES if version >= 6 else 0
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _libc.syscall(LANDLOCK_CREATE, handled, ctypes.c_size_t(size), 0)
    if rules < 0:
        return 0
    try:
        for path in (*map(Path, _SYSTEM + _OF_PROC), *_code(), *reads):
            _allow(rules, path, _READ_FILE | _READ_FOLDER)
        for path in writes:
            _allow(rules, path, _FILES[1])
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return version if _libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def restrict_calls() -> bool:
    """Refuse all threads of this process sockets, other programs, other processes' memory and real time, for good.

    Returns:
        Whether the kernel does.
    """
    if platform.machine() not in CALLS:
        return False
    audit_arch, seccomp, calls = CALLS[platform.machine()]
    end = len(calls) + 1
    program = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, audit_arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, end, 0, _X32),
        *((_EQUAL, end - 1 - index, 0, call) for index, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
    ]
    code = b"".join(struct.pack("HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(_libc.syscall(seccomp, _SET_FILTER, _ALL_THREADS, filter) == 0)


def probe() -> Confinement:
    """What this kernel and this service would hold a worker to, tried in a child."""
    child = os.fork()
    if child == 0:
        version = restrict_files(())
        os._exit(version << 1 | restrict_calls())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Confinement(code >> 1, bool(code & 1)) if code >= 0 else Confinement(0, seccomp=False)


def _allow(rules: int, path: Path, rights: int) -> None:
    """Allow *rights* to *path* and what is below it; one that is not there needs no rule."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights &= rights if path.is_dir() else _READ_FILE
        _libc.syscall(_LANDLOCK_ADD, rules, _BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def _code() -> list[Path]:
    """Where modules are imported from: Python's own folders, and of the one that holds this package the package alone.

    A checkout is on the path as a whole, with the demo's keys below it; so may be the folder of a script.
    """
    own = Path(__file__).resolve().parents[2]
    pythons = [Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()]
    folders = [Path(entry).resolve() for entry in sys.path if entry]
    installed = [folder for folder in folders if folder.name in ("site-packages", "dist-packages")]
    return [*pythons, *installed, own / "edge"]
