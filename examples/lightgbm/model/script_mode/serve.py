"""`serve`: answers GET /ping and POST /invocations with the script's functions."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType

from script_mode.environment import count_cpus
from script_mode.handlers import Handlers, UnsupportedTypeError
from script_mode.place import FOLDER, base, in_script, serving_script


def load_script() -> ModuleType:
    """The user's script as a module, so that what is under `if __name__ == "__main__":` does not run."""
    os.environ.setdefault("SM_MODEL_DIR", str(base() / "model"))
    sys.path.insert(0, str(FOLDER))
    script = importlib.import_module(serving_script().stem)
    # Training ran the script as the main module, so pickle looks for the script's own classes there.
    for name, value in vars(script).items():
        if not hasattr(sys.modules["__main__"], name):
            setattr(sys.modules["__main__"], name, value)
    return script


SCRIPT = load_script()


class Server(ThreadingHTTPServer):
    """Takes as many connections at a time as clients open."""

    request_queue_size = 128
    daemon_threads = True


class Requests(BaseHTTPRequestHandler):
    """The two paths of SageMaker's contract."""

    protocol_version = "HTTP/1.1"
    handlers: Handlers

    def do_GET(self) -> None:
        """/ping: the model is loaded, or nothing would answer."""
        self.reply(200 if self.path == "/ping" else 404, b"", "text/plain")

    def do_POST(self) -> None:
        """/invocations."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/invocations":
            return self.reply(404, b"", "text/plain")
        default = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv")
        content_type = bare(self.headers.get("Content-Type")) or "text/csv"
        accept = bare(self.headers.get("Accept"))
        try:
            answer, kind = self.handlers.answer(body, content_type, default if accept in ("", "*/*") else accept)
        except UnsupportedTypeError as error:
            return self.reply(415, str(error).encode(), "text/plain")
        except Exception as error:
            traceback.print_exception(type(error), error, in_script(error.__traceback__))
            return self.reply(500, f"{type(error).__name__}: {error}".encode(), "text/plain")
        return self.reply(200, answer, kind)

    def reply(self, status: int, body: bytes, content_type: str) -> None:
        """Sends a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: their number is large and their content private."""


def bare(header: str | None) -> str:
    """A content type without its parameters."""
    return (header or "").split(";")[0].strip().lower()


def workers() -> int:
    """Processes that answer: SAGEMAKER_MODEL_SERVER_WORKERS, or one per concurrent request or per processor."""
    if os.environ.get("SAGEMAKER_BATCH", "").lower() == "true":
        default = os.environ.get("SAGEMAKER_MAX_CONCURRENT_TRANSFORMS") or "1"
    else:
        default = str(count_cpus())
    return max(1, int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or default))


def answer_requests(server: Server) -> None:
    """Loads the model in this process and answers until it is stopped."""
    Requests.handlers = Handlers(SCRIPT, base() / "model")
    server.serve_forever()


def main() -> None:
    """Listens on SAGEMAKER_BIND_TO_PORT, or 8080. Several processes share the socket; if one ends, all do."""
    server = Server(("0.0.0.0", int(os.environ.get("SAGEMAKER_BIND_TO_PORT") or 8080)), Requests)
    count = workers()
    if count == 1 or not hasattr(os, "fork"):
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        return answer_requests(server)
    children = [child for _ in range(count) if (child := start_worker(server))]

    def end_all(how: signal.Signals) -> None:
        for child in children:
            with suppress(ProcessLookupError):  # it has ended
                os.kill(child, how)

    def stop(*_: object) -> None:
        end_all(signal.SIGTERM)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    _, status = os.wait()
    end_all(signal.SIGKILL)
    sys.exit(os.waitstatus_to_exitcode(status) or 1)


def start_worker(server: Server) -> int:
    """Forks a process that answers requests; its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            answer_requests(server)
            status = 0
        except BaseException as error:
            traceback.print_exception(type(error), error, in_script(error.__traceback__))
        finally:
            sys.stderr.flush()
            os._exit(status)
    return child
