"""Writes a table to Parquet files of a folder; none has its name before all are whole."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS = 100_000
PART_ROWS = 1_000_000


class PartFiles:
    """`part-00000.parquet` and so on in a folder, in row groups that Athena and DuckDB read in parallel.

    While they are written their names are hidden and end in `.partial`. `finish` gives them their names; leaving the
    `with` block in any other way removes them.

    A thread compresses and writes one row group while the caller collects the next. An error of it is raised by the
    call that follows.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._schema = schema
        self._parts: list[Path] = []
        self._writer: Any = None
        self._rows = 0
        self._pending: list[pa.Table] = []
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def __enter__(self) -> PartFiles:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        writer, self._writer = self._writer, None
        if writer is not None:
            # Closing writes the end of a file, which a full disk refuses again.
            with suppress(OSError):
                writer.close()
        for part in self._parts:
            part.unlink(missing_ok=True)

    @property
    def partial(self) -> list[Path]:
        """The files that have been written, after `close`."""
        return list(self._parts)

    def write(self, table: pa.Table) -> None:
        """Appends rows."""
        self._pending.append(table)
        self._waiting += table.num_rows
        while self._waiting >= GROUP_ROWS:
            self._flush(GROUP_ROWS)

    def write_empty(self) -> None:
        """Begins a file, so that there is one also where there are no rows."""
        self._begin()

    def close(self) -> None:
        """Ends the last file."""
        if self._waiting:
            self._flush(self._waiting)
        self._wait()
        self._end_part()

    def finish(self) -> None:
        """Gives the files their names."""
        for part in self._parts:
            part.rename(part.with_name(part.name.removeprefix(".").removesuffix(".partial")))
        self._parts = []

    def _flush(self, rows: int) -> None:
        table = pa.concat_tables(self._pending)
        group, rest = table.slice(0, rows), table.slice(rows)
        self._pending = [rest] if rest.num_rows else []
        self._waiting = rest.num_rows
        self._wait()
        self._writing = self._thread.submit(self._write_group, group)

    def _wait(self) -> None:
        """Waits for the row group that is being written."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _write_group(self, group: pa.Table) -> None:
        self._begin()
        self._writer.write_table(group, row_group_size=GROUP_ROWS)
        self._rows += group.num_rows
        if self._rows == PART_ROWS:
            self._end_part()

    def _begin(self) -> None:
        if self._writer is not None:
            return
        part = self._folder / f".part-{len(self._parts):05}.parquet.partial"
        self._parts.append(part)
        # Athena reads 64-bit microseconds, and both it and DuckDB read Zstandard, half the size of Snappy.
        self._writer = pq.ParquetWriter(part, self._schema, compression="zstd", compression_level=1)

    def _end_part(self) -> None:
        writer, self._writer, self._rows = self._writer, None, 0
        if writer is not None:
            writer.close()
