"""Splits the full attrition table, once, into what a project would have on hand: labelled rows and rows to score.

    python model/data/split.py PATH_OF_THE_FULL_CSV

Writes beside itself attrition.csv (1,270 labelled rows), scoring.csv (200 rows without the target) and
scoring-truth.csv (their labels). Which rows are scored is decided by the SHA-256 of the row's EmployeeNumber, so the
order of the input does not matter and no random generator's version does. README.md says where the full table comes
from and how to rebuild it; its content is checked here first.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from pathlib import Path

CONTENT_SHA256 = "d11789e1db393cd1d985ca41a0e73a1d405543fb2c0d540a3b4f7d723bca92f7"
ROW_ID = "EmployeeNumber"
TARGET = "Attrition"
SCORED = 200


def scoring_ids(ids: list[str], count: int) -> set[str]:
    """The `count` ids with the smallest SHA-256: a fixed draw that looks random."""
    return set(sorted(ids, key=lambda row_id: hashlib.sha256(f"scoring:{row_id}".encode()).hexdigest())[:count])


def write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    """Writes the columns of the rows as CSV with a header and LF line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Splits the table at sys.argv[1]; ends with a message where it is not the table expected."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {Path(sys.argv[0]).name} PATH_OF_THE_FULL_CSV")
    # IBM's own file has a byte-order mark and CRLF line ends: the content is the same.
    text = Path(sys.argv[1]).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    found = hashlib.sha256(text.encode()).hexdigest()
    if found != CONTENT_SHA256:
        sys.exit(f"{sys.argv[1]}: found SHA-256 {found}, expected {CONTENT_SHA256} (LF line ends, no byte-order mark)")
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = list(rows[0])
    scored = scoring_ids([row[ROW_ID] for row in rows], SCORED)
    folder = Path(__file__).resolve().parent
    scoring = [row for row in rows if row[ROW_ID] in scored]
    write(folder / "attrition.csv", columns, [row for row in rows if row[ROW_ID] not in scored])
    write(folder / "scoring.csv", [column for column in columns if column != TARGET], scoring)
    write(folder / "scoring-truth.csv", [ROW_ID, TARGET], scoring)


if __name__ == "__main__":
    main()
