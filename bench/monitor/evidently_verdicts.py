"""Evidently's failed tests of each weekly window, with its own settings: python evidently_verdicts.py FOLDER."""

from __future__ import annotations

import json

from windows import read, write

from evidently import BinaryClassification, DataDefinition, Dataset, Report  # noqa: E402
from evidently.metrics import RocAuc, ValueDrift  # noqa: E402


def main() -> None:
    windows = read()
    definition = DataDefinition(
        classification=[BinaryClassification(target="label", prediction_probas="score")],
        numerical_columns=["score"],
    )
    reference = Dataset.from_pandas(windows.reference, data_definition=definition)
    report = Report([ValueDrift(column="score"), RocAuc()], include_tests=True)
    failed: dict[str, list[bool]] = {"drift": [], "RocAuc": []}
    for start in range(0, len(windows.rows), windows.weekly):
        rows = windows.rows.iloc[start : start + windows.weekly].reset_index(drop=True)
        run = json.loads(report.run(Dataset.from_pandas(rows, data_definition=definition), reference).json())
        drift, auc = run["tests"]
        failed["drift"].append(drift["status"] != "SUCCESS")
        failed["RocAuc"].append(auc["status"] != "SUCCESS")
    write(
        {
            "Evidently: AUC of labels": windows.by_year(failed["RocAuc"]),
            "Evidently: drift of scores": windows.by_year(failed["drift"]),
        }
    )


main()
