"""Metrics of this process, in Prometheus' own form. Every name begins with `anlan_`; units are last: seconds, bytes.

Counted where things happen. What stands in the database (queues, lags, sizes) is read when somebody asks: `sampled`.
Labels have few values: route patterns, codes, states; never an id, never what somebody typed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

REGISTRY = CollectorRegistry(auto_describe=False)
FAST = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram(
    "anlan_request_seconds", "Requests answered, until the last byte; an event stream until the first.",
    ("method", "route", "status"), buckets=FAST, registry=REGISTRY,
)  # fmt: skip
UNDER_WAY = Gauge("anlan_requests_under_way", "Requests not answered yet, event streams included.", registry=REGISTRY)
REFUSED = Counter("anlan_refused", "Refusals by code.", ("code",), registry=REGISTRY)
FAILED = Counter("anlan_failed", "Requests that failed by a bug of ours.", registry=REGISTRY)
COMMITS = Counter("anlan_commits", "Commits by what came of them: done, refused, failed.", ("came",), registry=REGISTRY)
BATCH = Histogram(
    "anlan_commit_batch", "Commits that shared one transaction.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    registry=REGISTRY,
)  # fmt: skip
COMMIT_SECONDS = Histogram(
    "anlan_commit_seconds", "A batch from its first statement until it is on disk.", buckets=FAST, registry=REGISTRY
)
QUEUE = Gauge("anlan_commit_queue", "Commits that wait for the writer.", registry=REGISTRY)
STREAMS = Gauge("anlan_event_streams", "Event streams open.", registry=REGISTRY)
OUTSIDE = Histogram(
    "anlan_outside_seconds", "Calls to the outside, by way (sms, email, webhook, nats) and what came of them.",
    ("way", "came"), buckets=FAST, registry=REGISTRY,
)  # fmt: skip
PUBLISHED = Counter("anlan_nats_published", "Facts that JetStream has acknowledged.", registry=REGISTRY)
NATS_CONNECTED = Gauge("anlan_nats_connected", "Whether the link to NATS is up.", registry=REGISTRY)
NATS_SYNCED = Gauge(
    "anlan_nats_sync_always", "Whether the server says it syncs every write: 1 yes, 0 no, -1 does not say.",
    registry=REGISTRY,
)  # fmt: skip

MQTT_CONNECTED = Gauge("anlan_mqtt_connected", "Whether the link to the MQTT broker is up.", registry=REGISTRY)
MQTT_HEARD = Counter("anlan_mqtt_heard", "Messages of devices handed on.", registry=REGISTRY)
MQTT_DROPPED = Counter(
    "anlan_mqtt_dropped", "Messages of devices that came faster than they were taken.", registry=REGISTRY
)

SAMPLED = {
    "anlan_ready": ("1 when a check of readiness holds.", ("check",)),
    "anlan_outbox_lag_facts": ("Facts that a reader of the outbox has not come to yet.", ("reader",)),
    "anlan_messages": ("Messages to reporters by state.", ("state",)),
    "anlan_webhooks": ("Webhook subscriptions by state.", ("state",)),
    "anlan_webhook_letters": ("Facts that could not be delivered to a subscription, by state.", ("state",)),
    "anlan_ledger_facts": ("Facts on a ledger.", ("ledger",)),
    "anlan_checkpoint_age_seconds": (
        "Since the last fact that no checkpoint covers came; 0 when all are.",
        ("ledger",),
    ),
    "anlan_matters": ("Matters by kind of stage.", ("kind",)),
    "anlan_matters_late": ("Open matters past their due time.", ()),
    "anlan_database_bytes": ("Size of the database.", ()),
    "anlan_wal_bytes": ("Size of the write-ahead log.", ()),
    "anlan_disk_free_bytes": ("Free space where the data lies.", ()),
}
"""What is read when somebody asks: help and labels by name."""


@contextmanager
def outside(way: str) -> Iterator[None]:
    """Times a call to the outside by what came of it."""
    began, came = time.perf_counter(), "failed"
    try:
        yield
        came = "done"
    finally:
        OUTSIDE.labels(way, came).observe(time.perf_counter() - began)


Samples = Mapping[str, Iterable[tuple[tuple[str, ...], float]]]
"""Name → (label values, value) each."""


class _Sampled:
    """One scrape's samples as a collector."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, rows in self._samples.items():
            said, labels = SAMPLED[name]
            family = GaugeMetricFamily(name, said, labels=labels)
            for values, value in rows:
                family.add_metric(values, value)
            yield family


def text(samples: Samples) -> bytes:
    """Everything in Prometheus' text form 0.0.4."""
    once = CollectorRegistry(auto_describe=False)
    once.register(_Sampled(samples))
    return generate_latest(REGISTRY) + generate_latest(once)


def names() -> frozenset[str]:
    """Every name a scrape may hold, as dashboards and rules write them."""
    found = set(SAMPLED)
    for family in REGISTRY.collect():
        found.add(f"{family.name}_total" if family.type == "counter" else family.name)
        if family.type == "histogram":
            found |= {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
    return frozenset(found)
