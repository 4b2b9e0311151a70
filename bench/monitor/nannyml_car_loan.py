"""What NannyML itself says of its synthetic car loans, in chunks of 5,000 rows as in its documentation."""

from __future__ import annotations

import os

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml  # noqa: E402

NUMBERS = ["car_value", "debt_to_income_ratio", "loan_length", "driver_tenure"]
CATEGORIES = ["salary_range", "repaid_loan_on_prev_car", "size_of_downpayment"]


def main() -> None:
    reference, analysis, targets = nannyml.load_synthetic_car_loan_dataset()
    labelled = analysis.merge(targets, left_index=True, right_index=True, suffixes=("", "_of_target"))
    about = {
        "y_true": "repaid",
        "y_pred": "y_pred",
        "y_pred_proba": "y_pred_proba",
        "problem_type": "classification_binary",
        "chunk_size": 5000,
    }
    estimated = nannyml.CBPE(metrics=["roc_auc"], **about).fit(reference).estimate(analysis)
    realized = nannyml.PerformanceCalculator(metrics=["roc_auc"], **about).fit(reference).calculate(labelled)
    names = ["y_pred_proba", *NUMBERS, *CATEGORIES]
    drift = nannyml.UnivariateDriftCalculator(column_names=names, chunk_size=5000).fit(reference).calculate(analysis)
    of = [result.filter(period="analysis").to_df() for result in (estimated, realized, drift)]
    for chunk in range(len(of[0])):
        (before, after) = (frame["roc_auc"].iloc[chunk] for frame in of[:2])
        drifted = [name for name in names if bool(of[2][(name, "jensen_shannon", "alert")].iloc[chunk])]
        print(
            f"chunk {chunk}: estimated AUC {before['value']:.3f}{' ALERT' if before['alert'] else ''}, "
            f"by labels {after['value']:.3f}{' ALERT' if after['alert'] else ''}; drift of {', '.join(drifted) or 'nothing'}"
        )


main()
