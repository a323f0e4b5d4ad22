"""Which cause, or which two, explain a deviation: marginal likelihoods of all of them.

A deviation of the observables from their baseline is, under a set A of causes,

    d = sum over A of S_c a_c + e,   a_c ~ N(0, tau²),   e ~ N(0, C)

with S_c known up to its own widths. Integrated over a_c, and over S_c to second order, d
is normal with the covariance C + tau² sum(S_c S_c' + diag(sd_c²)). tau is not known: equal
weight is given to each of a few sizes. One cause is far likelier beforehand than two.

This is Bayesian model comparison as in D. J. C. MacKay, Information Theory, Inference and
Learning Algorithms (2003), ch. 28.
"""

from itertools import combinations
from typing import Final

import numpy as np

from twin.electrode.diagnosis.signatures import UNKNOWN, Signatures
from twin.estimation.kalman import Array

_SIZES: Final = (0.3, 0.8, 2.0, 5.0)
"""Sizes of a fault in per cent of the loading: from the least worth telling to scrap."""
_TWO: Final = 0.05
"""Beforehand, the probability that two causes act and not one (chosen)."""
_UNKNOWN: Final = 0.3
"""What is not in the table is this much as likely beforehand as a cause that is (chosen)."""


def attribute(deviation: Array, covariance: Array, found: Signatures) -> dict[str, float]:
    """Probability of each cause to be at work, by name.

    ``deviation`` shape (observables,), ``covariance`` (observables, observables) of what is
    in it when nothing is wrong.
    """
    names = found.names
    weight = np.array([_UNKNOWN if name == UNKNOWN else 1.0 for name in names])
    weight /= weight.sum()
    pairs = list(combinations(range(len(names)), 2))
    spread = np.einsum("ic,jc->cij", found.mean, found.mean)
    spread[:, np.arange(len(deviation)), np.arange(len(deviation))] += (found.sd**2).T
    sets = [(c,) for c in range(len(names))] + pairs
    both = np.array([weight[a] * weight[b] for a, b in pairs])
    prior = np.concatenate([(1 - _TWO) * weight, _TWO * both / max(both.sum(), 1e-300)])
    of_sets = np.concatenate([spread, np.array([spread[a] + spread[b] for a, b in pairs])])
    sizes = np.square(_SIZES)
    whole = covariance + of_sets[:, None] * sizes[None, :, None, None]
    lower = np.linalg.cholesky(whole)
    white = np.linalg.solve(
        lower, np.broadcast_to(deviation[:, None], (*whole.shape[:2], len(deviation), 1))
    )
    log = -0.5 * np.square(white[..., 0]).sum(-1)
    log -= np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(-1)
    log += np.log(prior)[:, None]
    posterior = np.exp(log - log.max()).sum(1)
    posterior /= posterior.sum()
    chances = dict.fromkeys(names, 0.0)
    for members, chance in zip(sets, posterior, strict=True):
        for member in members:
            chances[names[member]] += float(chance)
    # Sums of many shares may end a hair above one.
    return {name: min(chance, 1.0) for name, chance in chances.items()}
