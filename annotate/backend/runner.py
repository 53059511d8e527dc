"""Run the commands of a training one after another; started by the backend, with the training's log as its output.

python -m annotate.backend.runner FOLDER LOCK     # FOLDER holds training.json, LOCK is an open descriptor
"""

from __future__ import annotations

import datetime
import os
import shlex
import subprocess
import sys
from pathlib import Path

from annotate.backend.training import read_job, write_job

NOT_FOUND = 127  # a shell's own number for a command that is not there


def main(folder: Path, lock: int) -> int:
    """Run the job of `folder`, keep its record up to date, and return the last exit code."""
    sys.stdin.read()  # ends when the backend has written the record
    job = read_job(folder)
    if job is None or job.pid != os.getpid():
        _say(f"{folder} holds no record of this training, so it does not begin.")
        return 1
    code = 0
    for number, command in enumerate(job.commands, start=1):
        job = job.model_copy(update={"command": number})
        write_job(folder, job)
        _say(f"$ {shlex.join(command)}")
        code = _run(list(command), job.folder, lock)
        if code:
            break
    _say(f"exit code {code}")
    write_job(folder, job.model_copy(update={"ended": datetime.datetime.now(datetime.UTC), "exit_code": code}))
    return code


def _run(command: list[str], folder: Path, lock: int) -> int:
    """Run one command, which holds the lock too: it may outlive this process, and is the training then."""
    try:
        return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, pass_fds=(lock,), check=False).returncode
    except OSError as error:
        _say(f"{command[0]} cannot be run: {error}")
        return NOT_FOUND


def _say(line: str) -> None:
    now = datetime.datetime.now(datetime.UTC)
    sys.stdout.write(f"[{now:%Y-%m-%d %H:%M:%S}] {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
