"""The unit's metrics for Prometheus: counts, sizes and times, no personal data."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from edge.model import Rejection

SECONDS_BUCKETS: Final = (0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
PACKETS_BUCKETS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the values come from that are read when somebody asks."""

    connection_outcomes: Callable[[], Mapping[str, int]]
    connections: Callable[[], int]
    mailbox: Callable[[], int]
    pool: Callable[[], int]
    radar: Callable[[], Mapping[str, int]] = dict
    rejected: Callable[[], Mapping[Rejection, int]] = dict
    """Packets that became no claim for another reason than the opener's."""
    flow: Callable[[], Mapping[str, int]] = dict
    """Photos that were missed, and triggers that were lost."""
    gauges: Mapping[str, tuple[str, Callable[[], float]]] = field(default_factory=dict)
    """Further values: name -> what it is, and where it comes from."""
    board_c: Callable[[], float | None] = lambda: None
    certificate_end_utc: Callable[[], float | None] = lambda: None


class Metrics:
    """The unit's metrics; the daemon reports windows, recognitions and decisions as they happen."""

    def __init__(self, sources: Sources) -> None:
        """Values of *sources* are read at every scrape."""
        self.registry = registry = CollectorRegistry()
        registry.register(
            _Counts("autovelox_link_visits", "What became of connections.", "outcome", sources.connection_outcomes)
        )
        registry.register(_Counts("autovelox_radar", "Edges and speed reports, by their fate.", "fate", sources.radar))
        registry.register(_Counts("autovelox_flow", "What triggers lost, by kind.", "kind", sources.flow))
        for name, text, read in (
            *((name, text, read) for name, (text, read) in sources.gauges.items()),
            ("autovelox_link_connections", "Connections open now.", sources.connections),
            ("autovelox_mailbox_packets", "Sealed packets in memory now.", sources.mailbox),
            ("autovelox_pool_jobs", "Jobs given to the workers and not ended.", sources.pool),
        ):
            Gauge(name, text, registry=registry).set_function(read)
        board = Gauge("autovelox_board_celsius", "The processor's temperature; NaN if unknown.", registry=registry)
        board.set_function(lambda: nan if (celsius := sources.board_c()) is None else celsius)
        end = Gauge(
            "autovelox_link_certificate_end_timestamp_seconds",
            "When the TLS certificate ends; NaN without one.",
            registry=registry,
        )
        end.set_function(lambda: nan if (at_utc := sources.certificate_end_utc()) is None else at_utc)
        self._window = Histogram(
            "autovelox_window_packets", "Packets in a trigger's window.", buckets=PACKETS_BUCKETS, registry=registry
        )
        self._rejected: collections.Counter[Rejection] = collections.Counter()
        what = "Packets that became no claim, by reason."
        registry.register(
            _Counts(
                "autovelox_packets_rejected",
                what,
                "reason",
                lambda: self._rejected + collections.Counter(sources.rejected()),
            )
        )
        self._recognition = Histogram(
            "autovelox_recognition_seconds", "One photo found and read.", buckets=SECONDS_BUCKETS, registry=registry
        )
        self._decision = Histogram(
            "autovelox_decision_seconds", "Trigger to decided case.", buckets=SECONDS_BUCKETS, registry=registry
        )
        self._cases = Counter("autovelox_cases", "Cases decided, by verdict.", ["verdict"], registry=registry)

    def opened(self, packets: int, rejected: Mapping[Rejection, int]) -> None:
        """A window of *packets* was opened; *rejected* counts those that became no claim by reason."""
        self._window.observe(packets)
        self._rejected.update(rejected)

    def recognised(self, seconds: float) -> None:
        """A photo was recognised in *seconds*."""
        self._recognition.observe(seconds)

    def decided(self, verdict: str, seconds: float) -> None:
        """A case got its *verdict*, *seconds* after its trigger."""
        self._decision.observe(seconds)
        self._cases.labels(verdict).inc()


class _Counts(Collector):
    """The parts count by themselves; here their counts get names."""

    def __init__(self, name: str, text: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        self._name, self._text, self._label = name, text, label
        self._read = read

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._text, labels=[self._label])
        for value, count in self._read().items():
            family.add_metric([value], count)
        yield family
