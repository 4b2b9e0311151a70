"""The job: reads prepare.json and the data; writes the training rows, the holdout and the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import compress
from pathlib import Path
from shutil import rmtree

from .categories import Categories
from .config import Config, read_config
from .dataset import Dataset, Rows, check_columns, feature_names, id_columns, plain_dataset, read_rows, with_labels
from .layout import FileFacts, write_reference, write_sides
from .partition import with_keys
from .problems import Problems, quote
from .reference import ReferenceColumns
from .split import Split
from .table import DataFile, Table, find_files
from .target import Target, read_target
from .view import OtherModel, ViewSides, for_view, other_features, other_trained, write_view


def prepare(base: Path) -> list[str]:
    """Runs the job under `base`, with the layout of /opt/ml; returns the sentences to print, warnings included.

    Raises ConfigError, DataContractError with every problem, or PrepareScriptError; then writes no manifest.
    """
    inputs = base / "processing" / "input"
    outputs = base / "processing" / "output"
    # Remove the output of an earlier attempt.
    for name in ("train", "holdout", "trained", "reference", "manifest"):
        rmtree(outputs / name, ignore_errors=True)
    config = read_config(inputs / "config" / "prepare.json")
    script = inputs / "script" / "prepare.py"
    problems = Problems()
    warnings: list[str] = []

    table = with_labels(config, _table_of(config, inputs, problems, warnings), warnings)
    config = _without_index(config, table, warnings)
    rows, data = _dataset(config, table, script, problems, warnings)
    if table.names and not data.features:
        problems.add(f"{config.source}: no column is left to train on")
    target = Target([], None, False)
    if config.target in table.names:
        target = read_target(config, data, rows.places, problems, warnings)
    problems.check()

    if (inputs / "view" / "prepare.json").is_file():
        return _write_view(config, inputs, outputs, table, len(rows.places), data, target)
    manifest_path = outputs / "manifest" / "manifest.json"
    categories = Categories(data.features, config.sensitive)
    columns = ReferenceColumns(data.features, [column.name for column in data.slices], config.sensitive)
    files = write_sides(config, data, target, outputs, categories, columns)
    files["reference"] = write_reference(columns, categories.found(), outputs)
    script_sha256 = sha256(script.read_bytes()).hexdigest() if script.is_file() else None
    manifest = _manifest(config, data, target, files, script_sha256, warnings)
    own = {
        "id_columns": id_columns(config, table),
        "split": {**rows.split, **_groups(data)},
        # For releases: the types of the columns that are read from the source, and what training knew of categories.
        "columns": {
            name: "integer" if column.integer else column.type
            for name, column in rows.columns.items()
            if script.is_file() or name in config.slices
        },
        "categories": dict(categories.found()),
    }
    _write_manifest(manifest_path, {**manifest, **own})
    return [
        f"{files['train']['rows']:,} training rows, {files['holdout']['rows']:,} held out, "
        f"{len(data.features)} features",
        *warnings,
    ]


def _groups(data: Dataset) -> dict[str, object]:
    """How many groups each side has, where the split is by group."""
    if data.groups is None:
        return {}
    sides = {"train": data.trained, "holdout": data.held_out}
    return {"groups": {name: len(set(compress(data.groups, flag))) for name, flag in sides.items()}}


def _dataset(
    config: Config,
    table: Table,
    script: Path,
    problems: Problems,
    warnings: list[str],
    *,
    split: Split | None = None,
    content: Sequence[str] | None = None,
) -> tuple[Rows, Dataset]:
    """The dataset that the configuration, and the script if there is one, make from the table."""
    scripted = script.is_file()
    if table.names:
        check_columns(config, table.names, None if scripted else [], problems)
    # A script may fix its input columns, so its output is checked instead.
    written = _written(config, table, scripted)
    rows = read_rows(config, table, written, problems, warnings, scripted=scripted, split=split, content=content)
    if table.names and not len(rows.places):
        problems.add(f"{config.source}: no rows; a row under the header is the least")
    if not scripted:
        return rows, plain_dataset(config, table, rows)
    problems.check()
    from .scripted import scripted_dataset  # noqa: PLC0415  (pandas takes half a second to import)

    data, returned = scripted_dataset(config, table, rows, script, problems, warnings)
    check_columns(config, table.names, returned, problems)
    return rows, data


def _write_view(
    config: Config, inputs: Path, outputs: Path, table: Table, total: int, data: Dataset, target: Target
) -> list[str]:
    """Writes the holdout with the preparation of the model to compare with, whose files are in `view*`."""
    theirs_config = for_view(read_config(inputs / "view" / "prepare.json"), config, table.names)
    settings = _without_index(theirs_config, table, [])
    theirs_manifest = inputs / "view-manifest" / "manifest.json"
    features = other_features(theirs_manifest)
    trained = other_trained(theirs_manifest, inputs / "view-trained" / "rows.bin", table.names)
    # A model without a list was made before data.split: today's data and its settings tell what it was trained on.
    split = None if trained.by == "unlisted" else ViewSides(data, total, trained)
    problems = Problems()
    script = inputs / "view-script" / "prepare.py"
    rows, theirs = _dataset(settings, table, script, problems, [], split=split, content=trained.content)
    problems.check()
    manifest_path = outputs / "manifest" / "manifest.json"
    manifest_path.unlink(missing_ok=True)
    holdout, facts, view = write_view(data, target, OtherModel(settings, features, rows, theirs, trained.by), outputs)
    _write_manifest(manifest_path, {**_manifest(settings, view, target, {"holdout": holdout}, None, []), "view": facts})
    return [f"{facts['rows']:,} of {facts['holdout_rows']:,} held out rows in the view of the model to compare with"]


def _write_manifest(path: Path, manifest: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _table_of(config: Config, inputs: Path, problems: Problems, warnings: list[str]) -> Table:
    """The table of data.source and, where the split is by file, of the files of the holdout after it."""
    files = source_files(config.source, "data.source", inputs / "data", problems)
    held = []
    if config.split.source is not None:
        held = source_files(config.split.source, "data.split.source", inputs / "holdout", problems)
    labels = frozenset(file.label for file in held)
    for file in files:
        if file.label in labels:
            problems.add(f"{file.label}: it is in data.source and in data.split.source; expected in one of them")
    return replace(read_table(config, [*files, *held], problems, warnings), held_files=labels)


def source_files(source: str, key: str, folder: Path, problems: Problems) -> list[DataFile]:
    """The files of the source that the setting `key` names; none is added to `problems`."""
    files = find_files(folder, source)
    if not files:
        problems.add(f"{source}: no file there; {key} names a file or a folder with at least one")
    return files


def read_table(config: Config, files: Sequence[DataFile], problems: Problems, warnings: list[str]) -> Table:
    """The table in the data files, with the columns that their folders add; mistakes are added to `problems`."""
    return with_keys(_files_table(config, files, problems, warnings), files, problems, config.sensitive)


def _files_table(config: Config, files: Sequence[DataFile], problems: Problems, warnings: list[str]) -> Table:
    if config.format == "parquet":
        from .parquet_table import read_parquet  # noqa: PLC0415  (pyarrow takes a while to import)

        return read_parquet(files, problems)
    from .csv_table import read_csv  # noqa: PLC0415

    return read_csv(files, config.source_csv, problems, warnings)


def _without_index(config: Config, table: Table, warnings: list[str]) -> Config:
    """The configuration with pandas' stored index among the columns that are no features."""
    named = {config.target, config.row_id, *config.exclude, *config.features_exclude, *config.slices}
    warnings += [
        f"The column {quote(name)} is pandas' stored index, so it is no feature; data.row_id may name it."
        for name in table.index
        if name not in named
    ]
    return replace(config, features_exclude=(*config.features_exclude, *table.index))


