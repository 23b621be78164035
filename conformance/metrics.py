"""Metrics of Flax over twelve batches and at the edges, and of scikit-learn. Run: python conformance/metrics.py

    python3 -m venv .venv && .venv/bin/pip install jax==0.10.2 flax==0.12.8 scikit-learn==1.9.1
"""
import math

import jax
import jax.numpy as jnp
import numpy as np
import sklearn.metrics as sk
from flax import nnx

from golden_file import finish

CLASSES = 4
rng = np.random.default_rng(0)


def plain(x):
    """Nested lists, `null` for NaN, infinities as text."""
    x = np.asarray(x)
    if x.ndim > 0:
        return [plain(v) for v in x]
    if x.dtype.kind != "f":
        return x.item()
    return None if math.isnan(x) else float(x) if math.isfinite(x) else str(float(x))


def rounded(x, digits):
    """Many ties, and no negative zeros, which jax.lax.top_k sorts after others."""
    return (np.round(x, digits) + 0.0).astype(np.float32)


def batch(rows):
    """Logits, labels, a mask, and values far from 0."""
    return {
        "logits": rounded(rng.normal(size=(rows, CLASSES)), 1),
        "labels": rng.integers(0, CLASSES, rows).astype(np.int32),
        "mask": rng.integers(0, 2, rows).astype(bool),
        "values": rounded(50 + 3 * rng.normal(size=rows), 2),
        "counts": rng.integers(-5, 90, rows).astype(np.int32),
        "scores": rounded(rng.normal(size=rows), 1),
    }


# One batch has no rows.
BATCHES = [batch(rows) for rows in (7, 5, 1, 8, 0, 3, 9, 2, 6, 4, 7, 5)]


def statistics(s):
    return [plain(s.mean), plain(s.standard_error_of_mean), plain(s.standard_deviation)]


def run(metric, arguments, read=plain, batches=BATCHES):
    """What the metric computes at first, after each batch, and after a reset."""
    values = [read(metric.compute())]
    for b in batches:
        metric.update(**arguments(b))
        values.append(read(metric.compute()))
    metric.reset()
    return [*values, read(metric.compute())]


def arrays(b, *names):
    return {name: jnp.asarray(b[name]) for name in names}


def weighted(b):
    return {"values": jnp.asarray(b["values"]), "mask": jnp.asarray(b["mask"])}


FILLED = [b for b in BATCHES if len(b["values"])]
NAN, INF = math.nan, math.inf
ODD = {
    "logits": np.array(
        [[1, 1, 0, 1], [NAN, 5, NAN, 0], [0, NAN, 9, INF], [INF, INF, 0, 0], [-INF] * 4, [2, 2, 2, 2]], dtype=np.float32
    ),
    "labels": np.array([0, 0, 1, 1, 0, -1], dtype=np.int32),
}


def guessed(batches):
    return np.concatenate([np.argmax(b["logits"], -1) if len(b["labels"]) else np.zeros(0, int) for b in batches])


def joined(name, batches=BATCHES):
    return np.concatenate([b[name] for b in batches])


def of_classes(f, weights=None):
    """A score of scikit-learn with each average. Nothing is of the last class."""
    labels, guesses = joined("labels"), guessed(BATCHES)
    sample_weight = None if weights is None else joined(weights).astype(float)
    keywords = {"labels": range(CLASSES + 1), "sample_weight": sample_weight}
    return {
        "macro": plain(f(labels, guesses, average="macro", zero_division=0, **keywords)),
        "macro_1": plain(f(labels, guesses, average="macro", zero_division=1, **keywords)),
        "macro_nan": plain(f(labels, guesses, average="macro", zero_division=NAN, **keywords)),
        "micro": plain(f(labels, guesses, average="micro", **keywords)),
        "none": plain(f(labels, guesses, average=None, zero_division=0, **keywords)),
        "none_nan": plain(f(labels, guesses, average=None, zero_division=NAN, **keywords)),
        "binary": plain(f(labels > 0, joined("scores") >= 0.25, average="binary", sample_weight=sample_weight)),
    }


def top_k(k, b):
    order = jax.lax.top_k(jnp.asarray(b["logits"]), k)[1]
    return [bool(label in row) for label, row in zip(b["labels"].tolist(), order.tolist())]


