"""SymPy powers and exponentials that stay small. Import it only where SymPy is wanted (start-up stays quick)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import mpmath
import sympy
from mpmath.ctx_iv import MPIntervalContext
from sympy.printing.precedence import PRECEDENCE

__all__ = ["LogBinomial", "LogBinomialSum", "RealPower", "exponential", "extreme", "power"]

_SIMPLE = 1000  # exponents p/q with |p|, q up to this are left to SymPy,
_MOST_BITS = 1000  # for bases whose numbers, and their powers, have at most this many bits
_MOST_IN_ROOTS = 20_000  # bits of n^p or n^q, which SymPy may write out for n^(p/q)
_LARGEST_PRIME = 2**15  # by which SymPy's powers divide
_INTERVALS = MPIntervalContext()
_INTERVALS.dps = 50


@lru_cache(maxsize=1024)
def _value(base: Any, exponent: Any, bits: int) -> Any:
    with mpmath.workprec(bits):
        return mpmath.power(base._to_mpmath(bits), exponent._to_mpmath(bits))


class RealPower(sympy.Function):  # type: ignore[misc]
    """base^exponent for a base >= 0 and a real exponent, where Pow would not end once numbers are inserted.

    SymPy computes 2^(-n) for n = 10^10 as a fraction, and raises the prime factors of 1800 to the numerator of the
    exponent: for the exact value of the float 0.7 that is a number of 10^16 digits. Here numbers are evaluated where
    the result is short, else they are kept. In all else it is a power: it has derivatives, limits and series, prints
    as one in every language, and ``rewrite(Pow)`` gives SymPy's own, but for numbers.

    >>> n = sympy.Symbol("n", positive=True)
    >>> f = RealPower(2, -n)
    >>> f, f.diff(n), f.subs(n, 3), f.subs(n, 10**10), f.rewrite(sympy.Pow).func.__name__
    (2**(-n), -log(2)*2**(-n), 1/8, 2**(-10000000000), 'Pow')
    """

    nargs = 2
    precedence = PRECEDENCE["Pow"]  # for printers: its own powers need brackets

    @classmethod
    def eval(cls, base: Any, exponent: Any) -> Any:
        if base == 1 or exponent == 0:
            return sympy.Integer(1)
        if exponent == 1:
            return base
        if base == 0 or any(x.has(sympy.Float) or x.is_finite is False for x in (base, exponent)):
            return base**exponent
        return _short(base, exponent)

    def fdiff(self, argindex: int = 1) -> Any:
        base, exponent = self.args
        return self * (exponent / base if argindex == 1 else sympy.log(base))

    def _eval_is_extended_nonnegative(self) -> bool:
        return True

    def _eval_is_extended_positive(self) -> Any:
        return self.args[0].is_positive or None

    def _eval_is_finite(self) -> Any:
        base, exponent = self.args
        return (base.is_positive and base.is_finite and exponent.is_finite) or None

    def _eval_evalf(self, prec: int) -> Any:
        base, exponent = self.args
        if not (base.is_number and exponent.is_number):
            return None
        # the exponent multiplies the error of the base; few precisions, as nested powers ask again and again
        bits = 64 * ((prec + 20 + int(abs(exponent)).bit_length()) // 64 + 1)
        return sympy.Float._new(_value(base, exponent, bits)._mpf_, prec)

    def _eval_rewrite_as_Pow(self, base: Any, exponent: Any, **_: Any) -> Any:
        return self if self.is_number else base**exponent

    def _eval_rewrite_as_exp(self, base: Any, exponent: Any, **_: Any) -> Any:
        return self if self.is_number else sympy.exp(exponent * sympy.log(base))

    _eval_rewrite_as_tractable = _eval_rewrite_as_exp  # for limits

    def _eval_nseries(self, x: Any, n: Any, logx: Any, cdir: Any = 0) -> Any:
        return self.rewrite(sympy.Pow)._eval_nseries(x, n, logx, cdir)

    def _eval_as_leading_term(self, x: Any, logx: Any = None, cdir: Any = 0) -> Any:
        return self.rewrite(sympy.Pow).as_leading_term(x, logx=logx, cdir=cdir)

    def _sympystr(self, printer: Any) -> str:
        base, exponent = (printer.parenthesize(x, PRECEDENCE["Pow"], strict=False) for x in self.args)
        return f"{base}**{exponent}"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        base = printer.parenthesize(self.args[0], PRECEDENCE["Pow"])
        shown = rf"{base}^{{{printer._print(self.args[1])}}}"
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"

    def _pretty(self, printer: Any) -> Any:
        return printer._print(sympy.Pow(*self.args, evaluate=False))

    def _code(self, printer: Any) -> str:
        """In languages that compute in doubles."""
        if self.is_number:
            return str(printer._print(self.evalf(17)))
        base, exponent = self.args  # an integer to a negative integer is an error in NumPy
        return str(printer._print(sympy.Pow(base.evalf(17) if base.is_number else base, exponent, evaluate=False)))

    _pythoncode = _numpycode = _lambdacode = _numexprcode = _ccode = _cxxcode = _fcode = _octave = _julia = _code
    _javascript = _rcode = _glsl = _cupycode = _jaxcode = _tensorflowcode = _torchcode = _code

    def _rust_code(self, printer: Any) -> str:
        """As SymPy's printer takes no power of symbols that are integers."""
        if self.is_number:
            return self._code(printer)
        return f"({printer._print(self.args[0])} as f64).powf({printer._print(self.args[1])})"

    def _mpmathcode(self, printer: Any) -> str:
        base, exponent = map(printer._print, self.args)
        return f"{printer._module_format('mpmath.power')}({base}, {exponent})"

    def _mcode(self, printer: Any) -> str:
        base, exponent = (printer.parenthesize(x, PRECEDENCE["Pow"]) for x in self.args)
        return f"{base}^{exponent}"


