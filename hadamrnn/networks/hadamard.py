"""Hadamard matrices: H with entries -1 and 1 and H H^T = n I, by Sylvester, Paley and Kronecker products.

A power of two gives Sylvester's matrix. Every other order is the Kronecker product of its two most
balanced factors that are orders themselves, if there are any; else a matrix of Paley: with q a power of
an odd prime, order q + 1 if q = 3 mod 4 and order 2(q + 1) if q = 1 mod 4 (Paley 1933).
"""

from functools import cache
from itertools import product

import numpy as np

from hadamrnn.arrays import Array
from hadamrnn.errors import ParameterError
from hadamrnn.validation import integer

MOST_ORDER = 2**14


def hadamard(n: int) -> Array:
    """The Hadamard matrix of order n as int8, the Kronecker product of :func:`factors`.

    Raises ParameterError, with the nearest orders, if the constructions do not reach n.

    >>> hadamard(2).tolist()
    [[1, 1], [1, -1]]
    >>> H = hadamard(12).astype(int)
    >>> bool((H @ H.T == 12 * np.eye(12)).all())
    True
    """
    return _dense(require_order("n", n)).copy()


def factors(n: int) -> tuple[Array, Array]:
    """Two int8 Hadamard matrices with hadamard(n) as their Kronecker product, as balanced as there are.

    Applying the two in turn costs n(a + b) instead of n^2 operations with n = ab.

    >>> [len(factor) for factor in factors(128)], [len(factor) for factor in factors(20)]
    ([8, 16], [1, 20])
    """
    left, right = _split(require_order("n", n))
    return _dense(left), _dense(right)


def orders(most: int) -> tuple[int, ...]:
    """The orders up to ``most`` that the constructions reach.

    >>> orders(20)
    (1, 2, 4, 8, 12, 16, 20)
    >>> sorted(set(range(4, 101, 4)) - set(orders(100)))
    [92]
    """
    return tuple(n for n in range(1, integer("most", most, most=MOST_ORDER) + 1) if is_order(n))


def require_order(name: str, n: object) -> int:
    """n, if a Hadamard matrix of that order can be built; else a ParameterError that names the nearest orders."""
    order = integer(name, n, most=MOST_ORDER)
    if not is_order(order):
        below = next(k for k in range(order, 0, -1) if is_order(k))
        above = next(k for k in range(order, MOST_ORDER + 1) if is_order(k))
        why = "must be 1, 2 or a multiple of 4" if order % 4 else "this Hadamard matrix has no construction here"
        raise ParameterError(name, n, f"{why}; the nearest are {below}, {above}")
    return order


@cache
def _split(n: int) -> tuple[int, int]:
    """The most balanced a <= b with n = ab, both orders of matrices; (1, n) if there is no other."""
    pairs = ((a, n // a) for a in range(int(n**0.5), 1, -1) if n % a == 0)
    return next((pair for pair in pairs if all(map(is_order, pair))), (1, n))


@cache
def is_order(n: int) -> bool:
    """Whether :func:`hadamard` reaches n."""
    return n in (1, 2) or (n % 4 == 0 and (_paley(n) is not None or _split(n)[0] > 1))


@cache
def _dense(n: int) -> Array:
    left, right = _split(n)
    if n <= 2:
        matrix: Array = np.array([[1, 1], [1, -1]], dtype=np.int8)[:n, :n]
    elif left > 1:
        matrix = np.kron(_dense(left), _dense(right))
    else:
        matrix = _paley_matrix(n)
    matrix.flags.writeable = False
    return matrix


@cache
def _paley(n: int) -> tuple[int, int] | None:
    """(p, k) with q = p^k that gives a matrix of Paley of order n, the first kind before the second."""
    for q, residue in ((n - 1, 3), (n // 2 - 1, 1)):
        if q % 4 == residue and q > 1:
            p = next((p for p in range(3, int(q**0.5) + 1, 2) if q % p == 0), q)
            k = next(k for k in range(1, 64) if p**k >= q)
            if p**k == q:
                return p, k
    return None


def _paley_matrix(n: int) -> Array:
    p, k = _paley(n) or (0, 0)
    q = p**k
    digits = np.array(list(product(range(p), repeat=k)))
    place = p ** np.arange(k)[::-1]
    character = np.zeros(q, dtype=np.int8)
    powers = _powers_of_generator(p, k) @ place
    character[powers[::2]], character[powers[1::2]] = 1, -1
    core = np.zeros((q + 1, q + 1), dtype=np.int8)
    core[0, 1:], core[1:, 0] = 1, -1 if q % 4 == 3 else 1
    for i, element in enumerate(digits):  # by rows: the table of all differences would be large
        core[i + 1, 1:] = character[(element - digits) % p @ place]
    identity = np.eye(q + 1, dtype=np.int8)
    if q % 4 == 3:
        return identity + core
    diagonal = np.array([[1, -1], [-1, -1]], dtype=np.int8)
    return np.kron(core, _dense(2)) + np.kron(identity, diagonal)


def _powers_of_generator(p: int, k: int) -> Array:
    """The powers 1, x, x^2, ... of a generator of the multiplicative group of GF(p^k), as digits.

    The field is Z_p[x] modulo x^k = c_1 x^(k-1) + ... + c_k; the first c for which x has order p^k - 1
    makes it one, and x a generator.
    """
    one = (0,) * (k - 1) + (1,)
    for relation in product(range(p), repeat=k):
        powers, element = [one], one
        while len(powers) < p**k:
            shifted = (*element[1:], 0)
            element = tuple((s + element[0] * c) % p for s, c in zip(shifted, relation, strict=True))
            if element == one or not any(element):
                break
            powers.append(element)
        if element == one and len(powers) == p**k - 1:
            return np.array(powers)
    raise AssertionError("every finite field has a primitive polynomial")
