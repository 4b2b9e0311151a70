"""The job of the monitor machine: rows of production to counts by package and window, and labelled rows.

`monitor.json` among the inputs chooses it. pipeline/steps/monitor/summarise.ts has the types of the documents.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, TypeVar, get_args

from .config import Problem
from .dialect import Dialect
from .errors import ConfigError
from .problems import enumerate_some
from .settings_file import SettingsFile

if TYPE_CHECKING:
    from .prediction_files import Joinable, PackageList, ReleaseFile, Window
    from .truth import TruthSettings
    from .window_counts import WindowCounts

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class MonitorSettings:
    """Settings of the job."""

    model: str
    at: datetime
    # The length of a window in seconds.
    window: int
    problem: Problem
    # The file of each package's reference, relative to the inputs; None: an older package has none.
    packages: Mapping[str, str | None]
    sensitive: tuple[str, ...]
    truth: TruthSettings | None


def _settings_file(base: Path) -> Path:
    return base / "processing" / "input" / "monitor" / "monitor.json"


def is_monitor(base: Path) -> bool:
    """Whether the job under `base` is the monitor machine's."""
    return _settings_file(base).is_file()


def monitor(base: Path) -> list[str]:
    """Runs the job; returns the sentences to print.

    Writes `summary/summary.json` last. Raises ConfigError, DataContractError or MonitorError; then it is missing.
    Memory does not grow with the rows that are counted. It holds some 250 bytes for each label and the open prediction
    that it is of.
    """
    inputs, outputs = base / "processing" / "input", base / "processing" / "output"
    for name in ("summary", "labelled", "truth"):
        rmtree(outputs / name, ignore_errors=True)
    return _Look(read_settings(_settings_file(base)), inputs, outputs).run()


def read_settings(path: Path) -> MonitorSettings:
    """The settings in monitor.json; ConfigError names the key that is missing or wrong."""
    from .truth import TruthSettings  # noqa: PLC0415  (pyarrow takes a while to import)

    file = SettingsFile(path)
    window = file.number("window", least=1, most=366 * 86_400)
    if not window.is_integer():
        raise file.wrong("window", "a whole number of seconds")
    packages = file.document.get("packages")
    if not isinstance(packages, dict) or not all(
        value is None or (isinstance(value, str) and value) for value in packages.values()
    ):
        raise file.wrong("packages", "an object of packages and the files of their references, or null")
    truth = None
    if file.document.get("truth") is not None:
        inner = file.inner("truth")
        row_id = inner.document.get("row_id")
        csv = inner.inner("csv")
        truth = TruthSettings(
            source=inner.text("source"),
            row_id=None if row_id is None else inner.text("row_id"),
            target=inner.text("target"),
            csv=Dialect(
                csv.text("delimiter", ("auto", ",", ";", "\t", "|")),
                csv.text("encoding", ("utf-8", "latin-1", "windows-1252", "utf-16")),
                csv.text("decimal", (".", ",")),
            ),
        )
    return MonitorSettings(
        model=file.text("model"),
        at=file.time("at"),
        window=int(window),
        problem=file.text("problem", get_args(Problem)),
        packages=packages,
        sensitive=tuple(file.texts("sensitive")),
        truth=truth,
    )


