"""Writes the conformance set: files of every kind of data, and expected.json with what every reader must read in them.

    python -m venv venv && venv/bin/pip install pandas pyarrow polars duckdb pyspark && venv/bin/python make.py

Spark needs Java 17. The texts here are written by hand: no reader of ours makes them.

expected.json has for each source (a file, or a folder of files): its format, the columns in which pandas keeps its index, the
columns that have no text (`unusable`, with the type), and for each other column its type and the text of each cell, null
where it is missing. Every source has the columns id (r1 to r4) and y (a number), so that a model can be trained on it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
ROWS = 4
IDS = [f"r{row + 1}" for row in range(ROWS)]
TARGETS = [1.5, -2.25, 3.0, 1e16]
TARGET_TEXTS = ["1.5", "-2.25", "3.0", "1e+16"]

Expected = dict[str, tuple[str, list[str | None]]]

# Values that several writers take, with their text; the last row is missing.
BIG = [Decimal("9007199254740993.10"), Decimal("-0.05"), Decimal("1.00"), None]
BIG_TEXTS = ["9007199254740993.10", "-0.05", "1.00", None]
TINY = [Decimal("0.0000000001"), Decimal(0), Decimal("-12345678901234567890.5"), None]
TINY_TEXTS = ["0.0000000001", "0.0000000000", "-12345678901234567890.5000000000", None]
MOMENTS = [
    dt.datetime(2023, 11, 14, 22, 13, 20, 1),
    dt.datetime(2023, 11, 14, 22, 13, 20, 2),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
    None,
]
MOMENT_TEXTS = ["2023-11-14 22:13:20.000001", "2023-11-14 22:13:20.000002", "1969-12-31 23:59:59.999999", None]
ZONED_TEXTS = [text and f"{text}Z" for text in MOMENT_TEXTS]
# Far beyond what 64 bits of nanoseconds hold: no end, and no beginning.
FAR = [dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(1600, 2, 29), dt.datetime(2024, 1, 2), None]
FAR_TEXTS = ["9999-12-31 23:59:59.999999", "1600-02-29 00:00:00.000000", "2024-01-02 00:00:00.000000", None]
NANOSECONDS = [1_700_000_000_000_000_001, 1_700_000_000_000_000_002, -1, None]
NANO_TEXTS = [
    "2023-11-14 22:13:20.000000001",
    "2023-11-14 22:13:20.000000002",
    "1969-12-31 23:59:59.999999999",
    None,
]
DAYS = [dt.date(2024, 1, 2), dt.date(1969, 12, 31), dt.date(9999, 12, 31), None]
DAY_TEXTS = ["2024-01-02", "1969-12-31", "9999-12-31", None]
TIMES = [dt.time(0, 0, 0, 1), dt.time(23, 59, 59, 999999), dt.time(12, 30), None]
TIME_TEXTS = ["00:00:00.000001", "23:59:59.999999", "12:30:00.000000", None]
WORDS = ["Zürich", "07030", 'a, "b"', None]
FLAGS = [True, False, True, None]
FLAG_TEXTS = ["true", "false", "true", None]
UUIDS = [uuid.UUID(int=1), uuid.UUID("12345678-90ab-cdef-1234-567890abcdef"), uuid.UUID(int=2**128 - 1), None]
UUID_TEXTS = [
    "00000000-0000-0000-0000-000000000001",
    "12345678-90ab-cdef-1234-567890abcdef",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    None,
]
UNSIGNED = [2**64 - 1, 2**53 + 1, 0, None]
UNSIGNED_TEXTS = ["18446744073709551615", "9007199254740993", "0", None]
FLOATS = [0.1, -0.0, 16777216.0, None]
FLOAT_TEXTS = ["0.1", "-0.0", "16777216.0", None]

SOURCES: list[dict[str, Any]] = []


def describe(
    path: str,
    columns: Expected,
    *,
    format: str = "parquet",
    index: list[str] | None = None,
    unusable: dict[str, str] | None = None,
) -> None:
    """Adds a source to expected.json; the columns are those beside id and y."""
    every: Expected = {"id": ("category", list(IDS)), "y": ("number", list(TARGET_TEXTS)), **columns}
    SOURCES.append(
        {
            "path": path,
            "format": format,
            "index": index or [],
            "unusable": unusable or {},
            "columns": [{"name": name, "type": type_, "texts": texts} for name, (type_, texts) in every.items()],
        }
    )


def write_arrow() -> None:
    """pyarrow itself: every type of Parquet that it has."""
    columns: dict[str, tuple[pa.Array, str, list[str | None]]] = {
        "int8": (pa.array([-128, 127, 0, None], pa.int8()), "number", ["-128", "127", "0", None]),
        "uint8": (pa.array([255, 0, 1, None], pa.uint8()), "number", ["255", "0", "1", None]),
        "uint32": (pa.array([2**32 - 1, 2**31, 1, None], pa.uint32()), "number", ["4294967295", "2147483648", "1", None]),
        "int64": (
            pa.array([2**63 - 1, -(2**63), 2**53 + 1, None]),
            "number",
            ["9223372036854775807", "-9223372036854775808", "9007199254740993", None],
        ),
        "uint64": (pa.array(UNSIGNED, pa.uint64()), "number", UNSIGNED_TEXTS),
        "float16": (
            pa.array(np.array([0.1, 65504, 2.0**-24, np.nan], np.float16)),
            "number",
            ["0.1", "65500.0", "6e-08", None],
        ),
        "float32": (pa.array(FLOATS, pa.float32()), "number", FLOAT_TEXTS),
        "float32_power": (
            # The nearest 8 digits do not read back, the second nearest do.
            pa.array([2.0**-96, 2097152.25, 1e-45, float("nan")], pa.float32()),
            "number",
            ["1.2621775e-29", "2097152.2", "1e-45", None],
        ),
        "float64": (
            pa.array([1e15, 1e16, 1e-5, float("nan")]),
            "number",
            ["1000000000000000.0", "1e+16", "1e-05", None],
        ),
        "decimal9": (pa.array([Decimal("0.00"), Decimal("1.00"), Decimal("-1.50"), None], pa.decimal128(5, 2)), "number",
                     ["0.00", "1.00", "-1.50", None]),
        "decimal18": (pa.array(BIG, pa.decimal128(18, 2)), "number", BIG_TEXTS),
        "decimal38": (pa.array(TINY, pa.decimal128(38, 10)), "number", TINY_TEXTS),
        "decimal76": (pa.array([Decimal(10**70), Decimal(-1), Decimal(0), None], pa.decimal256(76, 0)), "number",
                      ["1" + "0" * 70, "-1", "0", None]),
        "bool": (pa.array(FLAGS), "boolean", FLAG_TEXTS),
        "string": (pa.array(WORDS), "category", WORDS),
        "large_string": (pa.array(WORDS, pa.large_string()), "category", WORDS),
        "dictionary": (pa.array(WORDS).dictionary_encode(), "category", WORDS),
        "text_as_bytes": (pa.array([b"Z\xc3\xbcrich", b"b", b"", None], pa.binary()), "category", ["Zürich", "b", None, None]),
        "text_of_3": (pa.array([b"abc", b"d f", b"\xe2\x98\x83", None], pa.binary(3)), "category", ["abc", "d f", "☃", None]),
        "json": (pa.array(['{"a":1}', "[ 1.00 ]", '"x"', None], pa.json_()), "category", ['{"a":1}', "[ 1.00 ]", '"x"', None]),
        "uuid": (pa.array([value and value.bytes for value in UUIDS], pa.uuid()), "category", UUID_TEXTS),
        "date32": (pa.array(DAYS, pa.date32()), "category", DAY_TEXTS),
        "date64": (pa.array(DAYS, pa.date64()), "category", DAY_TEXTS),
        "date_far": (
            pa.array([2**31 - 1, -(2**31), 2932897, -719529], pa.date32()),
            "category",
            ["<value out of range: 2147483647>", "<value out of range: -2147483648>", "10000-01-01", "-0001-12-31"],
        ),
        "time_ms": (pa.array([0, 86_399_999, 1, None], pa.time32("ms")), "category",
                    ["00:00:00.000", "23:59:59.999", "00:00:00.001", None]),
        "time_us": (pa.array(TIMES, pa.time64("us")), "category", TIME_TEXTS),
        "time_ns": (pa.array([1, 0, 86_399_999_999_999, None], pa.time64("ns")), "category",
                    ["00:00:00.000000001", "00:00:00.000000000", "23:59:59.999999999", None]),
        "timestamp_s": (pa.array([0, -1, 1_700_000_000, None], pa.timestamp("s")), "category",
                        ["1970-01-01 00:00:00.000", "1969-12-31 23:59:59.000", "2023-11-14 22:13:20.000", None]),
        "timestamp_ms": (pa.array([0, -1, 1_700_000_000_123, None], pa.timestamp("ms")), "category",
                         ["1970-01-01 00:00:00.000", "1969-12-31 23:59:59.999", "2023-11-14 22:13:20.123", None]),
        "timestamp_us": (pa.array(MOMENTS, pa.timestamp("us")), "category", MOMENT_TEXTS),
        "timestamp_far": (pa.array(FAR, pa.timestamp("us")), "category", FAR_TEXTS),
        "timestamp_ns": (pa.array(NANOSECONDS, pa.timestamp("ns")), "category", NANO_TEXTS),
        "timestamp_utc": (pa.array(MOMENTS, pa.timestamp("us", "UTC")), "category", ZONED_TEXTS),
        "timestamp_zone": (pa.array(NANOSECONDS, pa.timestamp("ns", "America/New_York")), "category",
                           [text and f"{text}Z" for text in NANO_TEXTS]),
        "nulls": (pa.nulls(ROWS), "number", [None] * ROWS),
    }
    unusable: dict[str, tuple[pa.Array, str]] = {
        "list": (pa.array([[1, 2], [3], [], None]), "list"),
        "fixed_list": (pa.array([[1, 2], [3, 4], [5, 6], None], pa.list_(pa.int64(), 2)), "list"),
        "struct": (pa.array([{"a": 1}, {"a": 2}, {"a": 3}, None]), "struct"),
        "map": (pa.array([[("a", 1)], [], [("b", 2)], None], pa.map_(pa.string(), pa.int64())), "map"),
        "duration": (pa.array([1, 2, 3, None], pa.duration("us")), "duration"),
        "raw": (pa.array([b"\xff\x00", b"a", b"\x80", None], pa.binary()), "bytes"),
        "raw_of_2": (pa.array([b"a\x00", b"ab", b"\xff\xff", None], pa.binary(2)), "bytes"),
    }  # fmt: skip
    table = pa.table(
        {"id": IDS, "y": TARGETS}
        | {name: values for name, (values, *_) in columns.items()}
        | {name: values for name, (values, _) in unusable.items()}
    )
    expected: Expected = {name: (type_, texts) for name, (_, type_, texts) in columns.items()}
    without = {name: type_ for name, (_, type_) in unusable.items()}
    # Small row groups and pages without dictionaries, then the other encodings: they read the same.
    pq.write_table(table, HERE / "arrow.parquet", row_group_size=3)
    describe("arrow.parquet", expected, unusable=without)
    pq.write_table(
        table,
        HERE / "arrow-plain.parquet",
        use_dictionary=False,
        compression="zstd",
        data_page_version="2.0",
        store_decimal_as_integer=True,
    )
    describe("arrow-plain.parquet", expected, unusable=without)
    int96 = pa.table(
        {"id": IDS, "y": TARGETS, "moment": pa.array(MOMENTS, pa.timestamp("us")), "far": pa.array(FAR, pa.timestamp("us")),
         "nano": pa.array(NANOSECONDS, pa.timestamp("ns"))}
    )  # fmt: skip
    pq.write_table(int96, HERE / "arrow-int96.parquet", use_deprecated_int96_timestamps=True, row_group_size=3)
    describe(
        "arrow-int96.parquet",
        {
            "moment": ("category", [text and f"{text}000" for text in MOMENT_TEXTS]),
            "far": ("category", [text and f"{text}000" for text in FAR_TEXTS]),
            "nano": ("category", NANO_TEXTS),
        },
    )
    # The types of Parquet's first version: converted types alone, and no schema of Arrow.
    old = table.select(["id", "y", "decimal38", "date32", "time_ms", "timestamp_ms", "timestamp_utc", "uint8", "dictionary"])
    pq.write_table(old, HERE / "arrow-old.parquet", version="1.0", store_schema=False)
    describe("arrow-old.parquet", {name: expected[name] for name in old.column_names[2:]})


def write_pandas() -> None:
    """pandas: missing values, categories, and its index."""
    frame = pd.DataFrame(
        {
            "id": IDS,
            "y": TARGETS,
            "whole": pd.array([1, -2, 3, None], "Int64"),
            "holes": [1.0, np.nan, 2.5, np.nan],
            "small": pd.array(FLOATS, "Float32"),
            "unsigned": pd.array(UNSIGNED, "UInt64"),
            "flag": pd.array(FLAGS, "boolean"),
            "word": WORDS,
            "level": pd.Categorical(["low", "high", "low", None]),
            "code": pd.Categorical([1, 2, 1, None]),
            "moment": pd.to_datetime(pd.Series(NANOSECONDS, dtype="Int64"), unit="ns").dt.as_unit("ns"),
            "zoned": pd.Series(MOMENTS).dt.as_unit("us").dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata"),
            "day": DAYS,
            "money": BIG,
            "time": TIMES,
            "took": pd.to_timedelta([1, 2, 3, None], unit="s"),
            "month": pd.PeriodIndex(["2024-01", "2024-02", "2024-03", None], freq="M"),
        }
    )
    texts: Expected = {
        "whole": ("number", ["1", "-2", "3", None]),
        "holes": ("number", ["1.0", None, "2.5", None]),
        "small": ("number", FLOAT_TEXTS),
        "unsigned": ("number", UNSIGNED_TEXTS),
        "flag": ("boolean", FLAG_TEXTS),
        "word": ("category", WORDS),
        "level": ("category", ["low", "high", "low", None]),
        "code": ("number", ["1", "2", "1", None]),
        "moment": ("category", NANO_TEXTS),
        "zoned": ("category", ZONED_TEXTS),
        "day": ("category", DAY_TEXTS),
        "money": ("number", BIG_TEXTS),
        "time": ("category", TIME_TEXTS),
    }
    unusable = {"took": "duration", "month": "extension pandas.period"}
    frame.to_parquet(HERE / "pandas.parquet")
    describe("pandas.parquet", texts, unusable=unusable)
    few = frame[["id", "y", "whole"]]
    few.set_axis([7, 5, 9, 1]).to_parquet(HERE / "pandas-index.parquet")
    describe(
        "pandas-index.parquet",
        {"whole": texts["whole"], "__index_level_0__": ("number", ["7", "5", "9", "1"])},
        index=["__index_level_0__"],
    )
    few.assign(key=["k4", "k3", "k2", "k1"], part=[1, 1, 2, 2]).set_index(["key", "part"]).to_parquet(
        HERE / "pandas-named-index.parquet"
    )
    describe(
        "pandas-named-index.parquet",
        {"whole": texts["whole"], "key": ("category", ["k4", "k3", "k2", "k1"]), "part": ("number", ["1", "1", "2", "2"])},
        index=["key", "part"],
    )


def write_polars() -> None:
    """Polars: its own writer, and its folders, whose files hold the key too."""
    frame = pl.DataFrame(
        {
            "id": IDS,
            "y": TARGETS,
            "unsigned": pl.Series(UNSIGNED, dtype=pl.UInt64),
            "small": pl.Series(FLOATS, dtype=pl.Float32),
            "flag": FLAGS,
            "level": pl.Series(["low", "high", "low", None], dtype=pl.Enum(["low", "high"])),
            "word": pl.Series(WORDS, dtype=pl.Categorical),
            "moment": pl.Series(NANOSECONDS, dtype=pl.Datetime("ns")),
            "zoned": pl.Series(MOMENTS, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "milli": pl.Series([0, -1, 1_700_000_000_123, None]).cast(pl.Datetime("ms")),
            "day": DAYS,
            "time": TIMES,
            "money": pl.Series(BIG, dtype=pl.Decimal(18, 2)),
            "tiny": pl.Series(TINY, dtype=pl.Decimal(38, 10)),
            "text_as_bytes": [b"a", b"\xc3\xbc", b"c", None],
            "took": pl.Series([1, 2, 3, None]).cast(pl.Duration("us")),
            "list": [[1], [2, 3], [], None],
            "struct": [{"a": 1}, {"a": 2}, {"a": 3}, None],
        },
        strict=False,
    )
    frame.write_parquet(HERE / "polars.parquet")
    describe(
        "polars.parquet",
        {
            "unsigned": ("number", UNSIGNED_TEXTS),
            "small": ("number", FLOAT_TEXTS),
            "flag": ("boolean", FLAG_TEXTS),
            "level": ("category", ["low", "high", "low", None]),
            "word": ("category", WORDS),
            "moment": ("category", NANO_TEXTS),
            "zoned": ("category", ZONED_TEXTS),
            "milli": (
                "category",
                ["1970-01-01 00:00:00.000", "1969-12-31 23:59:59.999", "2023-11-14 22:13:20.123", None],
            ),
            "day": ("category", DAY_TEXTS),
            "time": ("category", [text and f"{text}000" for text in TIME_TEXTS]),
            "money": ("number", BIG_TEXTS),
            "tiny": ("number", TINY_TEXTS),
            "text_as_bytes": ("category", ["a", "ü", "c", None]),
        },
        unusable={"took": "duration", "list": "list", "struct": "struct"},
    )
    # Every program's folders have this form; these files also hold the keys.
    for (region, part), rows in frame.with_columns(
        region=pl.Series(["a/b", "a/b", "Zürich", None]), part=pl.Series([1, 1, 2, 2])
    ).partition_by("region", "part", as_dict=True, maintain_order=True).items():
        folder = HERE / "polars-folder" / key("region", region) / key("part", part)
        folder.mkdir(parents=True)
        rows.select("id", "y", "region", "part").write_parquet(folder / "00000000.parquet")
    describe(
        "polars-folder",
        {"region": ("category", ["a/b", "a/b", "Zürich", None]), "part": ("number", ["1", "1", "2", "2"])},
    )


def write_duckdb() -> None:
    """DuckDB: its types, and its folders, whose files do not hold the key."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    connection.execute("CREATE TYPE level AS ENUM ('low', 'high')")
    connection.execute(
        """
        CREATE TABLE t AS SELECT * FROM (VALUES
          ('r1', 1.5::DOUBLE, 9007199254740993.10::DECIMAL(18,2), 0.0000000001::DECIMAL(38,10), 0.00::DECIMAL(4,2),
           18446744073709551615::UBIGINT, 0.1::FLOAT, true, 'low'::level,
           '00000000-0000-0000-0000-000000000001'::UUID, DATE '2024-01-02', TIME '00:00:00.000001',
           TIMESTAMP '2023-11-14 22:13:20.000001', '2023-11-14 22:13:20.000000001'::TIMESTAMP_NS,
           TIMESTAMPTZ '2023-11-14 22:13:20.000001+00', '{"a":1}'::JSON, 'abc'::BLOB, '\\xFF'::BLOB,
           INTERVAL 1 DAY, [1, 2], {'a': 1}, MAP {'a': 1}),
          ('r2', -2.25, -0.05, 0, 1.00, 9007199254740993, '-0.0', false, 'high', '12345678-90ab-cdef-1234-567890abcdef',
           DATE '1969-12-31', TIME '23:59:59.999999', TIMESTAMP '2023-11-14 22:13:20.000002',
           '2023-11-14 22:13:20.000000002', TIMESTAMPTZ '2023-11-14 22:13:20.000002+00', '[ 1.00 ]', 'b', 'b',
           INTERVAL 2 DAY, [3], {'a': 2}, MAP {'b': 2}),
          ('r3', 3.0, 1.00, -12345678901234567890.5, -1.50, 0, 16777216, true, 'low',
           'ffffffff-ffff-ffff-ffff-ffffffffffff', DATE '9999-12-31', TIME '12:30:00',
           TIMESTAMP '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999999',
           TIMESTAMPTZ '1969-12-31 23:59:59.999999+00', '"x"', 'c', 'c', INTERVAL 3 DAY, [], {'a': 3}, MAP {'c': 3}),
          ('r4', 1e16, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL)
        ) AS t(id, y, money, tiny, rate, unsigned, small, flag, level, uuid, day, "time", moment, nano, zoned, "json",
               text_as_bytes, raw, "interval", "list", "struct", "map")
        """
    )
    connection.execute(f"COPY t TO '{HERE}/duckdb.parquet' (FORMAT parquet)")
    describe(
        "duckdb.parquet",
        {
            "money": ("number", BIG_TEXTS),
            "tiny": ("number", TINY_TEXTS),
            "rate": ("number", ["0.00", "1.00", "-1.50", None]),
            "unsigned": ("number", UNSIGNED_TEXTS),
            "small": ("number", FLOAT_TEXTS),
            "flag": ("boolean", FLAG_TEXTS),
            "level": ("category", ["low", "high", "low", None]),
            "uuid": ("category", UUID_TEXTS),
            "day": ("category", DAY_TEXTS),
            "time": ("category", TIME_TEXTS),
            "moment": ("category", MOMENT_TEXTS),
            "nano": ("category", NANO_TEXTS),
            "zoned": ("category", ZONED_TEXTS),
            "json": ("category", ['{"a":1}', "[ 1.00 ]", '"x"', None]),
            "text_as_bytes": ("category", ["abc", "b", "c", None]),
        },
        unusable={"raw": "bytes", "interval": "interval", "list": "list", "struct": "struct", "map": "map"},
    )
    connection.execute(
        "CREATE TABLE k AS SELECT id, y, rate, [2023, 2023, 2024, 2024][row_number() OVER (ORDER BY id)] AS year, "
        "['a b=c', 'Zürich', '100 %', NULL][row_number() OVER (ORDER BY id)] AS region FROM t"
    )
    connection.execute(
        f"COPY k TO '{HERE}/duckdb-folder' (FORMAT parquet, PARTITION_BY (year, region), FILENAME_PATTERN 'data_{{i}}')"
    )
    describe(
        "duckdb-folder",
        {
            "rate": ("number", ["0.00", "1.00", "-1.50", None]),
            "year": ("number", ["2023", "2023", "2024", "2024"]),
            "region": ("category", ["a b=c", "Zürich", "100 %", None]),
        },
    )


