"""The benchmark's cases in numpy and pandas: cases.py CASE SIZE_OR_FILE prints seconds a time and the peak memory."""

import json
import math
import resource
import sys
import time

import numpy as np
import pandas as pd

TIMES = 5


def midranks(values):
    order = np.argsort(values)
    ordered = values[order]
    group = np.cumsum(np.r_[True, ordered[1:] != ordered[:-1]]) - 1
    ends = np.cumsum(np.bincount(group))
    starts = np.r_[0, ends[:-1]]
    ranks = np.empty(len(values))
    ranks[order] = ((starts + 1 + ends) / 2)[group]
    return ranks


def delong(labels, first, second):
    """Sun and Xu (2014): three sorts a model."""
    positive = labels == 1
    m = int(positive.sum())
    n = len(labels) - m
    areas, of_positives, of_negatives = [], [], []
    for scores in (first, second):
        x, y = scores[positive], scores[~positive]
        ranks = midranks(np.r_[x, y])
        areas.append(ranks[:m].sum() / m / n - (m + 1) / 2 / n)
        of_positives.append((ranks[:m] - midranks(x)) / n)
        of_negatives.append(1 - (ranks[m:] - midranks(y)) / m)
    covariance = np.cov(of_positives) / m + np.cov(of_negatives) / n
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return areas, covariance, math.erfc(abs(areas[0] - areas[1]) / math.sqrt(2 * variance))


def delong_case(size):
    rng = np.random.default_rng(0)
    labels = (np.arange(size) % 5 == 0).astype(np.uint8)
    shared = 1.2 * labels + rng.normal(size=size)
    first, second = (1 / (1 + np.exp(-shared - rng.normal(size=size))) for _ in range(2))
    return lambda: delong(labels, first, second)


def bootstrap_case(size):
    rng = np.random.default_rng(0)
    difference = rng.random(size) - rng.random(size)
    return lambda: difference[rng.integers(0, size, (2000, size))].mean(axis=1)


def read_case(file):
    return lambda: pd.read_csv(file)


def read_checked_case(file):
    """What the gate does: ids as text, none twice, every score a probability."""

    def read():
        frame = pd.read_csv(file, dtype={"row_id": str})
        assert frame.row_id.is_unique and frame.score.between(0, 1).all() and frame.label.isin([0, 1]).all()

    return read


CASES = {"delong": delong_case, "bootstrap": bootstrap_case, "read": read_case, "read_checked": read_checked_case}


def main():
    case, argument = sys.argv[1:]
    run = CASES[case](argument if case.startswith("read") else int(argument))
    seconds = []
    for _ in range(TIMES):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "version": f"numpy {np.__version__}, pandas {pd.__version__}"}))


main()