class _Look:
    """One run of the job."""

    def __init__(self, settings: MonitorSettings, inputs: Path, outputs: Path) -> None:
        from .package_reference import read_reference  # noqa: PLC0415
        from .prediction_files import PackageList  # noqa: PLC0415

        self._settings = settings
        self._inputs = inputs
        self._outputs = outputs
        for package, file in settings.packages.items():
            if file is not None and (Path(file).is_absolute() or ".." in Path(file).parts):
                raise ConfigError(f"monitor.json: packages: {package}: got {file}, expected a file among the inputs")
        self._packages: PackageList = PackageList(
            {
                package: None if file is None else read_reference(inputs / file, package)
                for package, file in settings.packages.items()
            }
        )
        self._counts: dict[Window, WindowCounts] = {}
        # By the source, so that of two predictions of a row at one moment the same one is the last at every look.
        self._rows: list[tuple[str, Joinable]] = []
        self._sources: list[str] = []
        self._notes: list[str] = []

    def run(self) -> list[str]:
        """Reads everything and writes the outputs."""
        self._read_releases()
        self._read_captures()
        documents = [
            self._counts[window].document(
                self._packages.names[window[0]], window[1], self._settings.window, self._settings.sensitive
            )
            for window in sorted(self._counts)
        ]
        for number, name in enumerate(self._packages.names):
            rows = sum(counts.rows for window, counts in self._counts.items() if window[0] == number)
            if rows and self._packages.references[number] is None:
                self._notes.append(
                    f"{name}: no reference, so only the number of its predictions is counted ({rows:,})."
                )
        truth, labelled = self._join()
        if self._settings.truth is not None:
            self._write("labelled/windows.json", {"version": 1, "windows": labelled})
        self._write(
            "summary/summary.json",
            {
                "version": 1,
                "sources": self._sources,
                "windows": documents,
                "truth": truth,
                "notes": self._notes,
            },
        )
        rows = sum(counts.rows for counts in self._counts.values())
        return [
            f"{rows:,} predictions in {len(self._counts):,} windows, {truth['matched']:,} labels matched",
            *self._notes,
        ]

    def _write(self, path: str, document: object) -> None:
        (self._outputs / path).parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"
        (self._outputs / path).write_text(text, encoding="utf-8")

    def _read_releases(self) -> None:
        """Counts the releases that were not read yet, and reads those whose labels are open."""
        from .prediction_files import ReleaseReader, release_files  # noqa: PLC0415

        joins = self._settings.truth is not None
        reader = ReleaseReader(self._packages, self._settings.window)
        files = release_files(self._inputs / "predictions", self._inputs / "inputs")
        releases = dict.fromkeys(file.release for file in files)
        self._sources += releases
        bare = list(dict.fromkeys(file.release for file in files if file.inputs is None))
        if bare:
            named = f"the release{'' if len(bare) == 1 else 's'} {enumerate_some(bare)}"
            self._notes.append(
                f"Without the columns that predictions were made from, scores alone are counted: {named}."
            )

        def read(file: ReleaseFile) -> tuple[dict[Window, WindowCounts], Joinable | None]:
            return reader.read(file, joins=joins)

        for file, (counts, rows) in zip(files, in_parallel(read, files), strict=True):
            self._merge(counts)
            if rows is not None:
                self._rows.append((f"release {file.release}/{file.path.name}", rows))
        if joins:
            earlier = [file for file in release_files(self._inputs / "open", None) if file.release not in releases]
            for file, rows in zip(earlier, in_parallel(reader.joinable, earlier), strict=True):
                self._rows.append((f"release {file.release}/{file.path.name}", rows))

    def _read_captures(self) -> None:
        """The same for what the prediction service kept."""
        from .capture_files import CaptureReader  # noqa: PLC0415

        joins = self._settings.truth is not None
        reader = CaptureReader(self._packages, self._settings.window)
        names = set()
        for path, name in _captures(self._inputs / "captures"):
            counts, rows = reader.read(path, f"captures/{name}", joins=joins)
            self._merge(counts)
            self._rows += ((f"captures {name}", part) for part in rows)
            self._sources.append(name)
            names.add(name)
        self._notes += reader.notes
        if joins:
            for path, name in _captures(self._inputs / "open"):
                if name not in names:
                    self._rows += ((f"captures {name}", part) for part in reader.joinable(path, f"open/{name}"))

    def _merge(self, counts: Mapping[Window, WindowCounts]) -> None:
        for window, found in counts.items():
            if window in self._counts:
                self._counts[window].merge(found)
            else:
                self._counts[window] = found

    def _join(self) -> tuple[dict[str, int], list[dict[str, object]]]:
        """TruthSummary, and LabelledWindow of the windows whose labels are open."""
        none = dict.fromkeys(("rows", "conflicts", "unknown", "early", "future", "bad", "matched"), 0)
        settings = self._settings.truth
        if settings is None:
            return none, []
        from .label_join import join, write_labelled  # noqa: PLC0415
        from .prediction_files import joined  # noqa: PLC0415
        from .truth import Names, Truth, Vocabulary  # noqa: PLC0415

        vocabulary = Vocabulary(self._settings.problem, self._packages.references, settings.csv.decimal)
        at = round(self._settings.at.timestamp() * 1e6)
        truth = Truth(Names(self._packages.names), vocabulary, at, self._settings.sensitive)
        truth.read_earlier(self._inputs / "earlier")
        truth.read(self._inputs / "truth", settings)
        rows = joined([part for _, part in sorted(self._rows, key=lambda pair: pair[0])])
        done = join(truth.labels(), rows, at, vocabulary, self._packages)
        truth.write(done.labels, self._outputs / "truth")
        labelled = write_labelled(done, self._outputs / "labelled", self._packages, self._settings.window)
        self._notes += truth.notes
        return {**none, **done.counts, "rows": truth.rows, "bad": truth.bad + done.counts["bad"]}, labelled


def _captures(folder: Path) -> list[tuple[Path, str]]:
    found = [path for pattern in ("*.jsonl", "*.jsonl.gz") for path in folder.rglob(pattern)]
    return sorted(((path, path.relative_to(folder).as_posix()) for path in found), key=lambda pair: pair[1])


def in_parallel(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results in the order of the items, by a thread for each processor; few results wait at a time."""
    workers = os.cpu_count() or 1
    waiting: list[Future[R]] = []
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()
