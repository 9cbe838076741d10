"""The threads that file have short slices of the processor, and nothing else has."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from edge.cases.storage.intake import Intake
from edge.cases.storage.journal import Journal
from edge.cases.storage.promptness import SLICE_NS, be_prompt, slice_ns
from edge.cases.store import CaseStore
from tests.support.cases import UNIT, photo, trigger


def _in_thread(work: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


needs_kernel = pytest.mark.skipif(not _in_thread(be_prompt), reason="needs Linux 6.12 and its usual scheduling")


@needs_kernel
def test_what_a_prompt_thread_starts_is_as_everything_else() -> None:
    usual = _in_thread(slice_ns)
    child = [sys.executable, "-c", "from edge.cases.storage.promptness import slice_ns; print(slice_ns())"]

    def work() -> list[int]:
        assert be_prompt()
        own, nice = slice_ns(), os.getpriority(os.PRIO_PROCESS, 0)
        process = subprocess.run(child, capture_output=True, check=True)
        assert os.getpriority(os.PRIO_PROCESS, 0) == nice
        return [own, _in_thread(slice_ns), int(process.stdout)]

    own, of_thread, of_child = _in_thread(work)
    assert own == SLICE_NS < usual
    assert usual == of_thread == of_child


@needs_kernel
async def test_the_threads_of_the_store_are_prompt_and_the_callers_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, before = dict[str, int](), slice_ns()

    def watched(real: Any) -> Any:
        def write(*what: Any) -> Any:
            found[threading.current_thread().name.rpartition("_")[0]] = slice_ns()
            return real(*what)

        return write

    monkeypatch.setattr(Intake, "put", watched(Intake.put))
    monkeypatch.setattr(Journal, "write", watched(Journal.write))
    store = await CaseStore.open(tmp_path, None, UNIT)
    number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    await store.add(number, photos=[photo(1)])
    assert found == {"case-filing": SLICE_NS, "case-adding": SLICE_NS}
    assert slice_ns() == before and await asyncio.to_thread(slice_ns) == _in_thread(slice_ns) > SLICE_NS
    await store.close()
