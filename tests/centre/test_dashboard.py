"""The Grafana dashboard asks for metrics that the centre has."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from centre.service.metrics import Figures
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of

DASHBOARD: dict[str, Any] = json.loads((resources.files("centre.service") / "grafana.json").read_text("utf-8"))
NAME = re.compile(r"\bautovelox_\w+")


async def test_every_query_of_the_dashboard_names_a_metric_and_every_metric_is_shown(
    centre: Centre, tmp_path: Path
) -> None:
    await filled(tmp_path / "unit", 1)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
        await client.status({"head": {"seq": 3, "hash": "0" * 64}, "utc": 1.79e9, "free_bytes": 1 << 30})
    end = datetime.now(UTC) + timedelta(days=90)
    text = (await Figures(centre.pool, silent_after_s=600, certificate_end=end).exposition()).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    labels = {sample.name: set(sample.labels) for sample in samples}
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    queries += [each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    asked = {name for query in queries for name in NAME.findall(query)}
    assert asked - labels.keys() == set(), "a query of the dashboard names no metric"
    assert labels.keys() - asked == set(), "a metric is on no panel"
    for query in queries:
        for name, wanted in re.findall(r"(autovelox_\w+)\{(\w+)=", query):
            assert wanted in labels[name], query


def test_no_two_panels_lie_on_one_another() -> None:
    places = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        own = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24 and not own & places, panel["title"]
        places |= own
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
