"""A unit's certificate by the authority: a renewed one is taken without a stop, a bad one is not, its end is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.crypto import Ed25519Key, UnitCertificate, check_challenge, read_challenge
from edge.errors import SecretError
from edge.link.server import LinkServer
from tests.support.signed_link import AUTHORITY, HERE, SERIAL, UNIT_SEED, Certified, RawSignedCar, certified

DAY_S = 86_400
ANOTHER_SEED = bytes([7]) * 32


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("unit"))


@pytest.fixture(autouse=True)
def as_before(place: Certified) -> None:
    (place.folder / "unit.key").write_bytes(UNIT_SEED)
    place.certify()


def write_certificate(
    folder: Path, site: str, *, days: float = 100, serial: str = SERIAL, seed: bytes = UNIT_SEED
) -> None:
    until = int(time.time() + days * DAY_S)
    certificate = UnitCertificate(serial, Ed25519Key(seed).public_key, site, HERE, until)
    (folder / "unit.json").write_text(json.dumps(certificate.signed_by(AUTHORITY).record()))


async def challenged(server: LinkServer) -> dict[str, Any]:
    async with RawSignedCar(server.port) as car:
        return await car.connect()


async def test_a_renewed_certificate_and_key_are_taken_without_a_stop(place: Certified) -> None:
    async with place.unit() as (server, _):
        before = (await challenged(server))["certificate"]["site"]
        write_certificate(place.folder, "Piazzale Cella", seed=ANOTHER_SEED)
        (place.folder / "unit.key").write_bytes(ANOTHER_SEED)
        server.reload_identity()
        challenge = read_challenge(await challenged(server))
        assert (before, challenge.certificate.site) == ("Viale Venezia, Udine", "Piazzale Cella")
        check_challenge(challenge, authority=AUTHORITY.public_key, now_utc=time.time(), position=HERE)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "unit.json").write_text("{"),
        lambda folder: (folder / "unit.json").unlink(),
        lambda folder: (folder / "unit.key").write_bytes(ANOTHER_SEED),
        lambda folder: write_certificate(folder, "elsewhere", serial="AVX-0043"),
        lambda folder: write_certificate(folder, "elsewhere", days=-1),
    ],
    ids=["damaged", "missing", "another key", "another unit's", "over"],
)
async def test_a_bad_one_is_refused_and_the_one_in_use_stays(place: Certified, spoil: Callable[[Path], object]) -> None:
    async with place.unit() as (server, _):
        spoil(place.folder)
        with pytest.raises(SecretError):
            server.reload_identity()
        challenge = read_challenge(await challenged(server))
        check_challenge(challenge, authority=AUTHORITY.public_key, now_utc=time.time(), position=HERE)
        assert challenge.certificate.site == "Viale Venezia, Udine"


async def test_a_certificate_near_its_end_is_a_problem_until_it_is_renewed(place: Certified) -> None:
    write_certificate(place.folder, "Viale Venezia", days=13.6)
    async with place.unit() as (server, _):
        problem = server.problem()
        assert problem is not None and "ends in 14 days: have it certified again, and reload the unit" in problem
        place.certify()
        server.reload_identity()
        assert server.problem() is None


async def test_one_that_is_over_says_that_cars_stay_silent(place: Certified) -> None:
    write_certificate(place.folder, "Viale Venezia", days=-3.2)
    async with place.unit() as (server, _):
        problem = server.problem()
        assert problem is not None and "ended 3 days ago: cars of version 2 stay silent" in problem