def write_spark() -> None:
    """Spark: INT96, its folders with markers and checksums beside, and decimals in its old form."""
    from pyspark.sql import SparkSession  # noqa: PLC0415
    from pyspark.sql import types as st  # noqa: PLC0415

    os.environ["TZ"] = "UTC"
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.parquet.int96RebaseModeInWrite", "CORRECTED")
        .config("spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED")
        .getOrCreate()
    )
    fields = [
        ("id", st.StringType(), IDS),
        ("y", st.DoubleType(), TARGETS),
        ("money", st.DecimalType(18, 2), BIG),
        ("tiny", st.DecimalType(38, 10), TINY),
        ("rate", st.DecimalType(4, 2), [Decimal("0.00"), Decimal("1.00"), Decimal("-1.50"), None]),
        ("flag", st.BooleanType(), FLAGS),
        ("word", st.StringType(), WORDS),
        ("small", st.FloatType(), FLOATS),
        ("byte", st.ByteType(), [-128, 127, 0, None]),
        ("day", st.DateType(), DAYS),
        ("moment", st.TimestampNTZType(), MOMENTS),
        ("zoned", st.TimestampType(), [value and value.replace(tzinfo=dt.timezone.utc) for value in MOMENTS]),
        ("text_as_bytes", st.BinaryType(), [bytearray(b"a"), bytearray(b"\xc3\xbc"), bytearray(b"c"), None]),
        ("list", st.ArrayType(st.LongType()), [[1], [2, 3], [], None]),
        ("struct", st.StructType([st.StructField("a", st.LongType())]), [{"a": 1}, {"a": 2}, {"a": 3}, None]),
        ("map", st.MapType(st.StringType(), st.LongType()), [{"a": 1}, {}, {"b": 2}, None]),
        ("year", st.IntegerType(), [2023, 2023, 2024, 2024]),
        ("region", st.StringType(), ["a/b", "a/b", "Zürich", None]),
    ]
    schema = st.StructType([st.StructField(name, type_) for name, type_, _ in fields])
    rows = [tuple(values[row] for *_, values in fields) for row in range(ROWS)]
    frame = spark.createDataFrame(rows, schema).coalesce(1)
    texts: Expected = {
        "money": ("number", BIG_TEXTS),
        "tiny": ("number", TINY_TEXTS),
        "rate": ("number", ["0.00", "1.00", "-1.50", None]),
        "flag": ("boolean", FLAG_TEXTS),
        "word": ("category", WORDS),
        "small": ("number", FLOAT_TEXTS),
        "byte": ("number", ["-128", "127", "0", None]),
        "day": ("category", DAY_TEXTS),
        "moment": ("category", MOMENT_TEXTS),
        "text_as_bytes": ("category", ["a", "ü", "c", None]),
    }
    keys: Expected = {
        "year": ("number", ["2023", "2023", "2024", "2024"]),
        "region": ("category", ["a/b", "a/b", "Zürich", None]),
    }
    unusable = {"list": "list", "struct": "struct", "map": "map"}
    zoned_int96 = [text and f"{text}000" for text in MOMENT_TEXTS]
    for name, settings, zoned in [
        ("spark", {"outputTimestampType": "INT96", "writeLegacyFormat": "false"}, zoned_int96),
        ("spark-legacy", {"outputTimestampType": "TIMESTAMP_MICROS", "writeLegacyFormat": "true"}, ZONED_TEXTS),
    ]:
        for setting, value in settings.items():
            spark.conf.set(f"spark.sql.parquet.{setting}", value)
        frame.write.partitionBy("year", "region").parquet(str(HERE / name))
        describe(name, {**texts, "zoned": ("category", zoned), **keys}, unusable=unusable)
    spark.stop()