def _written(config: Config, table: Table, scripted: bool) -> list[str]:
    row_id = [] if config.row_id is None else [config.row_id]
    group = [config.split.column] if config.split.by == "group" and config.split.column is not None else []
    names = [*row_id, *group]
    if not scripted:
        names += [*config.slices, *feature_names(config, table.names)]
    return [name for name in dict.fromkeys(names) if name in table.names]


def _manifest(
    config: Config,
    data: Dataset,
    target: Target,
    files: Mapping[str, FileFacts],
    script_sha256: str | None,
    warnings: Sequence[str],
) -> dict[str, object]:
    return {
        "version": 1,
        "problem": config.problem,
        "target": config.target,
        "positive": target.positive,
        "positive_defaulted": target.positive_defaulted,
        "labels": list(target.labels),
        "row_id": config.row_id,
        "salt": config.salt,
        "holdout_share": None if config.split.by == "file" else config.holdout,
        "script_sha256": script_sha256,
        "content_type": config.content_type,
        "csv": {"header": config.csv.header, "target": config.csv.target},
        "features": [{"name": column.name, "type": column.type} for column in data.features],
        "group": data.group_column,
        "slices": [column.name for column in data.slices],
        "files": dict(files),
        "holdout_sha256": _holdout_digest(data, target),
        "warnings": list(warnings),
    }


def _holdout_digest(data: Dataset, target: Target) -> str:
    """sha256 of the holdout's sorted [row id, label] pairs as lines of JSON: the same for the same rows."""
    row_ids = list(compress(data.row_ids, data.held_out))
    codes = target.encode(list(compress(data.labels, data.held_out)))
    written = json.encoder.encode_basestring
    lines = [f"[{written(row_id)}, {written(code)}]\n" for row_id, code in sorted(zip(row_ids, codes, strict=True))]
    return sha256("".join(lines).encode()).hexdigest()
