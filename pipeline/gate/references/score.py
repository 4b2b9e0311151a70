"""Reference values of the gate's tests of ROC AUC, by numpy and scipy: python score.py writes score.json.

Written apart from the gate's code: all pairs of rows instead of one sort, scipy's t, dense grids and Brent's method.
"""

import csv
import json
import math
from pathlib import Path

import numpy as np
from scipy import optimize, stats

HERE = Path(__file__).parent
NAMES = ["imbalanced", "random", "tied", "extreme", "separated"]
CONFIDENCE = 0.9


def rows_of(name, role):
    with open(HERE / f"binary-{name}-{role}.csv", newline="") as file:
        found = {row["row_id"]: row for row in csv.DictReader(file)}
    ids = sorted(found)
    return (
        np.array([int(found[i]["label"]) for i in ids]),
        np.array([float(found[i]["score"]) for i in ids]),
    )


def placements_of(labels, scores):
    """V10 of each positive and V01 of each negative, from all pairs."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    return wins.mean(axis=1), wins.mean(axis=0)


def covariance(a, b):
    """DeLong's, of two AUCs given as placements."""
    return np.cov(a[0], b[0])[0, 1] / len(a[0]) + np.cov(a[1], b[1])[0, 1] / len(a[1])


def clustered_covariance(a, b, labels, groups):
    """Obuchowski's (1997), formula by formula."""
    m, n = len(a[0]), len(a[1])
    group_of = (groups[labels == 1], groups[labels == 0])
    count = len(set(groups))
    sums = {
        (model, kind): np.array(
            [
                (placed[kind][group_of[kind] == g] - placed[kind].mean()).sum()
                for g in sorted(set(groups))
            ]
        )
        for model, placed in (("a", a), ("b", b))
        for kind in (0, 1)
    }
    with_positives, with_negatives = (len(set(group_of[kind])) for kind in (0, 1))
    s10 = with_positives / ((with_positives - 1) * m) * (sums["a", 0] * sums["b", 0]).sum()
    s01 = with_negatives / ((with_negatives - 1) * n) * (sums["a", 1] * sums["b", 1]).sum()
    s11 = count / (count - 1) * (sums["a", 0] * sums["b", 1]).sum()
    s11_other = count / (count - 1) * (sums["b", 0] * sums["a", 1]).sum()
    value = s10 / m + s01 / n + s11 / (m * n) + s11_other / (m * n)
    return value, min(with_positives, with_negatives)


def newcombe(t, m, n):
    s = (m + n) / 2 - 1
    return t * (1 - t) * (1 + s * (1 - t) / (2 - t) + s * t / (1 + t)) / (m * n)


def hull(keeps, low, high):
    """The least and the greatest value that is kept, by a dense grid and Brent's method between its points."""
    grid = np.linspace(low, high, 40_001)
    margin = np.array([keeps(x) for x in grid])
    kept = np.flatnonzero(margin >= 0)
    first, last = kept[0], kept[-1]
    lower = grid[0] if first == 0 else optimize.brentq(keeps, grid[first - 1], grid[first], xtol=1e-14)
    upper = (
        grid[-1]
        if last == len(grid) - 1
        else optimize.brentq(keeps, grid[last], grid[last + 1], xtol=1e-14)
    )
    return [float(lower), float(upper)]


def own_interval(auc, variance, m, n, inflation=1.0):
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)
    keeps = lambda t: z * math.sqrt(max(variance, inflation * newcombe(t, m, n))) - abs(t - auc)  # noqa: E731
    return hull(keeps, 0.0, 1.0)


def difference_of(aucs, variances, cov, m, n, inflation=1.0, rarer=None):
    d = aucs[0] - aucs[1]
    variance = variances[0] + variances[1] - 2 * cov
    r = cov / math.sqrt(variances[0] * variances[1]) if min(variances) > 0 else 0.0
    freedom = (min(m, n) if rarer is None else rarer) - 1
    least = 1e-6 if min(aucs) < 0.5 else 0.5
    clip = lambda t: min(max(t, least), 1 - 1e-6)  # noqa: E731
    mean = sum(aucs) / 2

    def error(x):
        a, b = newcombe(clip(mean + x / 2), m, n), newcombe(clip(mean - x / 2), m, n)
        return math.sqrt(max(variance, inflation * max(0, a + b - 2 * r * math.sqrt(a * b))))

    t = stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
    interval = hull(lambda x: t * error(x) - abs(d - x), d - 3, d + 3)
    # The p-value of no difference: the larger over either one-sided null, then twice the smaller.
    grid = np.linspace(0, 3, 30_001)
    below = max(stats.t.sf((d + x) / error(-x), freedom) for x in grid)
    above = max(stats.t.sf((x - d) / error(x), freedom) for x in grid)
    return {"interval": interval, "p_value": float(min(1, 2 * min(below, above)))}


def reference(name):
    labels, first = rows_of(name, "candidate")
    second = rows_of(name, "champion")[1]
    placed = [placements_of(labels, scores) for scores in (first, second)]
    aucs = [p[0].mean() for p in placed]
    m, n = len(placed[0][0]), len(placed[0][1])
    variances = [covariance(p, p) for p in placed]
    cov = covariance(placed[0], placed[1])
    plain = variances[0] + variances[1] - 2 * cov
    # Groups of rows by their place among the sorted ids.
    groups = np.arange(len(labels)) // 4
    clustered = [clustered_covariance(p, p, labels, groups)[0] for p in placed]
    clustered_cov, rarer = clustered_covariance(placed[0], placed[1], labels, groups)
    grouped = clustered[0] + clustered[1] - 2 * clustered_cov
    value = {
        "interval": own_interval(aucs[0], variances[0], m, n),
        "difference": difference_of(aucs, variances, cov, m, n),
    }
    if plain > 0 and min(variances) > 0:
        value["clustered"] = {
            "variance": float(clustered[0]),
            "difference_variance": float(grouped),
            "interval": own_interval(aucs[0], clustered[0], m, n, max(1, clustered[0] / variances[0])),
            "difference": difference_of(
                aucs, clustered, clustered_cov, m, n, max(1, grouped / plain), rarer
            ),
        }
    return value


TAILS = [0, 0.3, 1, 1.7, 2.5, 6, 20]
LEVELS = [1e-9, 1e-4, 0.006, 0.05, 0.3, 0.6, 0.95, 0.999]
FREEDOMS = [1, 2, 3, 9, 38, 399, 999, 1000, 5000, 1_000_000]

result = {
    "confidence": CONFIDENCE,
    "binary": {name: reference(name) for name in NAMES},
    "student_t": {
        str(df): {
            "upper_tail": [[t, float(stats.t.sf(t, df))] for t in TAILS],
            "quantile": [[p, float(stats.t.ppf(p, df))] for p in LEVELS],
        }
        for df in FREEDOMS
    },
}
(HERE / "score.json").write_text(json.dumps(result, indent=1) + "\n")
