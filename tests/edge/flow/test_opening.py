from __future__ import annotations

import pytest

from edge.crypto.opener import OpenJob
from edge.flow.opening import BATCH, shared_out
from tests.support.link import ANNA, sealed

JOB = OpenJob(sealed(payload=b""), ANNA.private, "")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 16, 17, 31, 50, 200, 1000])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_packets_areshared_out_evenly(count: int, workers: int) -> None:
    jobs = [JOB._replace(licence=str(number)) for number in range(count)]
    batches = shared_out(jobs, workers)
    assert [job for batch in batches for job in batch] == jobs
    sizes = {len(batch) for batch in batches}
    assert all(0 < size <= BATCH for size in sizes)
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert len(batches) % workers == 0 or len(batches) == count
