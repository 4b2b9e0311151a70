"""Tells files of other formats than CSV by their first bytes, and what to do about them."""

from __future__ import annotations

import re

# First bytes, what the format is called, and the command that makes CSV of it.
_STARTS = (
    (b"\xd0\xcf\x11\xe0", "an Excel file (.xls)", 'pd.read_excel("FILE.xls").to_csv("FILE.csv", index=False)'),
    (b"BZh", "a file packed by bzip2", "bunzip2 FILE"),
    (b"\xfd7zXZ\0", "a file packed by xz", "unxz FILE"),
    (b"\x28\xb5\x2f\xfd", "a file packed by Zstandard", "unzstd FILE"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "7z x FILE"),
    (b"ARROW1", "an Arrow file", 'pd.read_feather("FILE").to_parquet("FILE.parquet", index=False)'),
    (b"ORC", "an ORC file", 'pd.read_orc("FILE").to_parquet("FILE.parquet", index=False)'),
    (b"SQLite format 3\0", "an SQLite database", 'sqlite3 -header -csv FILE "select * from TABLE" > FILE.csv'),
)
# A byte that no text in ASCII has.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]").search
_EXCEL = 'pd.read_excel("FILE.xlsx").to_csv("FILE.csv", index=False)'
_LINES = 'pd.read_json("FILE.jsonl", lines=True).to_csv("FILE.csv", index=False)'
_JSON = 'pd.read_json("FILE.json").to_csv("FILE.csv", index=False)'


def is_gzip(head: bytes) -> bool:
    """Whether the bytes start like a file packed by gzip."""
    return head.startswith(b"\x1f\x8b")


def other_format(head: bytes) -> str | None:
    """What the file is and what to do about it, by its first 4096 bytes; None if it may be CSV."""
    if head.startswith(b"PAR1"):
        return "it is a Parquet file; set data.format: parquet"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if re.match(rb"<(!doctype|html|\?xml)", text, re.IGNORECASE):
        return "it is a page of HTML or XML"
    found = _packed(head) or _json(text)
    if found is None:
        return None
    what, remedy = found
    by = "pandas converts it" if remedy.startswith("pd.") else "convert it"
    return f"it is {what}, CSV is expected; {by}: {remedy}"


def _packed(head: bytes) -> tuple[str, str] | None:
    if head.startswith(b"PK\x03\x04"):
        is_excel = re.search(rb"\[Content_Types\]\.xml|xl/|_rels/", head)
        return ("an Excel file (.xlsx)", _EXCEL) if is_excel else ("a zip archive", "unzip FILE")
    # A header of CSV may begin with the letters ORC.
    if not _CONTROL(head):
        return None
    return next(((found, remedy) for start, found, remedy in _STARTS if head.startswith(start)), None)


def _json(text: bytes) -> tuple[str, str] | None:
    # A record of JSON Lines ends on its line; an object of several lines does not.
    if re.match(rb'\{\s*"', text):
        return ("JSON Lines", _LINES) if re.match(rb"\{[^\n]*\}\s*(\n|$)", text) else ("JSON", _JSON)
    return ("JSON", _JSON) if re.match(rb"\[\s*[{\[]", text) else None