def write_csv() -> None:
    """CSV: what a text is, alone and in folders."""
    columns: Expected = {
        "code": ("category", ["07030", "1E5", "x", None]),
        "whole": ("number", ["1", "-2", "3", None]),
        "money": ("number", ["9007199254740993.10", "-0.05", "1.00", None]),
        "flag": ("boolean", ["true", "false", "true", None]),
        "word": ("category", WORDS),
        "moment": ("category", MOMENT_TEXTS),
    }
    put("plain.csv", columns, range(ROWS))
    describe("plain.csv", columns, format="csv")
    keys: Expected = {
        "region": ("category", ["north", "100 %", "Zürich", None]),
        "month": ("category", ["01", "02", "10", "10"]),
        "year": ("number", ["2023", "2023", "2024", "2024"]),
    }
    for row in range(ROWS):
        folder = "/".join(["csv-folder", *(key(name, texts[row]) for name, (_, texts) in keys.items())])
        put(f"{folder}/part-{row}.csv", columns, [row])
    (HERE / "csv-folder" / "_SUCCESS").touch()
    describe("csv-folder", {**columns, **keys}, format="csv")


def put(path: str, columns: Expected, rows: Any) -> None:
    def field(text: str | None) -> str:
        return "" if text is None else '"' + text.replace('"', '""') + '"' if set(text) & set('",') else text

    lines = [",".join(["id", "y", *columns])]
    lines += [
        ",".join([IDS[row], TARGET_TEXTS[row], *(field(texts[row]) for _, texts in columns.values())]) for row in rows
    ]
    (HERE / path).parent.mkdir(parents=True, exist_ok=True)
    (HERE / path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def key(name: str, value: object) -> str:
    return f"{name}=" + ("__HIVE_DEFAULT_PARTITION__" if value is None else quote(str(value), safe=" ü"))


def main() -> None:
    for path in HERE.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix in (".parquet", ".csv"):
            path.unlink()
    for write in (write_csv, write_arrow, write_pandas, write_polars, write_duckdb, write_spark):
        write()
    text = json.dumps(SOURCES, indent=1, ensure_ascii=False)
    (HERE / "expected.json").write_text(text + "\n", encoding="utf-8")


main()
