"""Orthogonal matrices whose entries are integers of k bits over one square root.

A matrix C of integers is on the grid of k bits if |C_ij| <= q with q = 2^(k-1) - 1 (for k = 1, q = 1). If
C^T C = m I, then C / sqrt(m) is orthogonal without any rounding, and C may be the codes of W.

Quaternions give such matrices: with integers a, b, c, d the matrix L of the multiplication from the left by
a + bi + cj + dk has entries +-a, ..., +-d and L^T L = (a^2 + b^2 + c^2 + d^2) I. Products of such matrices have large
entries, but not those with one Hadamard matrix: for H of order r and L_1, ..., L_r of one norm m,

    C = (H (x) I_4) diag(L_1, ..., L_r),      C^T C = diag(L_j^T (r I) L_j) = r m I,

and a block of C is +-L_j. So every order n = 4 r has dense ones, and permutations and signs of rows and columns give
more. The Gaussian integers a + bi do the same for n = 2 r, and H itself is on every grid.
"""

from itertools import combinations_with_replacement

import numpy as np

from hadamrnn.arrays import Array, Rng
from hadamrnn.errors import ParameterError
from hadamrnn.networks.hadamard import MOST_ORDER, hadamard, is_order
from hadamrnn.networks.quantize import NORMAL_STEPS

#: The bits for which :func:`grid_orthogonal` has matrices.
MOST_GRID_BITS = 6


def on_grid(n: int, *, bits: int | None) -> bool:
    """Whether :func:`grid_orthogonal` has matrices of that order."""
    return n % 4 == 0 and n <= 4 * MOST_ORDER and is_order(n // 4) and 1 < (bits or 0) <= MOST_GRID_BITS


def require_grid(n: int, *, bits: int | None) -> None:
    """Raises ParameterError unless there are such matrices."""
    if not on_grid(n, bits=bits):
        allowed = f"must be 4 r with a Hadamard matrix of order r, and recurrent_bits={bits} from 2 to {MOST_GRID_BITS}"
        raise ParameterError("hidden", n, f"{allowed}, for an orthogonal start on their grid")


def grid_orthogonal(n: int, *, bits: int, rng: Rng) -> Array:
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
