"""Orders of magnitude: as they are read, and compared exactly, up to logarithms."""

from __future__ import annotations

from typing import Any

__all__ = ["decays_more_slowly", "gathered", "needed", "powers", "same_order"]

_SIMPLE = 1000  # numerators and denominators of exponents that SymPy's powers of numbers take


def gathered(rate: Any) -> Any:
    """A rate as it is read: factors of one exponent under one power, cases outside of all powers.

    The powers are not evaluated, as SymPy would raise the factors one by one.

    >>> import sympy
    >>> W, L, d = sympy.symbols("W L d", positive=True)
    >>> gathered((L * W) ** sympy.Rational(-1, 5) * sympy.log(W) ** sympy.Rational(-3, 5))
    1/((L*W)**(1/5)*log(W)**(3/5))
    >>> gathered(W ** sympy.Piecewise((-1, sympy.Eq(d, 1)), (0, True)))
    Piecewise((1/W, Eq(d, 1)), (1, True))
    """
    import sympy

    from approxbounds.symbolic import RealPower

    expression = sympy.S(rate)
    if expression.has(sympy.Piecewise):
        cases = sympy.piecewise_fold(expression).args
        return sympy.Piecewise(*((gathered(value), condition) for value, condition in cases))
    bases: dict[Any, list[Any]] = {}
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.args if factor.is_Pow else (factor, sympy.Integer(1))
        bases.setdefault(exponent, []).append(base)
    roots = {exponent for exponent in bases if exponent.is_Rational and not exponent.is_Integer}
    long = {exponent for exponent in roots if max(abs(exponent.p), exponent.q) > _SIMPLE}
    if not long and all(len(bases[exponent]) == 1 for exponent in roots):
        return expression
    product = []
    for exponent, factors in bases.items():
        base = sympy.Mul(*factors)
        if exponent in long:  # short, also with a number for the size
            product.append(RealPower(base, exponent))
        else:
            product.append(sympy.Pow(base, exponent, evaluate=exponent not in roots))
    return product[0] if len(product) == 1 else sympy.Mul(*product, evaluate=False)


def powers(rate: Any) -> dict[Any, Any] | None:
    """The powers of the sizes (the symbols) in a rate, logarithms and constants left out.

    Exponents count as fixed. For a rate that is not a product of powers, such as a sum, None: nothing is said
    about it.

    >>> import sympy
    >>> W, L, s, d = sympy.symbols("W L s d", positive=True)
    >>> powers((L * W * sympy.log(W)) ** (-s / d) * sympy.log(W) ** -3) == {W: -s / d, L: -s / d}
    True
    >>> powers(sympy.Min(W**2, L * W)) is None
    True
    """
    import sympy

    from approxbounds.symbolic import RealPower

    expression = sympy.S(rate)
    if expression.is_infinite:
        return None
    if expression.is_number or isinstance(expression, sympy.log):
        return {}
    if expression.is_Symbol:
        return {expression: sympy.Integer(1)}
    if expression.is_Pow or isinstance(expression, RealPower):
        base, exponent = expression.args
        inner = powers(base)
        if inner is None or exponent.free_symbols & base.free_symbols:
            return None
        return {symbol: power * exponent for symbol, power in inner.items()}
    if not expression.is_Mul:
        return None
    total: dict[Any, Any] = {}
    for factor in expression.args:
        inner = powers(factor)
        if inner is None:
            return None
        for symbol, power in inner.items():
            total[symbol] = total.get(symbol, 0) + power
    return total


def _differences(first: Any, second: Any) -> dict[Any, Any] | None:
    """The powers of the first rate minus those of the second, for each size."""
    import sympy

    one, other = powers(first), powers(second)
    if one is None or other is None:
        return None
    return {x: sympy.factor(sympy.together(one.get(x, 0) - other.get(x, 0))) for x in {**one, **other}}


def same_order(first: Any, second: Any) -> bool:
    """Whether two rates certainly agree up to logarithms and constants.

    >>> import sympy
    >>> W, s = sympy.symbols("W s", positive=True)
    >>> same_order((W * sympy.log(W)) ** -s, W**-s), same_order(W**-s, W ** (-2 * s))
    (True, False)
    """
    differences = _differences(first, second)
    return differences is not None and all(difference == 0 for difference in differences.values())


def decays_more_slowly(first: Any, second: Any, scale: Any = None) -> bool:
    """Whether the first rate is certainly larger by a power: in no size smaller, in one size larger.

    Sizes grow; ``scale`` is an expression that tends to 0, and with it the symbols of which it is a positive power.

    >>> import sympy
    >>> W, L = sympy.symbols("W L", positive=True)
    >>> decays_more_slowly(1, 1 / W), decays_more_slowly(1 / W, sympy.log(W) / W), decays_more_slowly(1 / L, 1 / W)
    (True, False, False)
    >>> gamma = sympy.Symbol("gamma", positive=True)
    >>> decays_more_slowly(gamma**-3, gamma**-2), decays_more_slowly(gamma**-3, gamma**-2, scale=gamma)
    (False, True)
    """
    differences = _differences(first, second)
    if differences is None:
        return False
    small = {
        size for size, power in ((powers(scale) if scale is not None else None) or {}).items() if power.is_positive
    }
    gains = [-difference if size in small else difference for size, difference in differences.items()]
    return all(gain.is_nonnegative for gain in gains) and any(gain.is_positive for gain in gains)


def needed(rate: Any, size: Any, error: Any) -> Any:
    """The order of the size W that an error eps needs, as eps -> 0, if the error is at least of the order ``rate``.

    For a rate A W^{-b} (log W)^{-g} with b > 0, g >= 0, where A <= 1 decreases in the other sizes: at an error eps
    either W >= eps^{-1/b}, or log W <= log(1/eps)/b; so W is at least of order (A log(1/eps)^{-g}/eps)^{1/b}. A size
    of smaller order is excluded. None for other rates; infinity if the rate does not fall with W.

    >>> import sympy
    >>> W, L, s, d, eps = sympy.symbols("W L s d eps", positive=True)
    >>> needed((L * W * sympy.log(W)) ** (-s / d), W, eps)
    1/(L*eps**(d/s)*log(1/eps))
    >>> needed(sympy.Integer(1), W, eps), needed(1 / (1 + W), W, eps)
    (oo, None)
    """
    import sympy

    log = sympy.Dummy("log", positive=True)
    expression = sympy.S(rate).subs(sympy.log(size), log)
    if expression == sympy.oo:
        return sympy.oo
    found = powers(expression)
    if found is None:
        return None
    power, falls_with_log = (found.get(each, sympy.Integer(0)) for each in (size, log))
    if not falls_with_log.is_nonpositive:
        return None
    if power == 0:
        return sympy.oo if falls_with_log == 0 and not expression.free_symbols else None
    if not power.is_negative:
        return None
    rest = sympy.powdenest(expression.subs(size, 1), force=True)
    order = sympy.powsimp(sympy.powdenest(rest ** (-1 / power), force=True) * error ** (1 / power))
    return order.subs(log, sympy.log(1 / error))
