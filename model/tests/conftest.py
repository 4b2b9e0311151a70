from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported, as `train` and `serve` do

MODEL = Path(__file__).resolve().parent.parent
NOT_FEATURES = {"Attrition", "EmployeeNumber", "EmployeeCount", "Over18", "StandardHours"}


def environment(base: Path, **extra: str) -> dict[str, str]:
    """What a process of the sample gets: the package is not installed, as in the pipeline."""
    return {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "PYTHONPATH": str(MODEL / "src"), **extra}


def write_channel(base: Path, rows: Sequence[Sequence[object]], name: str = "train.csv") -> None:
    channel = base / "input" / "data" / "train"
    channel.mkdir(parents=True, exist_ok=True)
    with (channel / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def run_train(base: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sample_model", "train"]
    return subprocess.run(command, env=environment(base), capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    text: str

    @property
    def lines(self) -> list[str]:
        assert self.text.endswith("\n")
        return self.text.split("\n")[:-1]

    @property
    def rows(self) -> list[list[str]]:
        return list(csv.reader(self.lines))


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[bytes]

    def request(self, path: str, body: str | bytes | Iterator[bytes] | None = None, **headers: str) -> Answer:
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data, named)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers["Content-Type"], answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers["Content-Type"], error.read().decode())

    def csv(self, body: str | bytes, **headers: str) -> Answer:
        return self.request("/invocations", body, **{"Content_Type": "text/csv", **headers})

    def json_lines(self, body: str | bytes, **headers: str) -> Answer:
        return self.request("/invocations", body, **{"Content_Type": "application/jsonlines", **headers})


@contextmanager
def serving(base: Path, **extra: str) -> Iterator[Server]:
    """`serve` as a process on a free port, once /ping answers 200."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = environment(base, **{"SAGEMAKER_BIND_TO_PORT": str(port), "SERVE_WORKERS": "1", **extra})
    process = subprocess.Popen([sys.executable, "-m", "sample_model", "serve"], env=env)
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if server.request("/ping").status == 200:
                    break
            except OSError:
                time.sleep(0.02)
        assert process.poll() is None, "serve ended before /ping answered"
        yield server
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def attrition() -> list[list[str]]:
    """The sample's rows as the pipeline writes them for `train`: a header, the target first as 0 or 1."""
    with (MODEL / "data" / "attrition.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in NOT_FEATURES]
    return [["Attrition", *names], *(["01"[row["Attrition"] == "Yes"], *(row[n] for n in names)] for row in rows)]


@pytest.fixture(scope="session")
def trained(attrition: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A base directory where `train` ran on the sample's rows, and what it printed."""
    base = tmp_path_factory.mktemp("attrition")
    write_channel(base, attrition)
    done = run_train(base)
    assert done.returncode == 0, done.stderr
    return base, done.stdout


@pytest.fixture(scope="session")
def server(trained: tuple[Path, str]) -> Iterator[Server]:
    """The trained sample, served with a payload limit of 1 MB."""
    with serving(trained[0], SAGEMAKER_MAX_PAYLOAD_IN_MB="1") as running:
        yield running


@pytest.fixture(scope="session")
def batch_server(trained: tuple[Path, str]) -> Iterator[Server]:
    """The trained sample, served as in a batch transform."""
    with serving(trained[0], SAGEMAKER_BATCH="true") as running:
        yield running
