"""GeoJSON (RFC 7946): a feature an event, for QGIS, Leaflet and their like."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conflict_ner.events import CountSlot
from conflict_ner.files import replacing_file
from conflict_ner.formats.rows import EventRow, actor_names, days, place_name, place_of, point

COUNTS = ("killed", "wounded", "captured", "missing")


def write_geojson(path: Path, rows: Iterable[EventRow]) -> int:
    """Write event rows as a FeatureCollection, whole or not at all; return how many."""
    count = 0
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for row in rows:
            file.write(",\n" if count else "\n")
            file.write(json.dumps(feature(row), ensure_ascii=False, allow_nan=False))
            count += 1
        file.write("\n]}\n")
    return count


def feature(row: EventRow) -> dict[str, Any]:
    """Return an event as a GeoJSON Feature.

    The geometry is null where no point is known; of a country or a division, `place_kind` tells that the point is only
    its middle. The properties are flat, as tables of map programs are; `date_end` is the last day.
    """
    event, meta = row.event, row.meta
    place, where, reach = place_of(event), point(event), days(event)
    counts = {
        f"{name}_{bound}": None if slot is None else getattr(slot, bound)
        for name in COUNTS
        for slot in [_count(row, name)]
        for bound in ("low", "best", "high")
    }
    return {
        "type": "Feature",
        "id": event.id,
        "geometry": None if where is None else {"type": "Point", "coordinates": [where[1], where[0]]},
        "properties": {
            "document": event.document,
            "main": row.main,
            "actors": list(actor_names(event)),
            "place": place_name(event),
            "place_kind": None if place is None else place.kind,
            "country": None if place is None else place.country,
            "adm1": None if place is None else place.adm1,
            "adm2": None if place is None else place.adm2,
            "date_start": None if reach is None else reach[0].isoformat(),
            "date_end": None if reach is None else reach[1].isoformat(),
            "date_source": None if event.date is None else event.date.date_source,
            **counts,
            "sentence": event.sentence.surface,
            "score": event.score,
            "needs_review": event.needs_review,
            "reasons": list(event.reasons),
            "title": meta.title,
            "source": meta.source,
            "url": meta.url,
            "published": None if meta.published is None else meta.published.isoformat(),
        },
    }


def _count(row: EventRow, name: str) -> CountSlot | None:
    slot: CountSlot | None = getattr(row.event, name)
    return slot