def multi():
    return nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average("loss"))


def multi_arguments(b, masked):
    mask = {"mask": {"loss": jnp.asarray(b["mask"])}} if masked == "by name" else {"mask": jnp.asarray(b["mask"])} if masked else {}
    return {**arrays(b, "logits", "labels"), "loss": jnp.asarray(b["values"]), **mask}


def read_multi(values):
    return [plain(values["accuracy"]), plain(values["loss"])]


def odd_values(values):
    average, welford = nnx.metrics.Average(), nnx.metrics.Welford()
    out = []
    for value in values:
        average.update(values=jnp.asarray(value, dtype=jnp.float32))
        welford.update(values=jnp.asarray(value, dtype=jnp.float32))
        out.append([plain(average.compute()), *statistics(welford.compute())])
    return out


ODD_VALUES = [[1.0, 2.0], [INF], [3.0], [NAN], [1.0]]

content = {
    "batches": [{name: plain(value) for name, value in b.items()} for b in BATCHES],
    "flax": {
        "average": run(nnx.metrics.Average(), lambda b: arrays(b, "values")),
        "average_int": run(nnx.metrics.Average("counts"), lambda b: arrays(b, "counts")),
        "average_bool": run(nnx.metrics.Average("mask_"), lambda b: {"mask_": jnp.asarray(b["mask"])}),
        "average_mask": run(nnx.metrics.Average(), weighted),
        "average_number": run(nnx.metrics.Average(), lambda b: {"values": float(len(b["values"]))}),
        "welford": run(nnx.metrics.Welford(), lambda b: arrays(b, "values"), statistics, FILLED),
        "welford_number": run(nnx.metrics.Welford(), lambda b: {"values": float(len(b["values"]))}, statistics),
        "accuracy": run(nnx.metrics.Accuracy(), lambda b: arrays(b, "logits", "labels")),
        "accuracy_mask": run(nnx.metrics.Accuracy(), lambda b: arrays(b, "logits", "labels", "mask")),
        "accuracy_threshold": run(
            nnx.metrics.Accuracy(threshold=0.1),
            lambda b: {"logits": jnp.asarray(b["scores"]), "labels": jnp.asarray(b["labels"])},
        ),
        "multi": run(multi(), lambda b: multi_arguments(b, None), read_multi),
        "multi_mask": run(multi(), lambda b: multi_arguments(b, "all"), read_multi),
        "multi_masks": run(multi(), lambda b: multi_arguments(b, "by name"), read_multi),
    },
    "odd": {
        "logits": plain(ODD["logits"]),
        "labels": plain(ODD["labels"]),
        "argmax": plain(jnp.argmax(jnp.asarray(ODD["logits"]), -1)),
        "top_2": top_k(2, ODD),
        "top_3": top_k(3, ODD),
        "values": [plain(np.array(v)) for v in ODD_VALUES],
        "computed": odd_values(ODD_VALUES),
    },
    "sklearn": {
        "confusion": plain(sk.confusion_matrix(joined("labels"), guessed(BATCHES), labels=range(CLASSES))),
        "confusion_mask": plain(
            sk.confusion_matrix(
                joined("labels"), guessed(BATCHES), labels=range(CLASSES), sample_weight=joined("mask").astype(float)
            )
        ),
        "precision": of_classes(sk.precision_score),
        "recall": of_classes(sk.recall_score),
        "f1": of_classes(sk.f1_score),
        "f1_mask": of_classes(sk.f1_score, weights="mask"),
        "auroc": plain(sk.roc_auc_score(joined("labels") > 1, joined("scores"))),
        "auroc_mask": plain(
            sk.roc_auc_score(joined("labels") > 1, joined("scores"), sample_weight=joined("mask").astype(float))
        ),
        "auroc_logits": plain(sk.roc_auc_score(joined("labels") > 1, joined("values"))),
    },
    "topK": {str(k): sum((top_k(k, b) for b in BATCHES), []) for k in (1, 2, 3, 4)},
}
note = "what is computed before, after each batch and after a reset; null for NaN"
finish("metrics", content, libraries=("jax", "flax", "numpy", "sklearn"), note=note)
