from __future__ import annotations

import http.client
import json
import math
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conftest import Server, environment, serving

EXTRA = 6


def features(rows: list[list[str]], count: int) -> list[str]:
    return [",".join(row[1:]) for row in rows[1 : count + 1]]


def with_cell(rows: list[list[str]], name: str, value: str) -> str:
    cells = [value if column == name else cell for column, cell in zip(rows[0], rows[1], strict=True)]
    return ",".join(cells[1:])


def test_ping(server: Server) -> None:
    answer = server.request("/ping")
    assert (answer.status, answer.text) == (200, "")


def test_a_plain_process_answers_this_machine_alone(trained: tuple[Path, str]) -> None:
    # Another address of this machine: one that listens everywhere answers there, too.
    for host, answers in (("", False), ("0.0.0.0", True)):
        with serving(trained[0], SERVE_HOST=host) as running:
            other = http.client.HTTPConnection("127.0.0.2", urlsplit(running.url).port or 0, timeout=10)
            try:
                other.request("GET", "/ping")
                assert other.getresponse().status == 200
                assert answers
            except ConnectionRefusedError:
                assert not answers


def test_answers_one_line_per_record_in_order(server: Server, attrition: list[list[str]]) -> None:
    records = features(attrition, 50)
    together = server.csv("\n".join(records) + "\n")
    assert together.status == 200
    assert together.content_type == "text/csv"
    assert len(together.lines) == 50
    # To the last digit, whatever else is in the batch.
    assert together.lines == [server.csv(record).lines[0] for record in records]
    for probability, *factors in together.rows:
        assert 0 < float(probability) < 1
        assert repr(float(probability)) == probability
        assert set(factors[::2]) <= set(attrition[0][1:])
        sizes = [abs(float(size)) for size in factors[1::2]]
        assert len(factors) == EXTRA
        assert sizes == sorted(sizes, reverse=True)


def test_overtime_raises_the_risk_and_is_named_for_it(server: Server, attrition: list[list[str]]) -> None:
    bodies = [with_cell(attrition, "OverTime", value) for value in ("No", "Yes")]
    no, yes = (float(row[0]) for row in server.csv("\n".join(bodies)).rows)
    assert yes > no
    factors = server.csv(bodies[1]).rows[0][1:]
    assert float(factors[factors.index("OverTime") + 1]) > 0


def test_tolerates_unseen_categories_and_missing_values(server: Server, attrition: list[list[str]]) -> None:
    blank = "," * (len(attrition[0]) - 2)
    body = "\n".join(
        [
            with_cell(attrition, "JobRole", "Astronaut"),
            with_cell(attrition, "JobRole", ""),
            with_cell(attrition, "JobLevel", "9"),
            with_cell(attrition, "MonthlyIncome", ""),
            with_cell(attrition, "MonthlyIncome", "NaN"),
            blank,
        ]
    )
    rows = server.csv(body).rows
    assert len(rows) == 6
    assert all(0 < float(row[0]) < 1 for row in rows)
    assert rows[3] == rows[4]


def test_a_batch_marks_a_bad_record_and_answers_the_others(batch_server: Server, attrition: list[list[str]]) -> None:
    good = features(attrition, 1)[0]
    width = len(attrition[0]) - 1
    bad = {
        with_cell(attrition, "Age", "forty, or so"): f"found {width + 1} fields, expected {width}",
        with_cell(attrition, "Age", '"forty, ""or"" so"'): 'field 1 (Age): found "forty, "or" so", expected a number',
        with_cell(attrition, "Age", "inf"): 'field 1 (Age): found "inf", expected a number',
        with_cell(attrition, "Age", "1e308"): None,
        with_cell(attrition, "JobRole", '"Sales'): "expected a line of CSV",
        "1,2": f"found 2 fields, expected {width}",
        "": f"found 1 fields, expected {width}",
    }
    answer = batch_server.csv("\r\n".join([good, *bad, good]) + "\r\n")
    assert answer.status == 200
    assert {len(row) for row in answer.rows} == {1 + EXTRA}
    first, *middle, last = answer.rows
    assert first == last
    for row, message in zip(middle, bad.values(), strict=True):
        if message is None:  # a number: large, but a number
            assert math.isfinite(float(row[0]))
            continue
        assert row[0].startswith("error: ")
        assert message in row[0]
        assert row[1:] == [""] * EXTRA


def test_a_batch_marks_bytes_that_are_no_utf8(batch_server: Server, attrition: list[list[str]]) -> None:
    good = features(attrition, 1)[0].encode()
    rows = batch_server.csv(b"\xef\xbb\xbf" + good + b"\n" + good.replace(b"Sales", b"S\xe9les") + b"\n" + good).rows
    assert rows[0] == rows[2]
    assert rows[1] == ["error: found bytes that are no UTF-8"] + [""] * EXTRA


def test_outside_a_batch_bad_records_are_refused_each_by_its_number(server: Server, attrition: list[list[str]]) -> None:
    good = features(attrition, 1)[0]
    answer = server.csv("\n".join([good, with_cell(attrition, "Age", "forty"), good, "1,2"]))
    assert (answer.status, answer.content_type) == (400, "text/plain; charset=utf-8")
    first, second = answer.lines
    assert first == 'record 2: error: field 1 (Age): found "forty", expected a number'
    assert second.startswith("record 4: error: found 2 fields, expected")
    many = server.csv("\n".join(["1,2"] * 25))
    assert many.lines[-1] == "and 5 more"
    assert len(many.lines) == 21


