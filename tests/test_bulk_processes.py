"""Bulk extraction by several processes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.backends import wait_for
from tests.bulk_runs import ROWS, contents, start, wait_for_parts, write_jsonl


def test_a_run_with_two_processes_gives_the_same_files(
    bulk_model: Path, tmp_path: Path, bulk_whole: dict[str, bytes]
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    line = (source, tmp_path / "out", "-m", bulk_model, "-f", "readings", "-f", "acled", "--batch", "4")
    process = start(*line, "--workers", "2")
    out, trouble = process.communicate(timeout=300)
    assert process.returncode == 0, out + trouble
    assert contents(tmp_path / "out") == bulk_whole


@pytest.mark.faults
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="the processes are looked up in /proc")
def test_workers_end_with_a_run_that_is_killed_and_the_next_one_goes_on(
    bulk_model: Path, tmp_path: Path, bulk_whole: dict[str, bytes]
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    line = (source, tmp_path / "out", "-m", bulk_model, "-f", "readings", "-f", "acled", "--batch", "4")
    process = start(*line, "--workers", "2", "--save-every", "0")
    wait_for_parts(process, tmp_path / "out", 1)
    task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers = [Path(f"/proc/{pid}") for pid in task.read_text(encoding="utf-8").split()]
    process.kill()
    process.communicate(timeout=60)
    assert len(workers) >= 2
    wait_for(lambda: not any(worker.exists() for worker in workers), "the workers end")
    again = start(*line)
    out, trouble = again.communicate(timeout=300)
    assert again.returncode == 0, out + trouble
    assert contents(tmp_path / "out") == bulk_whole


def test_what_a_worker_cannot_open_is_told_as_a_sentence(bulk_model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    broken = tmp_path / "broken"
    shutil.copytree(bulk_model, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    process = start(source, tmp_path / "out", "-m", broken, "--workers", "2")
    _, trouble = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "cannot be opened" in " ".join(trouble.split())
    assert "Traceback" not in trouble
