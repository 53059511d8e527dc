"""Batches: JSON lines in, JSON lines out, in order; a bad line is answered in its place with what is wrong."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from pydantic import ValidationError

from conflict_ner.errors import ServiceError
from conflict_ner.service.batching import Answer, Wanted
from conflict_ner.service.wire import Article, FieldProblem, Problem, answer_json, problem_of
from conflict_ner.text import storable

Ask = Callable[[Article, Wanted], Awaitable[Answer]]
CONTENT_TYPE = "application/jsonl"


async def answer_lines(body: bytes, wanted: Wanted, ask: Ask, ahead: int) -> AsyncIterator[bytes]:
    """Yield the answer to each line of a body, in order.

    Args:
        body: JSON lines, each an article; blank ones are skipped.
        wanted: what is read from them.
        ask: reads one, and waits where there is no room.
        ahead: lines that are read at the same time.
    """
    waiting: deque[asyncio.Task[bytes]] = deque()
    try:
        for number, line in _lines(body):
            waiting.append(asyncio.ensure_future(_answer(number, line, wanted, ask)))
            if len(waiting) >= ahead:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        # The client has gone: nobody waits for the rest.
        for task in waiting:
            task.cancel()


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each line that is not blank with its number from 1, without a copy of the whole body."""
    start, number = 0, 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        line = body[start:end].strip()
        start, number = end + 1, number + 1
        if line:
            yield number, line


async def _answer(number: int, line: bytes, wanted: Wanted, ask: Ask) -> bytes:
    record: dict[str, Any] = {"line": number, "id": None}
    try:
        data = json.loads(line.decode("utf-8-sig"))
        if isinstance(data, dict):
            data = {"id": f"line-{number}", **data}
            record["id"] = storable(data["id"])[:200] if isinstance(data["id"], str) else None
        article = Article.model_validate(data)
        record[wanted] = answer_json(article, await ask(article, wanted), wanted)
    except ValidationError as error:
        record["error"] = problem_of(error.errors(include_url=False)).model_dump()
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        told = f"not JSON ({error.msg})" if isinstance(error, json.JSONDecodeError) else "not JSON in UTF-8"
        reason = f"it is {told}; one object stands on one line"
        record["error"] = Problem(
            detail=f"The line has a problem: {reason}.", problems=[FieldProblem(field="", reason=reason)]
        ).model_dump()
    except ServiceError as error:
        record["error"] = Problem(detail=str(error)).model_dump()
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
