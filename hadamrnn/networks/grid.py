"""Orthogonal matrices whose entries are integers of k bits over one square root, and roundings that come near to them.

A matrix C of integers is on the grid of k bits if |C_ij| <= q with q = 2^(k-1) - 1 (for k = 1, q = 1). If
C^T C = m I, then C / sqrt(m) is orthogonal without any rounding, and C may be the codes of W.

Quaternions give such matrices: with integers a, b, c, d the matrix L of the multiplication from the left by
a + bi + cj + dk has entries +-a, ..., +-d and L^T L = (a^2 + b^2 + c^2 + d^2) I. Products of such matrices have large
entries, but not those with one Hadamard matrix: for H of order r and L_1, ..., L_r of one norm m,

    C = (H (x) I_4) diag(L_1, ..., L_r),      C^T C = diag(L_j^T (r I) L_j) = r m I,

and a block of C is +-L_j. So every order n = 4 r has dense ones, and permutations and signs of rows and columns give
more. The Gaussian integers a + bi do the same for n = 2 r, and H itself is on every grid.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.errors import ParameterError
from hadamrnn.networks.hadamard import MOST_ORDER, hadamard, is_order
from hadamrnn.networks.quantize import NORMAL_STEPS, codes, most_code, quantize

#: Passes over all rows after which a rounding is not improved any more.
MOST_PASSES = 100
#: The bits for which :func:`grid_orthogonal` has matrices.
MOST_GRID_BITS = 6
#: The steps of a code.
SIDES = np.array([[-1.0], [1.0]])


def on_grid(n: int, *, bits: int) -> bool:
    """Whether :func:`grid_orthogonal` has matrices of that order."""
    return n % 4 == 0 and n <= 4 * MOST_ORDER and is_order(n // 4) and 1 < bits <= MOST_GRID_BITS


def require_grid(n: int, *, bits: int) -> None:
    """Raises ParameterError unless there are such matrices."""
    if not on_grid(n, bits=bits):
        allowed = f"must be 4 r with a Hadamard matrix of order r, and recurrent_bits={bits} from 2 to {MOST_GRID_BITS}"
        raise ParameterError("hidden", n, f"{allowed}, for an orthogonal start on their grid")


def grid_orthogonal(n: int, *, bits: int, rng: np.random.Generator) -> Array:
    """A random orthogonal matrix C / sqrt(r m) as above, whose codes C the scale "rms" finds again.

    n = 4 r with the order r of a Hadamard matrix; the quaternions are signed permutations of :func:`quaternion`. Raises
    ParameterError if there is no such r, or ``bits`` is not from 2 to 6.

    >>> C = np.rint(grid_orthogonal(16, bits=3, rng=np.random.default_rng(0)) * np.sqrt(40)).astype(int)
    >>> bool((C @ C.T == 40 * np.eye(16)).all()), np.unique(np.abs(C))
    (True, array([1, 2]))
    """
    require_grid(n, bits=bits)
    parts, blocks = quaternion(bits), n // 4
    C = np.kron(hadamard(blocks), np.eye(4, dtype=int))
    for columns in np.split(np.arange(n), blocks):
        a, b, c, d = rng.permutation(parts) * rng.choice((-1, 1), size=4)
        C[:, columns] @= np.array([[a, -b, -c, -d], [b, a, -d, c], [c, d, a, -b], [d, -c, b, a]])
    for _ in range(2):  # rows, then columns
        C = (C[rng.permutation(n)] * rng.choice((-1, 1), size=(n, 1))).T
    return np.asarray(C / np.sqrt(blocks * np.square(parts).sum()))


def quaternion(bits: int) -> tuple[int, ...]:
    """Four codes from 1 to q whose mean square is nearest to that of normal entries with the step of "rms".

    >>> [quaternion(bits) for bits in (2, 3, 4)]
    [(1, 1, 1, 1), (1, 1, 2, 2), (2, 2, 3, 4)]
    """
    best = 4 / NORMAL_STEPS[bits - 1] ** 2
    found = combinations_with_replacement(range(1, 2 ** (bits - 1)), 4)
    return min(found, key=lambda parts: abs(sum(a * a for a in parts) - best))


def rounded(W: Array, *, bits: int) -> Array:
    """A matrix with ``bits`` for each entry near an orthogonal W, and nearer to orthogonal than W quantised.

    >>> W = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))[0]
    >>> near, nearest = rounded(W, bits=3), quantize(W, bits=3)
    >>> [round(float(np.linalg.norm(Q.T @ Q - np.eye(16))), 1) for Q in (near, nearest)]
    [0.6, 1.1]
    """
    found = nearly_orthogonal(codes(W, bits=bits, scale="rms")[0], bits=bits).astype(W.dtype)
    return quantize(found, bits=bits, scale="rms", norm=np.sqrt(len(W)))


def nearly_orthogonal(C: Array, *, bits: int) -> Array:
    """Codes near C with rows nearer to orthogonal and of equal norm, by steps of +-1 that lower ||C C^T - m I||_F.

    m: the mean square norm of the rows of C, which stays fixed. In turn each row takes the best step of one of its
    entries, in n^2 operations, until no step is of use.

    >>> nearly_orthogonal(np.array([[3, 1], [0, 3]]), bits=3)
    array([[3, 0],
           [0, 3]])
    """
    found, most = C.astype(np.float64), most_code(bits)
    gram, m = found @ found.T, np.square(found).sum() / len(C)
    for _ in range(MOST_PASSES):
        moves = 0
        for i, row in enumerate(found):
            others = gram[i].copy()
            others[i] = 0
            excess, squares = gram[i, i] - m, np.square(found).sum(0) - np.square(row)
            slope = others @ found
            change = 2 * (2 * SIDES * slope + squares) + (excess + 2 * SIDES * row + 1) ** 2 - excess**2
            which, j = np.unravel_index(np.where(np.abs(row + SIDES) > most, np.inf, change).argmin(), change.shape)
            if change[which, j] < 0:
                row[j] += SIDES[which, 0]
                gram[i] = gram[:, i] = found @ row
                moves += 1
        if not moves:
            break
    return found.astype(C.dtype)
