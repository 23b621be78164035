"""Reference numbers of the out-of-distribution and calibration measures, from scikit-learn and NumPy in double precision.

Run from the root of the repository, with the versions that the result records:

    python3 -m venv .venv && .venv/bin/pip install scikit-learn==1.9.1
    .venv/bin/python conformance/uncertainty.py

Writes conformance/golden/uncertainty.json: AUROC, average precision and the false positive rate at 95 % true positives of scores with and
without ties, and the entropy, variance and zero-one decompositions of random simplex data.
"""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from golden_file import finish

SEED = 0
rng = np.random.default_rng(SEED)


def ood(known, unseen):
    truth = np.r_[np.zeros(len(known)), np.ones(len(unseen))]
    scores = np.r_[known, unseen]
    fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
    return {
        "known": list(map(float, known)),
        "unseen": list(map(float, unseen)),
        "auroc": float(roc_auc_score(truth, scores)),
        "aupr": float(average_precision_score(truth, scores)),
        "fpr95": float(fpr[np.argmax(tpr >= 0.95)]),
    }


def entropy(p):
    return -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0), axis=-1)


def decompositions(p):
    mean = p.mean(0)
    guess = mean.argmax(-1)
    at_guess = np.take_along_axis(p, np.broadcast_to(guess, p.shape[:-1])[..., None], -1)[..., 0]
    parts = {
        "entropy": (entropy(mean), entropy(p).mean(0), entropy(mean) - entropy(p).mean(0)),
        "variance": ((mean * (1 - mean)).sum(-1), (p * (1 - p)).sum(-1).mean(0), p.var(0).sum(-1)),
        "zeroOne": (1 - mean.max(-1), 1 - p.max(-1).mean(0), (p.max(-1) - at_guess).mean(0)),
    }
    names = ("total", "aleatoric", "epistemic")
    return {
        "shape": list(p.shape),
        "data": p.ravel().tolist(),
        **{name: {part: value.tolist() for part, value in zip(names, values)} for name, values in parts.items()},
    }


def simplex(shape, concentration):
    return rng.dirichlet(np.full(shape[-1], concentration), size=shape[:-1])


def calibration(p, labels, bins):
    confidence, guess = p.max(-1), p.argmax(-1)
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    error = sum(
        (index == b).mean() * abs(confidence[index == b].mean() - (guess == labels)[index == b].mean())
        for b in range(bins)
        if (index == b).any()
    )
    return {"shape": list(p.shape), "data": p.ravel().tolist(), "labels": labels.tolist(), "bins": bins, "ece": float(error)}


content = {
    "ood": {
        "continuous": ood(rng.normal(0, 1, 60), rng.normal(1, 1, 45)),
        "many ties": ood(rng.integers(0, 5, 50), rng.integers(1, 7, 40)),
        "all equal": ood(np.ones(7), np.ones(5)),
        "perfect": ood(np.arange(10), np.arange(10, 15)),
        "reversed": ood(np.arange(10, 15), np.arange(10)),
        "one each": ood([0.5], [0.5]),
        "signed zeros": ood([0.0, 1.0, -1.0], [-0.0, 2.0, 0.0]),
    },
    "decompositions": {
        "spread": decompositions(simplex((20, 15, 5), 1.0)),
        "peaked": decompositions(simplex((20, 15, 5), 0.05)),
        "two classes": decompositions(simplex((7, 3, 4, 2), 0.7)),
        "one-hot": decompositions(np.eye(4)[rng.integers(0, 4, (9, 6))]),
        "uniform": decompositions(np.full((5, 4, 3), 1 / 3)),
        "equal passes": decompositions(np.broadcast_to(simplex((1, 4, 6), 0.5), (8, 4, 6))),
    },
    "calibration": {
        "15 bins": calibration(simplex((200, 4), 0.3), rng.integers(0, 4, 200), 15),
        "one-hot, 5 bins": calibration(np.eye(3)[rng.integers(0, 3, 30)], rng.integers(0, 3, 30), 5),
    },
}
finish("uncertainty", content, libraries=("sklearn", "numpy"), seed=SEED)