class _KeptNumber(sympy.Function):  # type: ignore[misc]
    """A function of integers that SymPy would write out in full: it stays as it is and has a value.

    Languages print its value in double precision.
    """

    nargs = 2

    def _eval_is_extended_nonnegative(self) -> bool:
        return True

    def _code(self, printer: Any) -> str:
        return str(printer._print(self.evalf(17)))

    _pythoncode = _numpycode = _lambdacode = _numexprcode = _ccode = _cxxcode = _fcode = _octave = _julia = _code
    _javascript = _rcode = _glsl = _cupycode = _jaxcode = _tensorflowcode = _torchcode = _rust_code = _mcode = _code

    def _mpmathcode(self, printer: Any) -> str:
        return str(printer._print(self.evalf(printer._settings.get("precision", 17) + 40)))


class LogBinomial(_KeptNumber):
    """log C(n, j) for integers 0 <= j <= n of any size, of which binomial(n, j) would write all digits.

    >>> LogBinomial(10**9, 10**8).evalf(10), LogBinomial(10, 3).rewrite(sympy.binomial)
    (325082963.3, log(120))
    """

    def _eval_evalf(self, prec: int) -> Any:
        n, j = map(int, self.args)
        return sympy.Float._new(_log_binomial(n, j, prec)._mpf_, prec)

    def _eval_rewrite_as_binomial(self, n: Any, j: Any, **_: Any) -> Any:
        return sympy.log(sympy.binomial(n, j))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        shown = rf"\log\binom{{{self.args[0]}}}{{{self.args[1]}}}"
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"


class LogBinomialSum(_KeptNumber):
    """log V(n, j) for integers 0 <= j < n, V(n, j) = sum_{i<=j} C(n, i).

    >>> LogBinomialSum(10**9, 100).evalf(10), float(LogBinomialSum(10, 9)) == float(sympy.log(2**10 - 1))
    (1708.587203, True)
    """

    def _eval_evalf(self, prec: int) -> Any:
        n, j = map(int, self.args)
        with mpmath.workprec(prec + 30):
            if 2 * j < n:
                value = _log_lower_tail(n, j)
            else:  # V(n, j) = 2^n - V(n, n-j-1)
                rest = _log_lower_tail(n, n - j - 1) if j < n else mpmath.mpf("-inf")
                with mpmath.workprec(prec + 30 + n.bit_length()):
                    whole = n * mpmath.log(2)
                    value = whole + mpmath.log1p(-mpmath.exp(rest - whole))
        return sympy.Float._new(value._mpf_, prec)

    def _eval_rewrite_as_Sum(self, n: Any, j: Any, **_: Any) -> Any:
        i = sympy.Dummy("i", integer=True, nonnegative=True)
        return sympy.log(sympy.Sum(sympy.binomial(n, i), (i, 0, j)))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        shown = rf"\log\sum_{{i\le {self.args[1]}}}\binom{{{self.args[0]}}}{{i}}"
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"


def _log_binomial(n: int, j: int, bits: int) -> Any:
    """log C(n, j), from logarithms of Gamma that nearly cancel: at so many more bits."""
    with mpmath.workprec(bits + 2 * n.bit_length() + 30):
        return mpmath.loggamma(n + 1) - mpmath.loggamma(j + 1) - mpmath.loggamma(n - j + 1)


def _log_lower_tail(n: int, j: int) -> Any:
    """log V(n, j), 2j < n: C(n, j) (1 + r_1 + r_1 r_2 + ...) with r_i = (j-i+1)/(n-j+i) < 1."""
    total = term = mpmath.mpf(1)
    for i in range(1, j + 1):
        term = term * (j - i + 1) / (n - j + i)
        total += term
        if term * j < total * mpmath.eps:
            break
    return _log_binomial(n, j, mpmath.mp.prec) + mpmath.log(total)


