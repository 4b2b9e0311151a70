"""Parquet files whose row groups a thread writes."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_prepare import part_files
from mlops_prepare.arrow_arrays import number_array
from mlops_prepare.part_files import PartFiles

SCHEMA = pa.schema([("row", pa.int64())])


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_files, "GROUP_ROWS", 10)
    monkeypatch.setattr(part_files, "PART_ROWS", 40)


def rows(start: int, end: int) -> pa.Table:
    return pa.Table.from_arrays([number_array(np.arange(start, end))], schema=SCHEMA)


def write(folder: Path, count: int) -> None:
    """Writes rows in pieces that are no row groups."""
    with PartFiles(folder, SCHEMA) as files:
        for start in range(0, count, 7):
            files.write(rows(start, min(count, start + 7)))
        files.close()
        files.finish()


def fail_at(monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    """Lets the disk be full at a row group, counted from 1."""
    write, written = pq.ParquetWriter.write_table, []

    def write_table(self: Any, table: pa.Table, **options: Any) -> None:
        written.append(table)
        if len(written) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, table, **options)

    monkeypatch.setattr(pq.ParquetWriter, "write_table", write_table)


def test_rows_keep_their_order(tmp_path: Path) -> None:
    write(tmp_path, 105)
    parts = sorted(tmp_path.iterdir())
    assert [part.name for part in parts] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert [row for part in parts for row in pq.ParquetFile(part).read().column("row").to_pylist()] == list(range(105))


@pytest.mark.parametrize("failing", [1, 3, 6])
def test_an_error_of_the_thread_reaches_the_caller_and_leaves_no_file(
    tmp_path: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, failing)
    before = threading.active_count()
    with pytest.raises(OSError, match="No space left on device"):
        write(tmp_path, 55)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before
