"""Orthogonal matrices: random ones, the way back to them (Björck, polar), and how far a matrix is from them.

The polar factor of an invertible M is M (M^T M)^(-1/2), the orthogonal matrix nearest to it in Frobenius norm.
Björck's iteration M <- M (3 I - M^T M) / 2 maps each singular value s to s (3 - s^2) / 2, keeps the singular vectors
and converges, quadratically, to the polar factor if all s are in (0, sqrt 3). Source: Björck and Bowie 1971.

Matrices of integers are taken in double precision. What is no square matrix of finite numbers is a ParameterError, but
numbers that are not finite in the steps of a training are a DivergenceError.
"""

from typing import NamedTuple

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array, Rng
from hadamrnn.errors import DivergenceError, ParameterError

#: Iterations after which a matrix is given up as singular: they take a singular value from about 1e-6 to 1.
MOST_ITERATIONS = 40


def random_orthogonal(n: int, rng: Rng) -> Array:
    """A matrix from the uniform (Haar) distribution on O(n), in double precision.

    >>> bool(orthogonality_defect(random_orthogonal(8, np.random.default_rng(0))) < 1e-12)
    True
    """
    check.integer("n", n)
    check.instance("rng", rng, np.random.Generator, "a generator of NumPy")
    Q, R = np.linalg.qr(rng.standard_normal((n, n)))
    return np.asarray(Q * np.copysign(1.0, np.diag(R)))  # without the signs the distribution is that of the algorithm


def orthogonality_defect(W: Array) -> float:
    """||W^T W - I|| in Frobenius norm, computed in double precision."""
    A = _square(W).astype(np.float64)
    return float(np.linalg.norm(A.T @ A - np.eye(len(A))))


def singular_values(W: Array) -> tuple[float, float]:
    """The least and the largest singular value, computed in double precision."""
    values = np.linalg.svd(_square(W).astype(np.float64), compute_uv=False)
    return float(values[-1]), float(values[0])


class Bjorck(NamedTuple):
    """The polar factor ``W`` of a matrix, and what its derivative needs.

    ``scale``: the factor that the matrix was multiplied by first. ``iterates``: the matrices A before each iteration
    and A^T A.
    """

    W: Array
    scale: float
    iterates: tuple[tuple[Array, Array], ...]

    def back(self, gradient: Array) -> Array:
        """dLoss/dM from dLoss/dW, through each iteration: with B = A (3 I - A^T A) / 2 and G = dLoss/dB,

            dLoss/dA = (3 G - G A^T A - A (A^T G + G^T A)) / 2.

        The scale counts as a constant: the polar factor does not depend on it.
        """
        G = gradient
        for A, gram in reversed(self.iterates):
            inner = A.T @ G
            G = 1.5 * G - 0.5 * (G @ gram + A @ (inner + inner.T))
        return np.asarray(G * G.dtype.type(self.scale))


def bjorck(M: Array) -> Bjorck:
    """The polar factor of M by Björck's iteration, in the precision of M, repeated until it has converged.

    Unless M is near to orthogonal it is divided first by ||(M^T M)^2||^(1/4), which no singular value exceeds. Raises
    DivergenceError if M is singular, almost, or not finite, ParameterError if it is not a square matrix.

    >>> M = np.array([[2.0, 0.0], [1.0, 1.0]])
    >>> from scipy.linalg import polar
    >>> bool(np.allclose(bjorck(M).W, polar(M)[0]))
    True
    """
    A, scale = _square(M, finite=False), 1.0
    identity = np.eye(len(A), dtype=A.dtype)
    tolerance = np.sqrt(np.finfo(A.dtype).eps)  # of the defect before the last iteration, which squares it
    gram = A.T @ A
    if not np.linalg.norm(gram - identity) < 1:  # else all singular values are below sqrt 2
        with np.errstate(all="ignore"):  # what is not finite is refused below
            scale = float(1 / np.linalg.norm(gram @ gram) ** 0.25)
            A = A * A.dtype.type(scale)
            gram = A.T @ A
    iterates: list[tuple[Array, Array]] = []
    while len(iterates) < MOST_ITERATIONS:
        iterates.append((A, gram))
        A = 1.5 * A - 0.5 * (A @ gram)
        if np.linalg.norm(gram - identity) <= tolerance:
            return Bjorck(A, scale, tuple(iterates))
        gram = A.T @ A
    raise DivergenceError("the matrix to be made orthogonal is singular, almost, or not finite")


def tangent(W: Array, G: Array) -> Array:
    """The part of G that is tangent to O(n) at the orthogonal W: (G - W G^T W) / 2, nearest to G."""
    return np.asarray(0.5 * (G - W @ (G.T @ W)))


def _square(M: object, *, finite: bool = True) -> Array:
    """A matrix in its own precision, of integers in double precision."""
    A = check.numbers("matrix", M)
    if A.ndim != 2 or A.shape[0] != A.shape[1] or not A.size:
        raise ParameterError("matrix.shape", A.shape, "must be square")
    if finite:
        check.finite("matrix", A)
    return A
