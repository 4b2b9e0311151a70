"""The holdout as the preparation of another model writes it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mlops_prepare.errors import DataContractError
from mlops_prepare.job import prepare

ROWS = 400
SETTINGS: dict[str, Any] = {
    "problem": "binary",
    "format": "csv",
    "source": "people.csv",
    "target": "left",
    "positive": "yes",
    "row_id": "id",
    "exclude": [],
    "features_exclude": [],
    "slices": ["team"],
    "holdout": 0.3,
    "salt": "s",
    "content_type": "text/csv",
    "csv": {"header": False, "target": "first"},
}


def _people() -> list[list[object]]:
    return [[f"p{n}", "yes" if n % 3 == 0 else "no", n % 50, "a" if n % 2 else "b", n] for n in range(ROWS)]


def _job(base: Path, settings: dict[str, Any], view: dict[str, Path | None] | None = None) -> dict[str, Any]:
    """Runs a job over the people; `view` names the files of the other model. Returns its manifest."""
    inputs = base / "processing" / "input"
    (inputs / "data").mkdir(parents=True)
    with (inputs / "data" / "people.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "left", "age", "team", "pay"])
        writer.writerows(_people())
    _put(inputs / "config" / "prepare.json", json.dumps(settings))
    for folder, source in (view or {}).items():
        if source is not None:
            (inputs / folder).mkdir(parents=True)
            (inputs / folder / source.name).write_bytes(source.read_bytes())
    prepare(base)
    manifest: dict[str, Any] = json.loads((base / "processing/output/manifest/manifest.json").read_text())
    return manifest


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _view(
    tmp_path: Path, own: dict[str, Any], other: dict[str, Any], script: str | None = None, *, listed: bool = True
) -> dict[str, Any]:
    """The manifest of `own`'s holdout as a model that was prepared by `other` and `script` scores it."""
    champion = tmp_path / "champion"
    settings = champion / "prepare.json"
    _put(settings, json.dumps(other))
    files: dict[str, Path | None] = {
        "view": settings,
        "view-manifest": champion / "processing/output/manifest/manifest.json",
        "view-trained": champion / "processing/output/trained/rows.bin" if listed else None,
        "view-script": None,
    }
    if script is not None:
        files["view-script"] = champion / "processing/input/script/prepare.py"
        _put(champion / "processing/input/script/prepare.py", script)
    _job(champion, other)
    return _job(tmp_path / "view", own, files)


def _holdout(base: Path) -> dict[str, list[str]]:
    with (base / "processing/output/holdout/holdout.csv").open(newline="") as stream:
        return {row[0]: row[1:] for row in csv.reader(stream)}


def test_has_the_other_models_features_for_this_holdouts_rows(tmp_path: Path) -> None:
    manifest = _view(tmp_path, SETTINGS, {**SETTINGS, "features_exclude": ["age"], "slices": []})
    _job(tmp_path / "own", SETTINGS)
    own, view = _holdout(tmp_path / "own"), _holdout(tmp_path / "view")
    assert [feature["name"] for feature in manifest["features"]] == ["team", "pay"]
    assert manifest["slices"] == ["team"]
    assert view == {row_id: [label, team, team2, pay] for row_id, (label, team, _age, team2, pay) in own.items()}
    assert manifest["view"] == {
        "rows": len(own),
        "holdout_rows": len(own),
        "trained_by": "list",
        "trained_on": 0,
        "dropped": 0,
        "other_label": 0,
    }


@pytest.mark.parametrize("listed", [True, False])
def test_leaves_out_what_the_other_model_was_trained_on(tmp_path: Path, listed: bool) -> None:
    manifest = _view(tmp_path, SETTINGS, {**SETTINGS, "holdout": 0.1}, listed=listed)
    assert manifest["view"]["trained_by"] == ("list" if listed else "unlisted")
    champion, view = _holdout(tmp_path / "champion"), _holdout(tmp_path / "view")
    assert set(view) == set(champion)
    facts = manifest["view"]
    assert facts["rows"] == len(champion)
    assert facts["trained_on"] == facts["holdout_rows"] - len(champion) > 0


def test_counts_rows_that_the_script_drops_or_labels_otherwise(tmp_path: Path) -> None:
    script = (
        "def transform(frame):\n"
        "    frame = frame[frame['pay'] < 300].copy()\n"
        "    frame.loc[frame['pay'] < 30, 'left'] = 'yes'\n"
        "    return frame\n"
    )
    manifest = _view(tmp_path, SETTINGS, SETTINGS, script)
    _job(tmp_path / "own", SETTINGS)
    own, view = _holdout(tmp_path / "own"), _holdout(tmp_path / "view")
    pay = {row_id: int(row[-1]) for row_id, row in own.items()}
    dropped = {row_id for row_id in own if pay[row_id] >= 300}
    relabelled = {row_id for row_id, row in own.items() if pay[row_id] < 30 and row[0] == "0"}
    assert dropped
    assert relabelled
    assert set(view) == set(own) - dropped - relabelled
    facts = manifest["view"]
    assert (facts["dropped"], facts["other_label"], facts["trained_on"]) == (len(dropped), len(relabelled), 0)


def test_says_which_feature_is_gone(tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    _put(champion / "prepare.json", json.dumps(SETTINGS))
    _job(champion, SETTINGS)
    manifest = champion / "processing/output/manifest/manifest.json"
    manifest.write_text(manifest.read_text().replace('"pay"', '"bonus"'))
    with pytest.raises(DataContractError, match='"bonus"'):
        _job(tmp_path / "view", SETTINGS, {"view": champion / "prepare.json", "view-manifest": manifest})


def test_sensitive_columns_of_the_other_model_may_be_gone_and_those_of_this_one_are_not_quoted(tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    manifest = champion / "processing/output/manifest/manifest.json"
    files: dict[str, Path | None] = {"view": champion / "prepare.json", "view-manifest": manifest}
    _job(champion, SETTINGS)
    _put(champion / "prepare.json", json.dumps({**SETTINGS, "exclude": ["bonus"], "sensitive": ["bonus"]}))
    assert _job(tmp_path / "gone", SETTINGS, files)["view"]["rows"] > 0
    _put(champion / "prepare.json", json.dumps({**SETTINGS, "columns": {"team": "number"}}))
    with pytest.raises(DataContractError, match='column "team" holds "b", "a"; a finite number'):
        _job(tmp_path / "open", SETTINGS, files)
    with pytest.raises(DataContractError, match=r'column "team" holds a value that data\.sensitive hides; a finite'):
        _job(tmp_path / "hidden", {**SETTINGS, "sensitive": ["team"]}, files)
