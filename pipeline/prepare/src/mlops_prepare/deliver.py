"""Checks the model's answers against the rows that it was given, and writes them as predictions that people read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import json as arrow_json

from .ahead import read_ahead
from .answers import Answers, count_lines, read_answers
from .arrow_arrays import numpy_of, text_scalar
from .delivery_summary import DeliverySummary
from .errors import ConfigError, DeliveryError
from .input_columns import input_columns
from .package_manifest import PackageManifest, read_manifest
from .part_files import PartFiles
from .predictions import SCHEMA, Batch, Predictions, Where
from .problems import quote
from .release import DeliverSettings
from .text_file import line_blocks, raw_blocks


def deliver(inputs: Path, outputs: Path, settings: DeliverSettings) -> list[str]:
    """Writes `predictions/`, `inputs/` and `summary/`; returns sentences to print.

    Raises DeliveryError, ConfigError or OSError; then no file of predictions or inputs has its name. Memory does not
    grow with the rows, but for the comparison with the release before (delivery_summary.py).
    """
    for name in ("predictions", "inputs", "summary"):
        rmtree(outputs / name, ignore_errors=True)
    manifest = read_manifest(inputs / "manifest" / "manifest.json")
    rows = LaidRows(inputs / "rows", manifest)
    predictions = Predictions(settings, manifest)
    previous = sorted((inputs / "previous").rglob("*.parquet"))
    summary = DeliverySummary(settings, manifest, previous)
    columns = InputColumns(manifest, settings.sensitive)
    pairs = Pairs(rows, _answers_file(inputs / "scores", rows), predictions, manifest, settings)
    with (
        PartFiles(outputs / "predictions", SCHEMA) as written,
        PartFiles(outputs / "inputs", columns.schema) as kept,
    ):
        for table, batch in pairs.read():
            written.write(batch.table)
            kept.write(columns.table(table))
            summary.add(batch, {name: _cells(table.column(f"slice {at}")) for at, name in enumerate(manifest.slices)})
        written.close()
        kept.close()
        documents = summary.documents(written.partial)
        (outputs / "summary").mkdir(parents=True)
        for name, document in zip(("summary", "private"), documents, strict=True):
            text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            (outputs / "summary" / f"{name}.json").write_text(text, encoding="utf-8")
        kept.finish()
        written.finish()
    return [f"{rows.count:,} predictions of {settings.package}", *summary.notes]


def _answers_file(folder: Path, rows: LaidRows) -> Path:
    """The file that the batch transform job writes for the file of rows."""
    path = folder / f"{rows.path.name}.out"
    if not path.is_file():
        found = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
        raise DeliveryError(
            f"scores: got {', '.join(map(quote, found[:5])) or 'no file'}, expected {quote(path.name)}, which holds "
            "the model's answers"
        )
    return path


class LaidRows:
    """The rows that the model was given, in the layout that lay_out.py writes."""

    def __init__(self, folder: Path, manifest: PackageManifest) -> None:
        facts = folder / "rows.json"
        try:
            document = json.loads(facts.read_text(encoding="utf-8"))
            self.path = folder / Path(document["path"]).name
            self.count = int(document["rows"])
            self._sha256 = document["sha256"]
        except FileNotFoundError:
            raise ConfigError(f"{facts} is missing; the job that lays rows out writes it") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{facts}: expected path, rows and sha256; {type(error).__name__}: {error}") from None
        if not self.path.is_file():
            raise ConfigError(f"{self.path} is missing; rows.json names it")
        self._manifest = manifest

    def tables(self) -> Iterator[pa.Table]:
        """The rows in batches: the columns `row_id`, `slice N` and `feature N`, typed by the manifest."""
        found, digest = 0, sha256()
        is_csv = self._manifest.content_type == "text/csv"
        with self.path.open("rb") as stream:
            for block in line_blocks(raw_blocks(stream)):
                digest.update(block)
                table = self._csv(block) if is_csv else self._json(block)
                found += table.num_rows
                yield table
        if digest.hexdigest() != self._sha256:
            raise DeliveryError(
                f"{self.path.name}: got {found:,} rows with another sha256 than rows.json says, expected the "
                f"{self.count:,} rows that were laid out"
            )

    def _types(self) -> tuple[list[Any], list[Any]]:
        """The Arrow types of slices and features."""
        return (
            [pa.string()] * len(self._manifest.slices),
            [pa.float64() if column.type == "number" else pa.string() for column in self._manifest.features],
        )

    def _names(self) -> list[str]:
        slices, features = self._types()
        return [
            "row_id",
            *(f"slice {at}" for at in range(len(slices))),
            *(f"feature {at}" for at in range(len(features))),
        ]

    def _csv(self, block: bytes) -> pa.Table:
        slices, features = self._types()
        names = self._names()
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(block),
                arrow_csv.ReadOptions(column_names=names, block_size=len(block) + 1),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict(zip(names, [pa.string(), *slices, *features], strict=True)),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            raise DeliveryError(f"{self.path.name}: it is not the file that was laid out: {error}") from None

    def _json(self, block: bytes) -> pa.Table:
        manifest = self._manifest
        types = {"number": pa.float64(), "boolean": pa.bool_(), "category": pa.string()}
        schema = pa.schema(
            [
                ("row_id", pa.string()),
                ("slices", pa.struct([(name, pa.string()) for name in manifest.slices])),
                ("features", pa.struct([(column.name, types[column.type]) for column in manifest.features])),
            ]
        )
        try:
            table = arrow_json.read_json(
                BytesIO(block),
                arrow_json.ReadOptions(block_size=len(block) + 1),
                arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
            ).combine_chunks()
        except pa.ArrowInvalid as error:
            raise DeliveryError(f"{self.path.name}: it is not the file that was laid out: {error}") from None
        features = [pc.struct_field(table.column("features"), at) for at in range(len(manifest.features))]
        texts = [pc.cast(column, pa.string()) if pa.types.is_boolean(column.type) else column for column in features]
        slices = [_nulls_for_empty(pc.struct_field(table.column("slices"), at)) for at in range(len(manifest.slices))]
        return pa.table([table.column("row_id"), *slices, *texts], names=self._names())


class Pairs:
    """The rows and the model's answers side by side."""

    def __init__(
        self,
        rows: LaidRows,
        answers: Path,
        predictions: Predictions,
        manifest: PackageManifest,
        settings: DeliverSettings,
    ) -> None:
        self._rows = rows
        self._answers = answers
        self._predictions = predictions
        self._manifest = manifest
        self._hides_ids = manifest.row_id is not None and manifest.row_id in settings.sensitive

    def read(self) -> Iterator[tuple[pa.Table, Batch]]:
        """Batches of rows with their predictions; DeliveryError unless every row has one answer, in the rows' order."""
        tables = read_ahead(self._rows.tables())
        answers = read_ahead(
            read_answers(
                self._answers,
                is_csv=self._manifest.content_type == "text/csv",
                slices=len(self._manifest.slices),
                width=self._predictions.width,
                misfit=self._predictions.misfit,
            )
        )
        table: pa.Table | None = None
        answer: Answers | None = None
        while True:
            if table is None or not table.num_rows:
                table = next(tables, None)
            if answer is None or not len(answer[0]):
                answer = next(answers, None)
            if table is None or answer is None:
                break
            ids, columns, line = answer
            count = min(table.num_rows, len(ids))
            part = table.slice(0, count).combine_chunks()
            row_ids = part.column("row_id").combine_chunks()
            self._compare(row_ids, ids.slice(0, count), line)
            batch = self._predictions.read(
                row_ids, [column.slice(0, count) for column in columns], self._where(row_ids, line)
            )
            yield part, batch
            table = table.slice(count)
            answer = ids.slice(count), [column.slice(count) for column in columns], line + count
        if table is not None or answer is not None or self._rows.count == 0:
            raise DeliveryError(f"{self._counts()}, expected one answer for each row")

    def _where(self, row_ids: pa.Array, line: int) -> Where:
        """Describes a row of a batch that begins on this line of the answers."""

        def where(row: int) -> str:
            named = "" if self._hides_ids else f" (row id {quote(row_ids[row].as_py())})"
            return f"line {line + row} of the model's answers{named}"

        return where

    def _compare(self, expected: pa.Array, found: pa.Array, line: int) -> None:
        if found.equals(expected):
            return
        row = int(numpy_of(pc.equal(found, expected)).argmin())
        ids = "got another row id than expected"
        if not self._hides_ids:
            ids = f"got the row id {quote(found[row].as_py())}, expected {quote(expected[row].as_py())}"
        raise DeliveryError(
            f"line {line + row} of the model's answers: {ids}; {self._counts()}, expected one answer for each row, in "
            "the rows' order"
        )

    def _counts(self) -> str:
        return f"the model gave {count_lines(self._answers):,} answers to {self._rows.count:,} rows"


def _nulls_for_empty(column: pa.ChunkedArray) -> pa.Array:
    texts = column.combine_chunks()
    return pc.if_else(pc.equal(texts, text_scalar("")), pa.nulls(len(texts), pa.string()), texts)


def _cells(column: pa.ChunkedArray) -> pa.Array:
    return pc.fill_null(column, text_scalar("")).combine_chunks()


class InputColumns:
    """The columns that predictions were made from, for monitoring: typed, and without those of data.sensitive."""

    def __init__(self, manifest: PackageManifest, sensitive: Sequence[str]) -> None:
        columns = input_columns(manifest.features, manifest.slices, sensitive)
        self._columns = ["row_id", *(f"{column.of} {column.at}" for column in columns)]
        fields = [("row_id", pa.string())]
        fields += [(column.name, pa.float64() if column.is_number else pa.string()) for column in columns]
        self.schema = pa.schema(fields)

    def table(self, rows: pa.Table) -> pa.Table:
        """The columns of a batch of rows."""
        return rows.select(self._columns).rename_columns(self.schema.names)
