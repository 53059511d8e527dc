"""A reading: a document, what its spans mean, and the events that they tell of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Document
from conflict_ner.events import Events
from conflict_ner.facts import Facts


class Reading(BaseModel):
    """All that is read from one document; one line of `readings.jsonl`.

    Attributes:
        document: text and spans.
        facts: what each span means.
        events: what happened.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: Document
    facts: Facts
    events: Events

    def to_record(self) -> dict[str, Any]:
        """Return the reading as a JSON object: the document's own record, with `facts` and `events` beside it."""
        record = self.document.to_record()
        record["facts"] = self.facts.model_dump(mode="json")
        record["events"] = self.events.model_dump(mode="json")
        return record
