"""Send files to a repository of a model hub in one commit, or tell in a sentence why that cannot be.

Everything that can be known is asked first: that this machine may use the network, that there is a token, what the
repository holds. So a push that fails leaves at most a new and empty repository behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conflict_ner.checkpoint import INFO_FILE
from conflict_ner.errors import ConfigError, ServiceError

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

_EMPTY = {".gitattributes", "README.md"}  # what a repository that holds no model may hold
_REMEDIES = {
    401: "the hub does not know the token; log in anew with `hf auth login`, or set HF_TOKEN",
    402: "the account's plan does not allow it",
    403: "the token may not write there; make one with write access to it, or name a repository of your own",
    404: "there is no such user or organisation, or the token may not see it",
    409: "somebody else changed the repository at the same time; try again",
    413: "a file is larger than the hub takes",
    429: "the hub had too many requests; wait some minutes and try again",
}


@dataclass(frozen=True)
class Destination:
    """Where on the hub a model goes.

    Attributes:
        repository: `ORG/NAME`.
        private: whether only its owners may see it; a new repository is made so, an open one is refused.
        revision: branch; made from `main` if it is not there.

    Raises:
        ConfigError: the repository's name has another form.
    """

    repository: str
    private: bool = False
    revision: str | None = None

    def __post_init__(self) -> None:
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

        try:
            validate_repo_id(self.repository)
        except HFValidationError as error:
            raise ConfigError(f"--push-to-hub {self.repository!r} is no name of a repository: {error}") from error
        if "/" not in self.repository:
            raise ConfigError(
                f"--push-to-hub {self.repository!r} names no owner; write USER/{self.repository}, or an organisation's."
            )


def require_access(destination: Destination) -> None:
    """See that this machine may use the hub and has a token, before anything is written.

    Raises:
        ServiceError: it may not, or has none.
    """
    from huggingface_hub import constants, get_token

    if constants.HF_HUB_OFFLINE:
        raise ServiceError(
            f"{destination.repository} was not sent: HF_HUB_OFFLINE forbids the network. Unset it, or try --dry-run."
        )
    if not get_token():
        raise ServiceError(
            f"{destination.repository} was not sent: there is no token for {constants.ENDPOINT}. Log in with "
            "`hf auth login`, or set HF_TOKEN to a token that may write there."
        )


def push(
    destination: Destination, files: Mapping[str, Path | bytes], message: str, is_own: Callable[[str], bool]
) -> str:
    """Send files in one commit; files of an earlier model that this one lacks go in the same commit.

    Args:
        destination: where to.
        files: name in the repository -> file, or content.
        message: of the commit.
        is_own: whether a file of the repository is a part of a checkpoint; others are left alone.

    Returns:
        The commit's address.

    Raises:
        ServiceError: the hub cannot be reached or refuses, or the repository holds something else.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi(library_name="conflict-ner")
    with _told(destination, "Nothing was sent."):
        held = _held(api, destination)
        if held is None:
            api.create_repo(destination.repository, private=destination.private or None)
    made = "" if held is not None else " The repository was made and is empty; the same command fills it."
    with _told(destination, f"Nothing was committed.{made}"):
        if destination.revision:
            api.create_branch(destination.repository, branch=destination.revision, exist_ok=True)
        now = api.model_info(destination.repository, revision=destination.revision)
        stale = [name for name in _names(now) if is_own(name) and name not in files]
        additions = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=file) for name, file in files.items()]
        deletions = [CommitOperationDelete(path_in_repo=name) for name in stale]
        # One commit: `upload_folder` may make several.
        done = api.create_commit(
            destination.repository,
            [*additions, *deletions],
            commit_message=message,
            revision=destination.revision,
            parent_commit=now.sha,
        )
    return str(done.commit_url)


def _held(api: HfApi, destination: Destination) -> ModelInfo | None:
    """Return what the hub knows of the repository, None where there is none; raises ServiceError for another kind."""
    from huggingface_hub.errors import RepositoryNotFoundError

    name = destination.repository
    try:
        held = api.model_info(name)
    except RepositoryNotFoundError:
        for kind in ("dataset", "space"):
            if api.repo_exists(name, repo_type=kind):
                raise ServiceError(
                    f"{name} is a {kind} on the hub, and a model of its name confuses; choose another."
                ) from None
        return None
    names = set(_names(held))
    if names - _EMPTY and INFO_FILE not in names:
        raise ServiceError(
            f"{name} holds another kind of model, it has no {INFO_FILE}; choose another repository, so that nothing is "
            "overwritten."
        )
    if destination.private and not held.private:
        raise ServiceError(
            f"{name} is there and is public, and --private was asked for. Make it private in its settings, choose "
            "another repository, or leave --private out."
        )
    return held


def _names(info: ModelInfo) -> list[str]:
    return [sibling.rfilename for sibling in info.siblings or ()]


@contextmanager
def _told(destination: Destination, standing: str) -> Iterator[None]:
    """Turn what the hub's client raises into a sentence; `standing` says what was done so far."""
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except ServiceError:
        raise
    except Exception as error:
        # Errors of the client, of httpx, of Xet and of the system alike: the first cause is told, not lost.
        cause: BaseException = error
        while cause.__cause__ is not None and not isinstance(cause, HfHubHTTPError):
            cause = cause.__cause__
        if isinstance(cause, HfHubHTTPError):
            status = cause.response.status_code
            said = _first_line(cause.server_message or str(cause))
            remedy = _REMEDIES.get(status, "try again later")
            message = f"{constants.ENDPOINT} refused {destination.repository} ({status}: {said}): {remedy}."
        else:
            said = f"{type(cause).__name__}: {_first_line(str(cause))}"
            message = (
                f"{destination.repository} could not be sent to {constants.ENDPOINT} ({said}). "
                "Check the network, a proxy and HF_ENDPOINT."
            )
        raise ServiceError(f"{message} {standing}") from error


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "").rstrip(".")
