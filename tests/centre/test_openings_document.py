"""The interface of the opening service: what its openapi.json says, and what it takes and answers."""

from __future__ import annotations

import json
import re
import time
from importlib import resources
from pathlib import Path
from typing import Any

from centre.opening.web import application
from centre.web.problems import WORDS
from edge.cases.evidence import sha256
from edge.config import models_dir
from edge.delivery.openings import REQUEST_DOMAIN, SIGNATURE, STATEMENT_DOMAIN, request_body
from edge.model import Packet
from edge.vision.checksums import reader_checksum
from tests.support.cases import SIGNER
from tests.support.centre import Centre, links_of
from tests.support.openings import PEOPLE, UNIT_SERIAL, RoadsideUnit, answer, enrol, roadside, seen
from tests.support.schema import check, resolve

DOCUMENT: dict[str, Any] = json.loads((resources.files("centre.opening") / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
PATH = "/v1/openings"


def test_every_route_is_described_and_nothing_else() -> None:
    routes = {(route.method.lower(), route.resource.canonical) for route in application(None).router.routes()}  # type: ignore[arg-type, union-attr]
    assert routes == {(method, path) for path, item in DOCUMENT["paths"].items() for method in item}


def test_every_problem_of_the_service_is_described() -> None:
    words = {word.rpartition(":")[2] for word in SCHEMAS["Problem"]["properties"]["type"]["enum"]}
    source = "".join(path.read_text() for path in Path("centre/opening").glob("*.py"))
    used = set(re.findall(r'Refused\(\s*"(\w+)"', source))
    assert used <= words <= set(WORDS)


class Desk:
    """Asks as a unit does that says what it likes."""

    def __init__(self, unit: RoadsideUnit) -> None:
        self.unit = unit

    async def ask(
        self, body: bytes, headers: dict[str, str], method: str = "POST", path: str = PATH
    ) -> tuple[int, Any]:
        """Status and document of the answer, which is one that is described."""
        session = self.unit.client.session
        assert session is not None
        async with session.request(method, self.unit.service.url + path, data=body, headers=headers) as found:
            kind, said = found.headers["Content-Type"].partition(";")[0], json.loads(await found.read())
        responses = DOCUMENT["paths"][PATH]["post"]["responses"]
        response = resolve(responses.get(str(found.status), responses["default"]), DOCUMENT)
        check(said, response["content"][kind]["schema"], DOCUMENT, f"{found.status}")
        return found.status, said

    def headers(self, body: bytes) -> dict[str, str]:
        signature = SIGNER.sign(REQUEST_DOMAIN + body).hex()
        return {**self.unit.client.authorization, SIGNATURE: signature, "Content-Type": "application/json"}


async def test_requests_and_answers_are_as_described(centre: Centre, place: Path) -> None:
    people = enrol(place)
    async with roadside(centre, place) as unit:
        packets = [answer(people[who], plate, time.time()) for who, plate in PEOPLE.items()]
        first, second = [await unit.file(*packets) for _ in range(2)]
        await unit.deliver()
        desk = Desk(unit)
        for (case, sealed), plate, outcome in ((first, "CD456EF", "identified"), (second, "ZZ999ZZ", "unidentified")):
            body = request_of(unit, case.number, sealed, plate)
            check(json.loads(body), SCHEMAS["Request"], DOCUMENT, "request")
            status, said = await desk.ask(body, desk.headers(body))
            statement = json.loads(said["statement"])
            check(statement, SCHEMAS["Statement"], DOCUMENT, "statement")
            assert (status, statement["verdict"]["outcome"]) == (200, outcome)
            assert (
                ("uid" in said) == ("portrait" in said) == (statement["named"] is not None) == (outcome == "identified")
            )
        late = request_of(unit, 3, [], "CD456EF")
        for given, headers, wanted, word in (
            (body, {}, 401, "login"),
            (body, {**desk.headers(body), SIGNATURE: "0" * 128}, 403, "not_signed"),
            (body, {**desk.headers(body), SIGNATURE: "0"}, 400, "malformed"),
            (b"[]", desk.headers(b"[]"), 400, "malformed"),
            (late, desk.headers(late), 409, "not_filed"),
        ):
            status, said = await desk.ask(given, headers)
            assert (status, said["type"]) == (wanted, f"urn:autovelox:problem:{word}")
        for method, path, wanted in (("GET", PATH, 405), ("POST", "/v1/opening", 404)):
            status, _ = await desk.ask(b"", {}, method, path)
            assert status == wanted
    assert STATEMENT_DOMAIN.decode().strip() in SCHEMAS["Answer"]["properties"]["signature"]["description"]


def request_of(unit: RoadsideUnit, case: int, packets: list[Packet], plate: str) -> bytes:
    """What the unit would ask for case *case* where its photo shows *plate*."""
    headers = [(json.loads(link.header), sha256(link.header)) for link in links_of(unit.state_dir)]
    seq = {header["case"]: (header["seq"], digest) for header, digest in headers if header["kind"] == "filed"}
    return request_body(
        unit=UNIT_SERIAL,
        case=case,
        filed=seq.get(case, (99, "0" * 64)),
        packets=packets,
        photos=[(10**9, (320, 180), (seen(plate),)), (2 * 10**9, (320, 180), None)],
        reader=reader_checksum(models_dir()),
        lens={"focal_length_px": 2000.0, "width_px": 1920, "height_px": 1080},
    )
