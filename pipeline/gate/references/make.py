"""Writes score files and the metrics that scikit-learn, numpy and statsmodels compute of them: the gate's references.

    python -m venv /tmp/references && /tmp/references/bin/pip install scikit-learn==1.9.1 pandas pyarrow statsmodels
    /tmp/references/bin/python make.py && Rscript make.R && npx biome format --write .

make.R adds pROC's and glm's numbers.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
import statsmodels.api as sm
from scipy import stats
from sklearn import metrics

HERE = Path(__file__).parent
THRESHOLD = 0.3
COSTS = {"true_positive": -2.0, "false_positive": 1.5, "true_negative": 0.25, "false_negative": 7.0}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def binary_data(rng):
    """Name -> labels, candidate's scores, champion's scores."""

    def models(labels, strength=1.5):
        shared = strength * labels + rng.normal(size=len(labels))
        return [sigmoid(shared - 1 + 0.6 * rng.normal(size=len(labels))) for _ in range(2)]

    def labels(n, positives):
        return rng.permutation(np.arange(n) < positives).astype(int)

    random = labels(300, 90)
    tied = labels(250, 60)
    tiny = np.array([1, 0, 1, 0, 0, 0])
    separated = labels(40, 12)
    imbalanced = labels(1500, 9)
    extreme = labels(60, 30)
    champion = sigmoid(rng.normal(size=60) + extreme)
    return {
        "random": (random, *models(random)),
        "tied": (tied, *[np.round(scores, 1) for scores in models(tied)]),
        "tiny": (tiny, np.array([0.9, 0.2, 0.4, 0.4, 0.1, 0.3]), np.array([0.3, 0.2, 0.6, 0.7, 0.1, 0.35])),
        "separated": (separated, 0.1 + 0.5 * separated + 0.2 * rng.random(40), models(separated)[1]),
        "imbalanced": (imbalanced, *models(imbalanced)),
        # Probabilities of 0 and 1, some of them wrong, and tiny numbers.
        "extreme": (
            extreme,
            np.select([np.arange(60) < 4, np.arange(60) < 8], [rng.integers(0, 2, 60), [1e-300, 5e-324, 1e-17, 1e-9] * 15], champion[::-1]),
            champion,
        ),
    }


def calibration_slope(labels, scores):
    p = np.clip(scores, np.finfo(float).eps, 1 - np.finfo(float).eps)
    logit = np.log(p) - np.log1p(-p)
    negative, positive = logit[labels == 0], logit[labels == 1]
    if negative.max() <= positive.min() or positive.max() <= negative.min():
        return None
    model = sm.Logit(labels, sm.add_constant(logit)).fit(disp=0, method="newton", tol=1e-14, maxiter=200)
    return float(model.params[1])


def expected_cost(labels, scores):
    """The mean over the confusion matrix at Elkan's threshold, where both decisions cost the same."""
    dearer = [COSTS["false_positive"] - COSTS["true_negative"], COSTS["false_negative"] - COSTS["true_positive"]]
    flagged = (scores >= dearer[0] / sum(dearer)).astype(int)
    (tn, fp), (fn, tp) = metrics.confusion_matrix(labels, flagged, labels=[0, 1])
    counts = {"true_positive": tp, "false_positive": fp, "true_negative": tn, "false_negative": fn}
    return float(sum(counts[name] * cost for name, cost in COSTS.items()) / len(labels))


def net_benefit(labels, scores):
    """Vickers and Elkin's net benefit at some thresholds."""
    benefits = []
    for threshold in (0.05, 0.2, 0.5, 0.77):
        _, fp, _, tp = metrics.confusion_matrix(labels, scores >= threshold, labels=[0, 1]).ravel()
        benefits.append([threshold, float((tp - fp * threshold / (1 - threshold)) / len(labels))])
    return benefits


def binary_values(labels, scores):
    flagged = (scores >= THRESHOLD).astype(int)
    return {
        "roc_auc": metrics.roc_auc_score(labels, scores),
        "pr_auc": metrics.average_precision_score(labels, scores),
        "log_loss": metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores),
        "f1": metrics.f1_score(labels, flagged),
        "precision": metrics.precision_score(labels, flagged),
        "recall": metrics.recall_score(labels, flagged),
        "accuracy": metrics.accuracy_score(labels, flagged),
        "calibration_slope": calibration_slope(labels, scores),
        "calibration_in_the_large": float(np.mean(scores) - np.mean(labels)),
        "expected_cost": expected_cost(labels, scores),
    }


def multiclass_data(rng):
    n = 240
    labels = rng.choice(["low", "mid", "ünusual, \"quoted\"", "high"], n, p=[0.5, 0.3, 0.05, 0.15])
    classes = np.unique(labels)
    noise = rng.normal(size=(n, len(classes)))
    logits = 1.3 * (labels[:, None] == classes) + noise
    plain = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    coarse = np.round(plain * 16) / 16
    coarse[:, 0] += 1 - coarse.sum(1)
    coarse = np.abs(coarse) / np.abs(coarse).sum(1, keepdims=True)
    return {"plain": (labels, classes, plain), "tied": (labels, classes, coarse)}


