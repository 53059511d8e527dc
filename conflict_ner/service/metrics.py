"""What a service counts, in Prometheus' text format; counts and times alone, nothing of any article."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conflict_ner.documents import Document

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]
        kept = self.registry = CollectorRegistry()
        self._requests = Counter(
            "conflict_ner_requests", "Requests answered.", labelnames=("route", "status"), registry=kept
        )
        self._seconds = Histogram(
            "conflict_ner_request_seconds",
            "Seconds from a request's head to its answer's end.",
            labelnames=("route",),
            buckets=_SECONDS,
            registry=kept,
        )
        self._batches = Histogram("conflict_ner_batch_texts", "Texts read together.", buckets=_SIZES, registry=kept)
        self._reading = Counter(
            "conflict_ner_reading_seconds", "Seconds that the model's thread worked.", registry=kept
        )
        self._texts = Counter("conflict_ner_texts", "Texts read.", registry=kept)
        self._characters = Counter("conflict_ner_characters", "Characters read.", registry=kept)
        self._spans = Counter("conflict_ner_spans", "Spans found.", labelnames=("label",), registry=kept)
        self.refused = Counter("conflict_ner_refused_texts", "Texts refused as the queue was full.", registry=kept)
        self.open = Gauge(
            "conflict_ner_open_requests", "Requests that are being answered, this one too.", registry=kept
        )
        self.waiting = Gauge("conflict_ner_waiting_texts", "Texts that wait.", registry=kept)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def batch(self, texts: int, seconds: float) -> None:
        """Count a batch."""
        self._batches.observe(texts)
        self._reading.inc(seconds)

    def read(self, document: Document) -> None:
        """Count a document that was read."""
        self._texts.inc()
        self._characters.inc(len(document.text))
        for span in document.spans:
            self._spans.labels(span.label).inc()

    def text(self) -> bytes:
        """Return all in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)
