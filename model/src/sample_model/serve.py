"""`serve`: SageMaker's serving program on gunicorn.

Gunicorn because it forks workers from one process that has loaded the model: all cores, one copy in memory, no
dependencies, and it is what SageMaker's own containers run.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sample_model.container import InputError, base_dir, settle

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

EVERYWHERE = "0.0.0.0"  # noqa: S104 a container is reached from outside
THIS_MACHINE = "127.0.0.1"  # a plain process answers nobody else
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 files without a name, made by gunicorn
CONTAINER = Path("/opt/ml")
MOST_WORKERS = 4
OBJECTS_PER_COLLECTION = 100_000
MAX_PAYLOAD_MB = 6  # SageMaker's default
SECONDS_PER_REQUEST = 60  # SageMaker's limit
SECONDS_TO_FINISH = 10  # of the 30 s between SIGTERM and SIGKILL


def main() -> None:
    """Serves the model under SAGEMAKER_BASE_DIR until SIGTERM; exits 1 with the reason where it cannot start.

    Environment: SAGEMAKER_BIND_TO_PORT (8080), SAGEMAKER_MAX_PAYLOAD_IN_MB (6, 0 is no limit), SERVE_HOST (0.0.0.0
    in a container, 127.0.0.1 where SAGEMAKER_BASE_DIR names another folder than /opt/ml), SAGEMAKER_BATCH (true in a
    batch transform, which gets a line for every record), SERVE_WORKERS (one per core, at most 4) and SERVE_THREADS (2,
    so that /ping answers while a request is scored; 1 in a batch transform).
    """
    settle()
    try:
        batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"
        workers = _number("SERVE_WORKERS", min(os.cpu_count() or 1, MOST_WORKERS), 1)
        options: dict[str, str | int] = {
            "bind": f"{os.environ.get('SERVE_HOST') or _host()}:{_number('SAGEMAKER_BIND_TO_PORT', 8080, 1)}",
            "workers": workers,
            "threads": _number("SERVE_THREADS", 1 if batch else 2, 1),
        }
        if batch:
            # A worker that has a request leaves the next one to another worker.
            options |= {"worker_connections": options["threads"], "keepalive": 0}
        app = _load_app(_number("SAGEMAKER_MAX_PAYLOAD_IN_MB", MAX_PAYLOAD_MB, 0), workers, batch=batch)
    except InputError as error:
        sys.exit(f"serve: {error}")
    _run(app, options)


def _load_app(max_payload_mb: int, workers: int, *, batch: bool) -> WSGIApplication:
    from sample_model.app import make_app
    from sample_model.artifact import load_artifact
    from sample_model.predictor import Predictor

    return make_app(Predictor(load_artifact(base_dir() / "model")), max_payload_mb, workers, batch=batch)


def _run(app: WSGIApplication, options: dict[str, str | int]) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            settings = {
                "worker_class": "gthread",
                "preload_app": True,
                "timeout": SECONDS_PER_REQUEST,
                "graceful_timeout": SECONDS_TO_FINISH,
                "control_socket_disable": True,
                "loglevel": "warning",
                # The workers' heartbeat blocks on a slow disk.
                "worker_tmp_dir": str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else None,
                **options,
            }
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> WSGIApplication:
            return app

    # A request makes millions of objects and no cycles; what is loaded stays.
    gc.freeze()
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    print(f"serving on {options['bind']}", file=sys.stderr, flush=True)
    Server().run()


def _host() -> str:
    """The address to listen on: every one in a container, whose folder is /opt/ml, and this machine's own elsewhere."""
    return EVERYWHERE if base_dir() == CONTAINER else THIS_MACHINE


def _number(name: str, default: int, least: int) -> int:
    text = os.environ.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise InputError(f'environment variable {name}: found "{text}", expected a whole number of at least {least}')
    return int(text)


if __name__ == "__main__":
    main()
