from __future__ import annotations

import numpy as np
from sklearn.metrics import f1_score

from sample_model.validation import best_f1_threshold


def test_the_threshold_gives_the_largest_f1() -> None:
    random = np.random.default_rng(0)
    labels = (random.random(300) < 0.2).astype(np.float64)
    probabilities = np.array([round(p, 2) for p in (0.2 * labels + 0.6 * random.random(300)).tolist()])
    by_threshold = {t: f1_score(labels, probabilities >= t) for t in np.unique(probabilities).tolist()}
    best = best_f1_threshold(labels, probabilities)
    assert by_threshold[best] == max(by_threshold.values())
