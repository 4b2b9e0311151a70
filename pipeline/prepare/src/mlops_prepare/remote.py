"""Runs the program `prepare` on Glue and ECS: copies its input from S3, runs it, copies its output back to S3.

On Glue it runs on the job's driver. In a SageMaker Processing job SageMaker itself copies the files.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .main import shorten

PROGRAM = "mlops_prepare.main"


class RemoteError(Exception):
    """The job failed; the text is the program's message, or why there is none."""


def main() -> int:
    """Runs the job of the command line. 0: done; 1: failed, with the reason in S3 and on standard error."""
    try:
        run(sys.argv[1:])
    except RemoteError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


def run(arguments: Sequence[str]) -> None:
    """Runs the job: `--inputs` (ProcessingInputs of CreateProcessingJob as JSON), `--output` and `--failure` (`s3://`
    URIs) and `--max_runtime` (seconds). Ignores other arguments, which Glue adds.

    Raises RemoteError; then the object `--failure` says why, with the fields of a failed processing job.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--inputs", type=json.loads, required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--failure", required=True)
    parser.add_argument("--max_runtime", type=int, required=True)
    job, _ = parser.parse_known_args(arguments)

    import boto3  # noqa: PLC0415  (not installed on a laptop)

    s3 = boto3.client("s3")
    try:
        with TemporaryDirectory(prefix="prepare-") as base:
            for entry in job.inputs:
                source = entry["S3Input"]
                folder = Path(base) / Path(source["LocalPath"]).relative_to("/opt/ml")
                if source.get("S3DataType") == "ManifestFile":
                    _download_listed(s3, source["S3Uri"], folder)
                else:
                    _download(s3, source["S3Uri"], folder)
            reason = _start(Path(base), job.max_runtime)
            if reason is None:
                _upload(s3, Path(base) / "processing" / "output", job.output)
    except Exception as error:
        # Other errors, such as a refusal by S3 or a full disk, must reach the run too.
        reason = f"{type(error).__name__}: {error}"
    if reason is None:
        return
    failure = {"ExitMessage": shorten(reason), "FailureReason": shorten(f"AlgorithmError: {reason}")}
    bucket, key = _split(job.failure)
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(failure).encode(), ContentType="application/json")
    raise RemoteError(reason)


def _start(base: Path, most_seconds: int) -> str | None:
    """Runs the program under `base`; None, or why it failed."""
    # The package may be only on this process's path, as in Glue.
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base), "PYTHONPATH": path}
    try:
        done = subprocess.run([sys.executable, "-m", PROGRAM], env=environment, timeout=most_seconds, check=False)
    except subprocess.TimeoutExpired:
        return f"TimeLimitError: the prepare job ran for more than {most_seconds} seconds; raise prepare.max_runtime"
    if done.returncode == 0:
        return None
    if done.returncode == -signal.SIGKILL:
        return (
            "MemoryLimitError: the prepare job was killed, probably because it needs more memory; "
            "choose a larger prepare.instance.type"
        )
    try:
        message = (base / "output" / "message").read_text(encoding="utf-8")
    except FileNotFoundError:
        message = ""
    return message or f"AlgorithmError: prepare ended with exit code {done.returncode} and no message"


def local_name(key: str, prefix: str) -> str:
    """SageMaker's file name for an object under a prefix: the rest of the key, or its last part."""
    folder, _, start = prefix.rpartition("/")
    name = key[len(folder) + 1 :] if folder else key.removeprefix("/")
    return name[len(start) + 1 :] if start and name.startswith(f"{start}/") else name


def _download(s3: Any, uri: str, folder: Path) -> None:
    """Copies every object whose key starts with the URI's into the folder."""
    bucket, prefix = _split(uri)
    found = False
    for key in _keys(s3, bucket, prefix):
        _download_file(s3, bucket, key, folder, local_name(key, prefix))
        found = True
    if not found:
        raise RemoteError(f"no S3 objects found under {uri}")


def _download_listed(s3: Any, uri: str, folder: Path) -> None:
    """Copies the objects that a manifest names: `[{"prefix": "s3://b/p/"}, "a/1.parquet", ...]`."""
    bucket, key = _split(uri)
    expected = "expected a JSON list: an object with a prefix, then at least one key"
    try:
        entries = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        prefix, names = entries[0]["prefix"], entries[1:]
    except (ValueError, LookupError, TypeError) as error:
        raise RemoteError(f"manifest {uri}: {type(error).__name__}: {error}; {expected}") from None
    if not isinstance(prefix, str) or not names or not all(isinstance(name, str) for name in names):
        raise RemoteError(f"manifest {uri}: {expected}")
    for name in names:
        of, path = _split(prefix + name)
        _download_file(s3, of, path, folder, name)


def _download_file(s3: Any, bucket: str, key: str, folder: Path, name: str) -> None:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise RemoteError(f"s3://{bucket}/{key}: expected a key without ..")
    target.parent.mkdir(parents=True, exist_ok=True)
    s3.download_file(bucket, key, str(target))


def _keys(s3: Any, bucket: str, prefix: str) -> Iterable[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            # The console makes empty objects for folders.
            if not item["Key"].endswith("/"):
                yield item["Key"]


def _upload(s3: Any, folder: Path, uri: str) -> None:
    bucket, prefix = _split(uri)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        s3.upload_file(str(path), bucket, f"{prefix.rstrip('/')}/{path.relative_to(folder).as_posix()}")


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


if __name__ == "__main__":
    raise SystemExit(main())