def _short(base: Any, exponent: Any) -> Any:
    """base ** exponent in nodes of SymPy that cannot grow when they are evaluated again, or None.

    Powers with a long q in the exponent p/q do, as SymPy joins them to others: 802^e and 2^e to 1604^e, from which it
    takes integers of about q digits.
    """
    if not exponent.is_Rational or not base.is_number:
        return None
    if exponent.q > _SIMPLE or _long_root(base, exponent):
        return None
    if not _large(base, exponent):
        return base**exponent
    if not base.is_Rational or _bits(base) * max(abs(exponent), 1) > _MOST_BITS:
        return None
    product = sympy.Integer(1)  # factor by factor, with exponents in [0, 1): what is left has nothing to be moved
    for factor, times in sympy.factorrat(base, limit=_LARGEST_PRIME).items():
        whole, part = divmod(times * exponent, 1)
        product *= sympy.Integer(factor) ** whole * sympy.Integer(factor) ** part
    return product


def power(base: Any, exponent: Any) -> Any:
    """base ** exponent, as :class:`RealPower` where SymPy's power would not end, now or with numbers for symbols.

    >>> abs(power(sympy.Integer(1202), sympy.Rational(0.3)).evalf(15) - 1202**0.3) < 1e-12
    True
    >>> power(sympy.Integer(8), sympy.Rational(1, 3))
    2
    """
    if not (exponent.is_Rational and (_large(base, exponent) or _long_root(base, exponent))):
        return base**exponent
    if base.is_Mul and not base.is_number:
        number, rest = base.as_independent(*base.free_symbols, as_Add=False)
        return RealPower(number, exponent) * RealPower(rest, exponent)
    return RealPower(base, exponent)


def _simple(exponent: Any) -> bool:
    return bool(max(abs(exponent.p), exponent.q) <= _SIMPLE)


def _large(base: Any, exponent: Any) -> bool:
    """Whether the power of the numbers in ``base`` would have too many digits, or they would to be factored."""
    bits = _bits(base)
    return bool(not _simple(exponent) or bits * max(abs(exponent), 1) > _MOST_BITS)


def _long_root(base: Any, exponent: Any) -> bool:
    """Whether SymPy may write out a long integer for n^(p/q), alone or when it compares products of such roots."""
    return bool(base.is_Rational and exponent.q > 1 and _bits(base) * max(abs(exponent.p), exponent.q) > _MOST_IN_ROOTS)


def _bits(base: Any) -> int:
    """The most bits of a number in ``base``."""
    return max((max(abs(x.p), x.q).bit_length() for x in base.atoms(sympy.Rational)), default=0)


def exponential(x: Any) -> Any:
    """exp(x) as a product: the terms c log(y) of x, with y > 0, give y^c.

    >>> n = sympy.Symbol("n", positive=True)
    >>> exponential(n * (sympy.log(3) + 1) + sympy.log(n) / 2)
    3**n*sqrt(n)*exp(n)
    """
    product = sympy.Integer(1)
    for term in sympy.Add.make_args(sympy.expand_mul(x)):
        logarithm = next((factor for factor in sympy.Mul.make_args(term) if isinstance(factor, sympy.log)), None)
        product *= sympy.exp(term) if logarithm is None else power(logarithm.args[0], term / logarithm)
    return product


@lru_cache(maxsize=1024)  # the orders of a class are asked for by each theorem
def extreme(xs: tuple[Any, ...], *, least: bool) -> Any:
    """The least or largest of the numbers xs; Min or Max of those that agree to 20 digits, and of symbols.

    Intervals of 50 digits decide where they can, as the parts that numbers have in common are enclosed once; else
    values to 30 digits do. SymPy would compare all pairs, each time at growing precision.

    >>> extreme((sympy.sqrt(2), sympy.Rational(3, 2), sympy.Integer(7)), least=True)
    sqrt(2)
    """
    candidates, node = list(dict.fromkeys(xs)), sympy.Min if least else sympy.Max
    if not all(x.is_number for x in candidates):
        return node(*candidates)
    enclosed = [_enclosed(x) for x in candidates]
    if None not in enclosed:
        edge = min(y.b for y in enclosed) if least else max(y.a for y in enclosed)
        pairs = zip(candidates, enclosed, strict=True)
        candidates = [x for x, y in pairs if (y.a <= edge if least else y.b >= edge)]
        if len(candidates) == 1:
            return candidates[0]
    values = [x.evalf(30) for x in candidates]
    best = min(values) if least else max(values)
    near = [x for x, value in zip(candidates, values, strict=True) if abs(value - best) <= abs(best) * 1e-20]
    return near[0] if len(near) == 1 else node(*near, evaluate=False)


@lru_cache(maxsize=2**14)
def _enclosed(x: Any) -> Any:
    """An interval with the number x, made of those of its parts; None if there are others than +, *, powers and log."""
    if x.is_Rational:
        return _INTERVALS.mpf(x.p) / x.q
    if not (x.is_Add or x.is_Mul or x.is_Pow or isinstance(x, (RealPower, sympy.log))):
        return None
    parts = [_enclosed(y) for y in x.args]
    if None in parts:
        return None
    if x.is_Add:
        return sum(parts)
    if x.is_Mul:
        return math.prod(parts)
    if not parts[0].a > 0:  # of other numbers powers may not be real
        return None
    return _INTERVALS.log(parts[0]) if isinstance(x, sympy.log) else parts[0] ** parts[1]
