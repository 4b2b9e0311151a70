"""NannyML's alerts of each weekly window, with its own settings: python nannyml_verdicts.py FOLDER."""

from __future__ import annotations

from typing import Any

from windows import Windows, read, write

import nannyml  # noqa: E402  (windows switches its usage data off first)


def alerts(windows: Windows, result: Any, *column: str) -> list[list[bool]]:
    frame = result.filter(period="analysis").to_df()
    return windows.by_year([bool(alert) for alert in frame[(*column, "alert")]])


def main() -> None:
    windows = read()
    about = {
        "y_true": "label",
        "y_pred": "decision",
        "y_pred_proba": "score",
        "problem_type": "classification_binary",
        "chunk_size": windows.weekly,
    }
    realized = nannyml.PerformanceCalculator(metrics=["roc_auc"], **about).fit(windows.reference)
    estimated = nannyml.CBPE(metrics=["roc_auc"], **about).fit(windows.reference)
    drift = nannyml.UnivariateDriftCalculator(column_names=["score"], chunk_size=windows.weekly).fit(windows.reference)
    write(
        {
            "NannyML: AUC of labels": alerts(windows, realized.calculate(windows.rows), "roc_auc"),
            "NannyML: estimated AUC": alerts(windows, estimated.estimate(windows.rows), "roc_auc"),
            "NannyML: drift of scores": alerts(windows, drift.calculate(windows.rows), "score", "jensen_shannon"),
        }
    )


main()
