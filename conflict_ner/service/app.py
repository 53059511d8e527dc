"""The routes. This file alone imports FastAPI; `running` tells how to install it where it is missing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHTTPException

from conflict_ner import __version__
from conflict_ner.errors import ServiceError
from conflict_ner.events import Events
from conflict_ner.facts import Facts
from conflict_ner.reading import Reading
from conflict_ner.service import lines, metrics
from conflict_ner.service.batching import Answer, Batcher, QueueFull, Wanted
from conflict_ner.service.gate import BATCH_ROUTE, Gate
from conflict_ner.service.keys import Key
from conflict_ner.service.page import PageAnswer, page_answer
from conflict_ner.service.settings import ServiceSettings
from conflict_ner.service.wire import Article, NamedSpan, Problem, Status, Version, answer_json, problem_of

WEB = Path(__file__).parent / "web"
_ABOUT = """Armed groups, places, casualty counts and dates in conflict news.

Offsets are Python `str` indices (code points) into the text as it was sent, the end exclusive. Texts of any length that
the service takes are read whole. Requests that come at the same time are read together."""
_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "the body is not JSON in UTF-8"},
    401: {"model": Problem, "description": "the service asks for a key and none was sent"},
    403: {"model": Problem, "description": "the key is another"},
    408: {"model": Problem, "description": "the request did not come whole in time"},
    413: {"model": Problem, "description": "the request is too large"},
    422: {"model": Problem, "description": "a field is missing, unknown or wrong"},
    429: {
        "model": Problem,
        "description": "as many texts wait as may; come again after `Retry-After` seconds",
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}},
    },
    503: {"model": Problem, "description": "the service ends, or the answer took too long"},
}
_ROOM_SECONDS = 0.02


class Service:
    """What the routes share: the batcher and the limits."""

    def __init__(self, batcher: Batcher, settings: ServiceSettings, version: Version) -> None:
        self.batcher = batcher
        self.settings = settings
        self.version = version

    async def ask(self, article: Article, wanted: Wanted) -> Answer:
        """Read an article.

        Raises:
            QueueFull: no more may wait.
            ServiceError: the service ends, it took too long, or the text cannot be read.
        """
        try:
            async with asyncio.timeout(self.settings.patience_seconds):
                return await asyncio.wrap_future(self.batcher.ask(article.document(), wanted))
        except TimeoutError as error:
            raise ServiceError(
                f"The answer took more than {self.settings.patience_seconds:g} s; send less at once, or later."
            ) from error

    async def ask_in_time(self, article: Article, wanted: Wanted) -> Answer:
        """Read a line of a batch, which waits where single requests are refused."""
        while True:
            try:
                return await self.ask(article, wanted)
            except QueueFull:
                await asyncio.sleep(_ROOM_SECONDS)

    async def answer(self, article: Article, wanted: Wanted) -> Response:
        """Return the answer of a route."""
        return JSONResponse(answer_json(article, await self.ask(article, wanted), wanted))


def new_app(service: Service, key: Key | None) -> Gate:
    """Return the application of a service, behind its gate."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(service.batcher.close)

    app = FastAPI(
        title="conflict-ner",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    # The gate checks the key, before a body is read; this one tells of it in openapi.json.
    keyed = [Depends(HTTPBearer(auto_error=False, description="the key of the service, where it has one"))]
    _add_readings(app, service, keyed)
    _add_state(app, service, keyed)
    _add_page(app, service)
    _add_errors(app)
    return Gate(app, service.settings, key, service.batcher.metrics)


def _add_readings(app: FastAPI, service: Service, keyed: list[Any]) -> None:
    @app.post("/v1/spans", response_model=list[NamedSpan], responses=_RESPONSES, dependencies=keyed)
    async def spans(article: Article) -> Response:
        """Return the spans of an article, shaped as transformers' token-classification pipeline does."""
        return await service.answer(article, "spans")

    @app.post("/v1/facts", response_model=Facts, responses=_RESPONSES, dependencies=keyed)
    async def facts(article: Article) -> Response:
        """Return what the spans mean: counts, days, organisations, points on the map."""
        return await service.answer(article, "facts")

    @app.post("/v1/events", response_model=Events, responses=_RESPONSES, dependencies=keyed)
    async def events(article: Article) -> Response:
        """Return the events that an article tells of, and the tolls that are background."""
        return await service.answer(article, "events")

    body = {"application/jsonl": {"schema": {"type": "string", "description": "an article a line"}}}
    answers = {
        "description": 'a line each: {"line", "id", and the answer under the name of what was asked, or "error"}'
    }

    @app.post(
        BATCH_ROUTE,
        response_class=StreamingResponse,
        responses={**_RESPONSES, 200: {**answers, "content": {lines.CONTENT_TYPE: {"schema": {"type": "string"}}}}},
        openapi_extra={"requestBody": {"required": True, "content": body}},
        dependencies=keyed,
    )
    async def batch(request: Request, what: Annotated[Wanted, Query()] = "events") -> Response:
        """Read a JSON line for each article; a bad line is answered in its place with what is wrong with it."""
        ahead = max(1, min(2 * service.settings.batch_texts, service.settings.queue_texts // 2))
        found = lines.answer_lines(await request.body(), what, service.ask_in_time, ahead)
        return StreamingResponse(found, media_type=lines.CONTENT_TYPE)


def _add_state(app: FastAPI, service: Service, keyed: list[Any]) -> None:
    # Coroutines, and so outside the pool of threads: they answer whatever else is under way.
    @app.get("/health")
    async def health() -> Status:
        """Tell that the process answers."""
        return Status(status="up")

    @app.get("/ready", responses={503: {"model": Problem, "description": "not now"}})
    async def ready() -> Status:
        """Tell whether the model answers."""
        if not service.batcher.is_ready:
            raise HTTPException(503, "The model does not answer: the service ends, or has a defect; see its log.")
        return Status(status="ready")

    @app.get("/version")
    async def version() -> Version:
        """Tell which program and which model answer, and the labels that they know."""
        return service.version

    content = {"text/plain": {"schema": {"type": "string"}}}
    problems: dict[int | str, dict[str, Any]] = {status: _RESPONSES[status] for status in (401, 403)}

    @app.get(
        "/metrics",
        response_class=Response,
        responses={**problems, 200: {"description": "Prometheus' text format", "content": content}},
        dependencies=keyed,
    )
    async def numbers() -> Response:
        """Return what was counted, for Prometheus."""
        service.batcher.metrics.waiting.set(service.batcher.waiting)
        return Response(service.batcher.metrics.text(), media_type=metrics.CONTENT_TYPE)


def _add_page(app: FastAPI, service: Service) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})

    @app.post("/page/reading", include_in_schema=False)
    async def page_reading(article: Article) -> PageAnswer:
        answer = await service.ask(article, "events")
        assert answer.facts is not None and answer.events is not None
        return page_answer(Reading(document=answer.document, facts=answer.facts, events=answer.events))

    app.mount("/web", StaticFiles(directory=WEB))


def _add_errors(app: FastAPI) -> None:
    def told(status: int, problem: Problem, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse(problem.model_dump(), status, headers)

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> Response:
        return told(422, problem_of(error.errors()))

    @app.exception_handler(QueueFull)
    async def full(_: Request, error: QueueFull) -> Response:
        return told(429, Problem(detail=str(error)), {"Retry-After": str(math.ceil(error.seconds))})

    @app.exception_handler(ServiceError)
    async def failed(_: Request, error: ServiceError) -> Response:
        return told(503, Problem(detail=str(error)))

    @app.exception_handler(AnyHTTPException)
    async def other(request: Request, error: AnyHTTPException) -> Response:
        detail = str(error.detail)
        if error.status_code == 400:
            detail = "The body is not JSON in UTF-8."
        elif error.status_code == 404:
            detail = "There is no such route; /openapi.json lists those that there are."
        elif error.status_code == 405:
            detail = f"This route does not take {request.method}; /openapi.json tells what it takes."
        return told(error.status_code, Problem(detail=detail), dict(error.headers or {}))
