"""The WSGI application: GET /ping, GET /execution-parameters and POST /invocations, as SageMaker calls them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING

from sample_model.features import quote
from sample_model.predictor import Predictor
from sample_model.records import (
    CONTENT_TYPES,
    CSV,
    JSON_LINES,
    Fields,
    RecordError,
    parse_csv_line,
    parse_json_line,
    split_lines,
    write_csv,
    write_json_lines,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATHS = ("/ping", "/execution-parameters", "/invocations")
MEGABYTE = 1024 * 1024
CHUNK = 64 * 1024
MOST_UNDER_WAY_MB = 100  # of all requests of a batch transform at a time
MOST_TOLD = 20  # bad records that one answer names
MOST_DROPPED = 100 * MEGABYTE  # the largest payload that batch transform sends


class HttpError(Exception):
    """An answer that is not 200."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def make_app(predictor: Predictor, max_payload_mb: int, workers: int, *, batch: bool) -> WSGIApplication:
    """The application; a payload above the limit is answered with 413, 0 is no limit.

    A batch transform may send each of the workers a request at a time, and a record that cannot be scored gets a line
    `error: ...` there, because any status but 200 fails the whole file. Else it is the caller's mistake: the answer is
    400 and names every such record.
    """
    limit = max_payload_mb * MEGABYTE
    transforms = max(1, min(workers, MOST_UNDER_WAY_MB // (max_payload_mb or MOST_UNDER_WAY_MB)))
    parameters = json.dumps({"MaxConcurrentTransforms": transforms, "BatchStrategy": "MULTI_RECORD"})

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            content_type, body = _answer(environ, predictor, limit, parameters, batch=batch)
            status = HTTPStatus.OK
        except HttpError as error:
            content_type, body, status = "text/plain; charset=utf-8", f"{error}\n", error.status
        content = body.encode()
        headers = [("Content-Type", content_type), ("Content-Length", str(len(content)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [content]

    return app


def _answer(
    environ: WSGIEnvironment, predictor: Predictor, limit: int, parameters: str, *, batch: bool
) -> tuple[str, str]:
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if path not in PATHS:
        raise HttpError(HTTPStatus.NOT_FOUND, f"found {path}, expected {', '.join(PATHS[:-1])} or {PATHS[-1]}")
    allowed = ("POST",) if path == "/invocations" else ("GET", "HEAD")
    if method not in allowed:
        raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED, f"found {method} {path}, expected {allowed[0]}")
    if path == "/ping":
        return "text/plain; charset=utf-8", ""
    if path == "/execution-parameters":
        return "application/json", parameters
    text = _read_body(environ, limit)
    content_type = _content_type(environ.get("CONTENT_TYPE", ""))
    accept = _accepted(environ.get("HTTP_ACCEPT", ""), content_type)
    if not text.strip():
        raise HttpError(HTTPStatus.BAD_REQUEST, "found an empty body, expected one record a line")
    if batch and content_type == accept == CSV:
        # A few records are answered sooner one by one.
        answered = predictor.predict_plain(text)
        if answered is not None:
            return accept, answered
    answers = predictor.predict([_parse(line, content_type, predictor.names) for line in split_lines(text)])
    if not batch:
        _refuse([f"record {number}: {row[0]}" for number, row in enumerate(answers, 1) if isinstance(row[0], str)])
    return accept, write_csv(answers) if accept == CSV else write_json_lines(answers)


def _refuse(errors: list[str]) -> None:
    if errors:
        more = [f"and {len(errors) - MOST_TOLD} more"] if len(errors) > MOST_TOLD else []
        raise HttpError(HTTPStatus.BAD_REQUEST, "\n".join(errors[:MOST_TOLD] + more))


def _read_body(environ: WSGIEnvironment, limit: int) -> str:
    """The body as text; bytes that are no UTF-8 stay marked, so that only their record fails.

    A body above the limit is read on and dropped: a client that still writes would miss the answer otherwise.
    """
    stream = environ["wsgi.input"]
    body = bytearray()
    size = 0
    while size < MOST_DROPPED and (chunk := stream.read(CHUNK)):
        size += len(chunk)
        if not limit or size <= limit:
            body += chunk
    if limit and size > limit:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"found more than {limit // MEGABYTE} MB in one request")
    return body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def _content_type(header: str) -> str:
    message = Message()
    message["Content-Type"] = header
    content_type, charset = message.get_content_type(), message.get_content_charset("utf-8")
    # Without a valid header the parser says text/plain, which is none of ours.
    if content_type not in CONTENT_TYPES or charset not in ("utf-8", "utf8", "us-ascii"):
        expected = f"{' or '.join(CONTENT_TYPES)} in UTF-8"
        raise HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"found content type {quote(header)}, expected {expected}")
    return content_type


def _accepted(header: str, content_type: str) -> str:
    """The first type of an Accept header that can be answered; the request's own where any will do."""
    ranges = {
        **{known: known for known in CONTENT_TYPES},
        "*/*": content_type,
        "text/*": CSV,
        "application/*": JSON_LINES,
    }
    for part in (header or "*/*").split(","):
        answered = ranges.get(part.partition(";")[0].strip().lower())
        if answered:
            return answered
    raise HttpError(HTTPStatus.NOT_ACCEPTABLE, f"found Accept {quote(header)}, expected {' or '.join(CONTENT_TYPES)}")


def _parse(line: str, content_type: str, names: list[str]) -> Fields | RecordError:
    try:
        line.encode()
        return parse_csv_line(line) if content_type == CSV else parse_json_line(line, names)
    except UnicodeEncodeError:
        return RecordError("found bytes that are no UTF-8")
    except RecordError as error:
        return error