def test_json_lines_answer_the_same_in_brackets(batch_server: Server, attrition: list[list[str]]) -> None:
    values = dict(zip(attrition[0][1:], attrition[1][1:], strict=True))
    typed = {name: int(value) if value.isdecimal() else value for name, value in values.items()}
    lines = [
        json.dumps(typed),
        json.dumps({"more": 1, **dict(reversed(typed.items()))}),
        json.dumps({**typed, "Age": None, "OverTime": None}),
        json.dumps({name: value for name, value in typed.items() if name != "Age"}),
        json.dumps({**typed, "Age": "forty"}),
        json.dumps({**typed, "Age": True}),
        json.dumps({**typed, "Age": [40]}),
        json.dumps({**typed, "OverTime": "\ud800"}),
        "[1, 2]",
        "[" * 100_000,
        "{",
    ]
    answer = batch_server.json_lines("\n".join(lines))
    assert (answer.status, answer.content_type) == (200, "application/jsonlines")
    rows = [json.loads(line) for line in answer.lines]
    assert {len(row) for row in rows} == {1 + EXTRA}
    assert [str(value) for value in rows[0]] == batch_server.csv(features(attrition, 1)[0]).rows[0]
    assert rows[1] == rows[0]
    assert 0 < rows[2][0] < 1
    assert 'found no "Age"' in rows[3][0]
    assert 'found "forty", expected a number' in rows[4][0]
    assert 'found "true", expected a number' in rows[5][0]
    assert 'field "Age": found "[40]"' in rows[6][0]
    assert 0 < rows[7][0] < 1
    for row in rows[8:]:
        assert row[0].startswith("error: found ")
        assert row[0].endswith("expected a JSON object")
        assert row[1:] == [None] * EXTRA


def test_accept_decides_the_answer(server: Server, attrition: list[list[str]]) -> None:
    record = features(attrition, 1)[0]
    plain = server.csv(record).text
    for accept in ("*/*", "text/csv", "text/csv; charset=utf-8", "text/*", "image/png, text/csv;q=0.5"):
        assert server.csv(record, Accept=accept).text == plain
    assert json.loads(server.csv(record, Accept="application/jsonlines").text)[0] == float(plain.split(",")[0])
    refused = server.csv(record, Accept="application/json")
    assert refused.status == 406
    assert "expected text/csv or application/jsonlines" in refused.text


@pytest.mark.parametrize("content_type", ["text/csv; charset=utf-8", 'Text/CSV;charset="UTF-8"; header=absent'])
def test_content_type_may_have_parameters(server: Server, attrition: list[list[str]], content_type: str) -> None:
    record = features(attrition, 1)[0]
    assert server.csv(record, Content_Type=content_type).text == server.csv(record).text


@pytest.mark.parametrize("content_type", ["application/json", "text/csv; charset=latin-1", "", "text/csvx", ";"])
def test_refuses_an_unknown_content_type(server: Server, content_type: str) -> None:
    answer = server.csv("1", Content_Type=content_type)
    assert answer.status == 415
    assert "expected text/csv or application/jsonlines in UTF-8" in answer.text


def test_refuses_a_payload_above_the_limit(server: Server, attrition: list[list[str]]) -> None:
    record = features(attrition, 1)[0] + "\n"
    megabyte = 1024 * 1024
    largest = record * (megabyte // len(record))
    assert len(server.csv(largest).lines) == megabyte // len(record)
    for size in (megabyte + 1, 8 * megabyte):
        answer = server.csv("1" * size)
        assert answer.status == 413
        assert "found more than 1 MB" in answer.text


def test_takes_a_body_in_chunks(server: Server, attrition: list[list[str]]) -> None:
    records = features(attrition, 3)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    chunks = (f"{record}\n".encode() for record in records)
    connection.request("POST", "/invocations", chunks, {"Content-Type": "text/csv"}, encode_chunked=True)
    assert connection.getresponse().read().decode() == server.csv("\n".join(records)).text
    big = (b"1" * 65536 for _ in range(40))
    connection.request("POST", "/invocations", big, {"Content-Type": "text/csv"}, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("body", ["", "\n", " \r\n"])
def test_refuses_an_empty_body(server: Server, body: str) -> None:
    assert server.csv(body).status == 400


def test_refuses_other_paths_and_methods(server: Server) -> None:
    assert server.request("/").status == 404
    assert server.request("/invocations").status == 405
    assert server.request("/ping", "x").status == 405


def test_a_batch_may_send_each_worker_a_request(trained: tuple[Path, str]) -> None:
    for workers, payload, expected in (("3", "4", 3), ("3", "40", 2), ("3", "0", 1)):
        variables = {"SERVE_WORKERS": workers, "SAGEMAKER_MAX_PAYLOAD_IN_MB": payload, "SAGEMAKER_BATCH": "true"}
        with serving(trained[0], **variables) as server:
            answer = server.request("/execution-parameters")
            assert (answer.status, answer.content_type) == (200, "application/json")
            assert json.loads(answer.text) == {"MaxConcurrentTransforms": expected, "BatchStrategy": "MULTI_RECORD"}


def test_sigterm_ends_serving(trained: tuple[Path, str]) -> None:
    with serving(trained[0]) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "found no model.json, expected what train wrote"),
        ({"SAGEMAKER_MAX_PAYLOAD_IN_MB": "six"}, 'SAGEMAKER_MAX_PAYLOAD_IN_MB: found "six", expected a whole number'),
        ({"SERVE_WORKERS": "0"}, 'SERVE_WORKERS: found "0", expected a whole number of at least 1'),
    ],
)
def test_says_why_it_cannot_start(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    command = [sys.executable, "-m", "sample_model", "serve"]
    done = subprocess.run(command, env=environment(tmp_path, **variables), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_entry_point_names_its_programs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sample_model", "predict"], env=environment(Path()), capture_output=True
    )
    assert done.returncode == 2
    assert b"found predict, expected train or serve" in done.stderr
