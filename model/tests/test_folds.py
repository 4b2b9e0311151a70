from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from conftest import run_train, write_channel
from sample_model.container import InputError
from sample_model.folds import read_groups, split_folds
from sample_model.hyperparameters import Problem

PERSONS = 60


def _panel() -> tuple[list[list[object]], list[str]]:
    """Five rows a person, whose label is the person's own: a model that knows the person knows the label."""
    luck = np.random.default_rng(3).random(PERSONS)
    persons = [n % PERSONS for n in range(5 * PERSONS)]
    rows: list[list[object]] = [["y", "person", "noise"], *([int(luck[p] < 0.5), f"p{p}", n % 7] for n, p in enumerate(persons))]
    return rows, [f"{p:016x}" for p in persons]


def _put_groups(base: Path, groups: list[str]) -> None:
    channel = base / "input" / "data" / "columns"
    channel.mkdir(parents=True, exist_ok=True)
    (channel / "groups.txt").write_text("".join(f"{group}\n" for group in groups))


def _cv_roc_auc(base: Path) -> float:
    done = run_train(base)
    assert done.returncode == 0, done.stderr
    found = re.search(r"cv_roc_auc=([0-9.]+);", done.stdout)
    assert found is not None
    return float(found[1])


def test_a_person_is_never_in_training_and_test_at_once(tmp_path: Path) -> None:
    rows, groups = _panel()
    write_channel(tmp_path, rows)
    assert _cv_roc_auc(tmp_path) > 0.95
    _put_groups(tmp_path, groups)
    assert _cv_roc_auc(tmp_path) < 0.65


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_every_row_is_tested_once_beside_none_of_its_group(problem: Problem) -> None:
    random = np.random.default_rng(0)
    groups = random.integers(0, 40, 400).astype(str)
    labels = random.random(400) if problem == "regression" else random.integers(0, 3, 400).astype(np.float64)
    folds = split_folds(labels, problem, 5, groups)
    assert len(folds) == 5
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(400))
    for train, test in folds:
        assert set(groups[train]).isdisjoint(groups[test])


def test_fewer_folds_where_few_groups_have_a_class() -> None:
    groups = np.array(["a", "b", "c", "d", "e", "f"] * 5)
    labels = np.isin(groups, ["a", "b"]).astype(np.float64)
    assert len(split_folds(labels, "binary", 5, groups)) == 2
    assert split_folds((groups == "a").astype(np.float64), "binary", 5, groups) == []
    assert split_folds(labels, "regression", 5, np.array(["a"] * 30)) == []


def test_a_list_of_other_rows_is_refused(tmp_path: Path) -> None:
    assert read_groups(tmp_path, 3) is None
    _put_groups(tmp_path, ["a", "b"])
    with pytest.raises(InputError, match="found 2 groups, expected one for each of 3 training rows"):
        read_groups(tmp_path, 3)
