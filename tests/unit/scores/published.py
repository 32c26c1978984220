"""The published definitions, written anew as plain loops over numpy arrays: slow, and independent of our code."""

import math

import numpy as np


def resque_dist(reference, reference_classes, new, new_classes, classes):
    """RESQUE_dist as its public code has it: one scan of both data sets per class, arccos of the cosine."""
    distances = []
    for c in classes:
        sums = []
        for embeddings, labels in ((reference, reference_classes), (new, new_classes)):
            total = np.zeros(embeddings.shape[1], dtype=np.float64)
            for row, label in zip(embeddings, labels, strict=True):
                if label == c:
                    total += row
            sums.append(total / np.sqrt(np.sum(total**2)))
        distances.append(math.acos(float(np.clip(np.dot(*sums), -1, 1))) / math.pi)
    return sum(distances) / len(distances)


def adjusted_rand_index(first, second):
    """From its meaning: pairs of samples that both partitions put together, corrected for chance."""
    together = in_first = in_second = pairs = 0
    for i in range(len(first)):
        for j in range(i):
            a, b = first[i] == first[j], second[i] == second[j]
            together, in_first, in_second, pairs = together + (a and b), in_first + a, in_second + b, pairs + 1
    expected = in_first * in_second / pairs
    return (together - expected) / ((in_first + in_second) / 2 - expected)


def nearest_centroid(reference, reference_classes, new, classes):
    """Class of the nearest reference mean for each new row."""
    centroids = {c: reference[reference_classes == c].mean(axis=0) for c in classes}
    return np.array([min(classes, key=lambda c, row=row: np.sum((row - centroids[c]) ** 2)) for row in new])


def k_means(points, starts):
    """Lloyd's iterations from given centres until no point moves."""
    centres, clusters = starts.copy(), None
    while True:
        distances = ((points[:, None, :] - centres[None]) ** 2).sum(axis=2)
        moved = distances.argmin(axis=1)
        if clusters is not None and (moved == clusters).all():
            return clusters
        clusters = moved
        centres = np.array([points[clusters == c].mean(axis=0) for c in range(len(starts))])


def balanced_nmi(table):
    """I / sqrt(H H), sum by sum, of the table whose rows were scaled to equal totals."""
    joint = table / table.sum(axis=1, keepdims=True) / len(table)
    first, second = joint.sum(axis=1), joint.sum(axis=0)
    information = sum(
        joint[i, j] * math.log(joint[i, j] / (first[i] * second[j]))
        for i in range(joint.shape[0])
        for j in range(joint.shape[1])
        if joint[i, j] > 0
    )
    entropies = [-sum(p * math.log(p) for p in side if p > 0) for side in (first, second)]
    return information / math.sqrt(entropies[0] * entropies[1])


def wasserstein(a, b):
    """W1 of two samples: integral of the distance of their distribution functions, step by step."""
    points = np.sort(np.concatenate([a, b]).astype(np.float64))
    below = [np.searchsorted(np.sort(side), points[:-1], side="right") / len(side) for side in (a, b)]
    return float(np.sum(np.abs(below[0] - below[1]) * np.diff(points)))


def atc(reference_confidence, reference_right, new_confidence):
    """ATC with sorted confidences: the threshold below which as many reference samples lie as are wrong."""
    wrong = int(np.sum(~reference_right))
    ordered = np.sort(reference_confidence)
    threshold = ordered[wrong] if wrong < len(ordered) else np.inf
    return float(np.mean(new_confidence >= threshold))


def softmax(logits):
    """Rows of probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
