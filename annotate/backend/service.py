"""The endpoints that Label Studio calls (health, setup, predict, webhook, versions), and /training for its operator.

Label Studio signs its own calls with the secret; its webhook comes with a key that opens the counting of events alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from annotate.backend.model import LiveModel
from annotate.backend.secret import Secret
from annotate.backend.training import Trainings
from annotate.tasks import Json
from conflict_ner.errors import ConflictNerError, ServiceError

LOG = logging.getLogger("conflict_ner.backend")
START = "START_TRAINING"
Authorization = Annotated[str | None, Header()]
ACTION_LENGTH = 40  # of the longest action that is counted; an unknown one must not fill the log


class _Body(BaseModel):
    """What Label Studio sends; of it only what is named here is read, its token above all is not."""

    model_config = ConfigDict(extra="ignore")


class PredictBody(_Body):
    """The body of /predict."""

    tasks: list[Any]


class WebhookBody(_Body):
    """The body of /webhook."""

    action: str


class Service:
    """What the endpoints share: the model, the trainings, the secret, and the events counted so far."""

    def __init__(self, model: LiveModel, trainings: Trainings, secret: Secret, secret_variable: str) -> None:
        self.model = model
        self.trainings = trainings
        self.secret = secret
        self.secret_variable = secret_variable
        self.events: Counter[str] = Counter()

    def train(self) -> JSONResponse:
        """Start a training, or tell of the one that runs."""
        environment = {name: value for name, value in os.environ.items() if name != self.secret_variable}
        try:
            status, started = self.trainings.start(environment)
        except ConflictNerError as error:
            LOG.error("No training was started: %s", error)
            raise HTTPException(501, str(error)) from error
        if started:
            self.events.clear()
        LOG.info("%s", f"A training began, its log is {status.log}." if started else "A training runs already.")
        answer = {"status": "started" if started else "already running", "training": status.model_dump(mode="json")}
        # 200 for a second one too: for Label Studio any other answer is a broken backend.
        return JSONResponse(answer, status_code=201 if started else 200)

    def training(self) -> Json:
        """Return the training that runs, or the last one."""
        try:
            status = self.trainings.last()
        except ConflictNerError as error:
            raise HTTPException(500, str(error)) from error
        return {"state": "none"} if status is None else status.model_dump(mode="json")

    def versions(self) -> Json:
        """Return the versions that predict and predicted, and what is known of a newer one."""
        self.model.look()
        return {
            "versions": self.model.versions,
            "model_version": self.model.version,
            "checkpoint": str(self.model.folder),
            "refused": self.model.refused,
            "events": dict(self.events),
            "training": self.training(),
        }


def new_app(service: Service) -> FastAPI:
    """Return the application around a service."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.model.close()

    app = FastAPI(title="conflict-ner", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    def signed(authorization: Authorization = None) -> None:
        """Let through who has the secret."""
        if not service.secret.opens(authorization):
            raise HTTPException(
                401, "The secret is missing or wrong.", {"WWW-Authenticate": 'Basic realm="conflict-ner", Bearer'}
            )

    @app.get("/")
    async def up() -> Json:
        """Tell anybody that the backend is up, and nothing else."""
        return {"status": "UP"}

    # Coroutines, and so outside the pool of threads: they answer while predictions are under way.
    @app.get("/health", dependencies=[Depends(signed)])
    async def health() -> Json:
        return {"status": "UP", "model_version": service.model.version}

    @app.post("/setup", dependencies=[Depends(signed)])
    async def setup() -> Json:
        # Label Studio asks this before it decides whether a task needs a prediction of the present version.
        service.model.look()
        return {"model_version": service.model.version}

    @app.post("/predict", dependencies=[Depends(signed)])
    async def predict(body: PredictBody) -> Json:
        try:
            return {"results": await asyncio.wrap_future(service.model.predict(body.tasks))}
        except ServiceError as error:
            raise HTTPException(503, str(error)) from error

    @app.post("/webhook", status_code=201)
    def webhook(body: WebhookBody, authorization: Authorization = None) -> Any:
        if body.action == START:
            signed(authorization)
            return service.train()
        if not service.secret.nudges(authorization):
            signed(authorization)
        action = body.action[:ACTION_LENGTH]
        service.events[action] += 1
        LOG.info("%s, number %d since the last training.", action, service.events[action])
        return {"status": "counted"}

    @app.post("/train", dependencies=[Depends(signed)])
    def train() -> Any:
        """What a Label Studio calls whose webhooks are switched off; the annotations that it sends are not read."""
        return service.train()

    @app.get("/versions", dependencies=[Depends(signed)])
    def versions() -> Json:
        return service.versions()

    @app.get("/training", dependencies=[Depends(signed)])
    def training() -> Json:
        return service.training()

    return app
