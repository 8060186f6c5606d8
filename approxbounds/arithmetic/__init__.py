"""Three arithmetics behind one small interface; every formula is written once against it.

* :data:`FLOAT`: NumPy doubles, vectorised: fast search and plots. Approximate.
* :data:`BALL`: python-flint ``arb`` balls: rigorous enclosures. Only these certify.
* :data:`SYMBOLIC`: SymPy: closed forms and rates.

A formula receives one of them as ``A``, turns exact parameters into numbers with ``A.number`` and then uses
``+ - * /`` and the methods of :class:`Arithmetic`. ``A.number`` raises ParameterError for values that the arithmetic
does not take: balls, for example, refuse doubles, whose rounding nobody knows.
Sample sizes and indices (``m``, ``N``, ``h``) are passed as exact ints (balls), as arrays or floats (NumPy) or as
expressions (SymPy).
Both count what they do (:mod:`approxbounds.arithmetic.meter`), so that a caller can limit it.
This room is the only door to python-flint, whose precision is global: it is set by :func:`precision`.
"""

from approxbounds.arithmetic.balls import BALL, ceil_float, floor_float, integer, precision
from approxbounds.arithmetic.floats import FLOAT, usual_errors
from approxbounds.arithmetic.interface import EXACT_TERMS, Arithmetic, V, Value, log2_lower_tail
from approxbounds.arithmetic.meter import limited, spend
from approxbounds.arithmetic.symbols import SYMBOLIC

__all__ = [
    "BALL",
    "EXACT_TERMS",
    "FLOAT",
    "SYMBOLIC",
    "Arithmetic",
    "V",
    "Value",
    "ceil_float",
    "floor_float",
    "integer",
    "limited",
    "log2_lower_tail",
    "precision",
    "spend",
    "usual_errors",
]
