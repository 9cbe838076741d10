"""A real Picamera2 on libcamera's virtual pipeline: only what this machine has no device for is put in its place.

- Frame buffers come from memfd instead of a DMA heap.
- The virtual pipeline has no raw stream, so the one mode of its "sensor" is given here.
- ``pykms``, which draws previews on a screen and is not packaged, is never used without one.
"""

from __future__ import annotations

import mmap
import os
import sys
from typing import Any
from unittest.mock import MagicMock

sys.modules.setdefault("pykms", MagicMock())

import libcamera  # noqa: E402
import picamera2.picamera2  # noqa: E402
from picamera2.allocators.allocator import Allocator, Sync  # noqa: E402

SENSOR_MODE = {"format": "NV12", "size": (640, 480)}


class MemfdAllocator(Allocator):  # type: ignore[misc]
    """Buffers in memfds, mapped for as long as they live."""

    def __init__(self) -> None:
        super().__init__()
        self.sync = MappedSync
        self._fds: list[int] = []
        self._buffers: dict[Any, list[Any]] = {}
        self.mapped: dict[Any, mmap.mmap] = {}

    def allocate(self, libcamera_config: Any, _use_case: Any) -> None:
        self.close()
        for stream_config in libcamera_config:
            made = self._buffers[stream_config.stream] = []
            for _ in range(stream_config.buffer_count):
                fd = os.memfd_create("frame")
                os.ftruncate(fd, stream_config.frame_size)
                self._fds.append(fd)
                luma = stream_config.stride * stream_config.size.height
                planes = [_plane(fd, 0, luma), _plane(fd, luma, stream_config.frame_size - luma)]
                made.append(libcamera.FrameBuffer(planes))
                self.mapped[made[-1]] = mmap.mmap(fd, stream_config.frame_size)

    def buffers(self, stream: Any) -> list[Any]:
        return self._buffers[stream]

    def close(self) -> None:
        for memory in self.mapped.values():
            memory.close()
        for fd in self._fds:
            os.close(fd)
        self._fds, self._buffers, self.mapped = [], {}, {}


def _plane(fd: int, offset: int, length: int) -> Any:
    plane = libcamera.FrameBuffer.Plane()
    plane.fd, plane.offset, plane.length = fd, offset, length
    return plane


class MappedSync(Sync):  # type: ignore[misc]
    """Memory needs no cache maintenance: a buffer is handed out as it is mapped."""

    def __init__(self, allocator: MemfdAllocator, buffer: Any, _write: bool) -> None:
        self._memory = allocator.mapped.get(buffer)

    def __enter__(self) -> mmap.mmap | None:
        return self._memory

    def __exit__(self, *_: object) -> None:
        pass

    def get_buffer(self) -> mmap.mmap | None:
        return self._memory


def install() -> None:
    """Let every Picamera2 of this process run on the virtual pipeline."""
    picamera2.picamera2.DmaAllocator = MemfdAllocator
    picamera2.Picamera2._get_raw_modes = lambda _camera: [SENSOR_MODE]
