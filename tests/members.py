"""Random members of function classes, for tests that hold constructions against them."""

import numpy as np

import approxbounds as ab


def cones(rng, F, exponents, radius, norm):
    """max_i (h_i - R sum_j |x_j - a_ij|^{s_j}) or with the Euclidean norm, clipped to [-R, R]."""
    d, count = F.domain_dim, rng.integers(1, 6)
    tips, heights = rng.random((count, d)), radius * rng.uniform(-1, 1, count)

    def f(x):
        gaps = np.abs(x[:, None, :] - tips)
        falls = (gaps**exponents).sum(axis=2) if norm == 1 else np.sqrt((gaps**2).sum(axis=2)) ** exponents[0]
        return np.clip((heights - radius * falls).max(axis=1), -radius, radius)

    return f


def wave(rng, F, radius):
    """R c cos(a.x + b): derivatives of order up to 4 are bounded by R, and Hölder with constant R."""
    slopes = rng.uniform(-1, 1, F.domain_dim)
    slopes, shift = slopes / max(1, np.linalg.norm(slopes)), rng.uniform(0, 7)
    return lambda x: 0.5 / F.domain_dim**0.5 * radius * np.cos(x @ slopes + shift)


def rising(rng, F):
    """The mean of distribution functions and indicators of upper sets."""
    d = F.domain_dim
    powers, slopes, level = rng.uniform(0, 9, d), rng.random(d), rng.random()
    return lambda x: (np.prod(x**powers, axis=1) + 2 * (x @ slopes > level * slopes.sum())) / 3


def hull(rng, F):
    """The maximum of 0 and affine functions that are at most 1 at the corners."""
    slopes, heights = rng.normal(size=(4, F.domain_dim)) * rng.choice([1, 9]), rng.normal(size=4)
    tops = np.maximum(slopes, 0).sum(axis=1) + heights
    shift = np.maximum(tops - 1, 0)
    return lambda x: np.maximum((x @ slopes.T + heights - shift).max(axis=1), 0)


def member(rng, F):
    """A random function of F."""
    if isinstance(F, ab.MonotoneFunctions):
        return rising(rng, F)
    if isinstance(F, ab.ConvexFunctions):
        return hull(rng, F)
    radius, d = float(F.radius), F.domain_dim
    if isinstance(F, ab.AnisotropicHolderBall):
        return cones(rng, F, np.array([float(s) for s in F.smoothness]), radius, 1)
    s = float(F.holder_smoothness)
    if s > 1:
        return wave(rng, F, radius)
    return cones(rng, F, np.full(d, s), radius, 1 if isinstance(F, ab.SobolevBall) else 2)


def classes(d):
    return [
        ab.HolderBall(smoothness="1/2", dim=d, radius=2),
        ab.LipschitzBall(dim=d, radius="1/3"),
        ab.HolderBall(smoothness="3/2", dim=d),
        ab.SobolevBall(smoothness=1, dim=d, integrability="inf"),
        ab.AnisotropicHolderBall(smoothness=(1, "1/2", 1)[:d], radius="3/2"),
        ab.MonotoneFunctions(dim=d),
        ab.ConvexFunctions(dim=d),
    ]


CLASSES = [F for d in (1, 2, 3) for F in classes(d)]
SMOOTH = [
    ab.HolderBall(smoothness="1/3", dim=1, radius=3),
    ab.LipschitzBall(dim=1, radius="1/2"),
    ab.HolderBall(smoothness="3/2", dim=1),
    ab.HolderBall(smoothness=3, dim=1),
    ab.SobolevBall(smoothness=1, dim=1, integrability="inf"),
    ab.SobolevBall(smoothness=2, dim=1, integrability="inf", radius=2),
    ab.AnisotropicHolderBall(smoothness=("3/4",)),
]


def of(theorem, F, G, p):
    """The bound of one theorem."""
    return next(bound for bound in ab.upper_bounds(F, G, p=p) if bound.theorem.id == theorem)


def relu(*widths, d=1):
    return ab.ReLUNetwork(widths=widths, input_dim=d)


def steps(*widths, d=1):
    return ab.HeavisideNetwork(widths=widths, input_dim=d)


def rough(d, s, spread, radius=1.0, seed=0):
    """A function of the Hölder ball on R^d, s <= 1, which varies on a box of this size."""
    rng = np.random.default_rng(seed)
    places, values = rng.normal(size=(60, d)) * spread, rng.uniform(-radius, radius, size=60)

    def f(x):
        distances = np.linalg.norm(np.asarray(x, float)[:, None] - places, axis=2)
        return np.clip((values + radius * distances**s).min(axis=1), -radius, radius)

    return f