def multiclass_values(labels, classes, scores):
    predicted = classes[scores.argmax(1)]
    return {
        "log_loss": metrics.log_loss(labels, scores, labels=classes),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "f1_macro": metrics.f1_score(labels, predicted, average="macro"),
        "roc_auc_ovr": metrics.roc_auc_score(labels, scores, multi_class="ovr", average="macro"),
    }


def regression_data(rng):
    labels = 1e3 * rng.normal(size=200)
    near = np.array([0.0, 1e-20, 3.0, -2.5])
    return {
        "plain": (labels, labels + 300 * rng.normal(size=200)),
        "offset": (1e9 + labels, 1e9 + labels + rng.normal(size=200)),
        "zeros": (near, near + np.array([0.0, 1e-18, 0.5, -0.25])),
    }


def regression_values(labels, predicted):
    return {
        "rmse": metrics.root_mean_squared_error(labels, predicted),
        "mae": metrics.mean_absolute_error(labels, predicted),
        "r2": metrics.r2_score(labels, predicted),
        "mape": metrics.mean_absolute_percentage_error(labels, predicted),
    }


def normal_values():
    z = [-8.0, -3.5, -1.0, 0.0, 0.3, 1.0, 1.96, 2.9999, 3.0, 3.0001, 5.0, 8.0, 20.0, 37.0]
    p = [1e-300, 1e-12, 1e-4, 0.025, 0.05, 0.3, 0.5, 0.8, 0.95, 0.975, 0.999999]
    return {
        "upper_tail": [[each, float(stats.norm.sf(each))] for each in z],
        "quantile": [[each, float(stats.norm.ppf(each))] for each in p],
    }


def write(name, frame):
    frame.to_csv(HERE / f"{name}.csv", index=False, float_format=None)


def xoshiro128(state, count):
    """xoshiro128** 1.1; its first numbers from state 1, 2, 3, 4 are 11520, 0, 5927040, 70819200, 2031721883."""
    mask = 2**32 - 1

    def rotated(x, k):
        return (x << k | x >> 32 - k) & mask

    s = list(state)
    numbers = []
    for _ in range(count):
        numbers.append(rotated(s[1] * 5 & mask, 7) * 9 & mask)
        shifted = s[1] << 9 & mask
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotated(s[3], 11)
    return numbers


def seeded(seed, count):
    mask = 2**32 - 1
    state = []
    for step in range(1, 5):
        z = seed + step * 0x9E3779B9 & mask
        z = (z ^ z >> 16) * 0x21F0AAAD & mask
        z = (z ^ z >> 15) * 0x735A2D97 & mask
        state.append(z ^ z >> 15)
    return xoshiro128(state, count)


def write_parquet(rng):
    """The same rows with parquet types; the gate must read them like the CSV."""
    n = 500
    labels = rng.integers(0, 2, n)
    frame = pd.DataFrame(
        {
            "row_id": np.arange(n) * 10**15,
            "label": labels,
            "score": np.round(sigmoid(labels + rng.normal(size=n)), 6),
            "team": pd.Categorical(rng.choice(["a,b", "ünï", "c"], n)),
        }
    )
    write("types", frame)
    frame.to_parquet(HERE / "types-integers.parquet", index=False)
    text = frame.assign(row_id=frame.row_id.astype(str), label=frame.label.astype(bool))
    text.index = rng.permutation(n)
    text.to_parquet(HERE / "types-text.parquet", compression="zstd", row_group_size=200)
    frame.assign(label=frame.label.astype(float)).to_parquet(HERE / "types-floats.parquet", index=False, compression="gzip")
    missing = frame.head(5).copy()
    missing.loc[3, "score"] = np.nan
    missing.to_parquet(HERE / "types-missing.parquet", index=False)


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(20261122)
    values = {"scikit-learn": sklearn.__version__, "threshold": THRESHOLD, "costs": COSTS, "binary": {}, "multiclass": {}, "regression": {}}
    for name, (labels, candidate, champion) in binary_data(rng).items():
        ids = [f"r{row}" for row in range(len(labels))]
        for role, scores in [("candidate", candidate), ("champion", champion)]:
            write(f"binary-{name}-{role}", pd.DataFrame({"row_id": ids, "label": labels, "score": scores}))
        values["binary"][name] = {
            "candidate": binary_values(labels, candidate),
            "champion": binary_values(labels, champion),
            "net_benefit": net_benefit(labels, candidate),
        }
    for name, (labels, classes, scores) in multiclass_data(rng).items():
        columns = {f"score_{label}": scores[:, k] for k, label in enumerate(classes)}
        write(f"multiclass-{name}", pd.DataFrame({"row_id": np.arange(len(labels)), "label": labels, **columns}))
        values["multiclass"][name] = multiclass_values(labels, classes, scores)
    for name, (labels, predicted) in regression_data(rng).items():
        write(f"regression-{name}", pd.DataFrame({"row_id": np.arange(len(labels)), "label": labels, "predicted": predicted}))
        values["regression"][name] = regression_values(labels, predicted)
    write_parquet(rng)
    values["normal"] = normal_values()
    assert xoshiro128([1, 2, 3, 4], 5) == [11520, 0, 5927040, 70819200, 2031721883]
    values["random"] = {seed: seeded(seed, 5000)[4090:4100] for seed in (0, 42)}
    (HERE / "python.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
