"""One table of bad calls for everything public: each raises a named error that echoes the name and the value."""

import datetime
import json
import math
import traceback
from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

import mpmath
import numpy as np
import pytest
import sympy

import approxbounds as ab
from approxbounds.cli import main
from approxbounds.parameters import Choice, Entries, Exact, Exponent, Flag, Integer, declared
from approxbounds.testing import examples
from approxbounds.validation import LARGEST

HOLDER, LIPSCHITZ = ab.HolderBall(smoothness="3/2", dim=2), ab.LipschitzBall(dim=2)
MONOTONE = ab.MonotoneFunctions(dim=2)
RELU, LINEAR = ab.ReLUNetwork(widths=(4,), input_dim=2), ab.LinearSpace(dimension=2)
RELU1, SKIP = ab.ReLUNetwork(widths=(4,), input_dim=1), partial(ab.SkipNetwork, widths=(4,), input_dim=2)
ENTROPY = ab.EntropyClass(exponent=1, norm=2)
SIZE = sympy.Symbol("W", positive=True)
WEIGHTS = partial(ab.required_weights, error=1, p=2, depth=3)
FROM_ABOVE = {
    each.__name__: partial(each, error=1, p=2, depth=3)
    for each in (ab.sufficient_width, ab.sufficient_weights, ab.weights_bracket)
}
X = sympy.Symbol("x", positive=True)
STEPS = ab.bracket(ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(3,), input_dim=1), p=2)
BUILT = STEPS.upper.build(lambda x: x[:, 0])
CASE = ab.average_case(ab.LipschitzBall(dim=1), LINEAR, p=2, member={"k": 16})
BOUND = ab.lower_bound(LIPSCHITZ, RELU, p=2)


class Endless:
    """An iterable without end; it gives up (with an error of its own) long before the memory does."""

    def __iter__(self):
        for _ in range(10**5):
            yield 4
        raise RuntimeError("someone iterates without end")


#: No numbers, or not in any allowed range; negative numbers.
JUNK = [
    *(None, True, False, "", "one", "1/0", "1e", "0x10", "1_0", "nan", "1+1", "1/2/3", "__import__('os')", b"1"),
    *(mpmath.mpf("nan"), mpmath.mpf("-inf"), mpmath.mpf("1e2000"), mpmath.mpf(2) ** 10**9, mpmath.pi, mpmath.mpc(2, 0)),
    *(mpmath.iv.mpf(2), mpmath.iv.mpf([1, 2]), datetime.timedelta(2), np.timedelta64(2, "s")),
    *("\u0661\u0662", "\uff11", "1/\u0662", "\u00b2", "1e\u0661"),  # digits of other scripts
    *([], [1], (1,), {1}, {"a": 1}, object(), len, 1j, (i for i in ()), np.bool_(True), np.array([1, 2])),
    *(math.nan, -math.inf, np.float64("nan"), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")),
    *(10**5000, Decimal("1e999999999"), "1e999999999", "1e999", "9" * 500, Fraction(1, 10**400), "1e-999"),
    *(sympy.sqrt(2), sympy.pi, sympy.nan, sympy.zoo, -sympy.oo, sympy.I, sympy.true),
    *(sympy.Symbol("y"), sympy.Symbol("n", negative=True), X - 3),
]
NEGATIVE = [-1, -0.5, "-1", "-1/2", Decimal("-0.1"), Fraction(-1, 3), sympy.Integer(-2)]
NOT_NUMBERS = [*JUNK, *NEGATIVE]
INFINITE = [math.inf, mpmath.inf, "inf", Decimal("Infinity"), sympy.oo, np.float64("inf"), np.float32("inf")]
ZERO = [0, 0.0, "0", Decimal(0), Fraction(0), sympy.Integer(0), np.float64(0), -0.0]
NOT_INTEGERS = [2.5, 2.0, "2.5", "5/2", Fraction(5, 2), Decimal("2.5"), np.float64(2), sympy.Rational(5, 2), 10**400]

# name of the public callable -> parameter -> call with one bad value; parameters of classes are below
POSITIVE = {
    "FunctionClass": {"eps": lambda v: LIPSCHITZ.packing(v, p=2)},
    "EntropyClass": {"eps": lambda v: ENTROPY.packing(v, p=2)},
    "NetworkClass": {"gamma": RELU.fat_shattering},
    "required_weights": {"error": lambda v: WEIGHTS(LIPSCHITZ, error=v)},
    "required_bits": {"error": lambda v: ab.required_bits(LIPSCHITZ, RELU, error=v, p=2)},
    **{name: {"error": lambda v, call=call: call(LIPSCHITZ, error=v)} for name, call in FROM_ABOVE.items()},
    "AverageCase": {
        "theta": lambda v: CASE.high_probability(v, confidence="1/2"),
        "confidence": lambda v: CASE.high_probability("1/2", confidence=v),
    },
}
WHOLE = {
    "DenseNetwork": {"per_side": lambda v: BUILT.error(BUILT, p=2, per_side=v)},
    "Bracket": {"per_side": lambda v: STEPS.measure(BUILT, per_side=v)},
    "required_weights": {
        "depth": lambda v: WEIGHTS(LIPSCHITZ, depth=v),
        "pieces": lambda v: WEIGHTS(LIPSCHITZ, pieces=v),
    },
    **{name: {"depth": lambda v, call=call: call(LIPSCHITZ, depth=v)} for name, call in FROM_ABOVE.items()},
    "SkipNetwork": {
        "layer_weights[1]": lambda v: ab.SkipNetwork(widths=(4,), input_dim=2, layer_weights=(5, v)),
    },
}
EXPONENTS = {
    "lower_bound": {"p": lambda v: ab.lower_bound(LIPSCHITZ, RELU, p=v)},
    "lower_bounds": {"p": lambda v: ab.lower_bounds(LIPSCHITZ, RELU, p=v)},
    "upper_bound": {"p": lambda v: ab.upper_bound(LIPSCHITZ, RELU, p=v)},
    "upper_bounds": {"p": lambda v: ab.upper_bounds(LIPSCHITZ, RELU, p=v)},
    "DenseNetwork": {"p": lambda v: BUILT.error(BUILT, p=v, per_side=3)},
    "bracket": {"p": lambda v: ab.bracket(LIPSCHITZ, RELU, p=v)},
    "average_case": {"p": lambda v: ab.average_case(LIPSCHITZ, RELU, p=v)},
    "required_weights": {"p": lambda v: WEIGHTS(LIPSCHITZ, p=v)},
    "required_bits": {"p": lambda v: ab.required_bits(LIPSCHITZ, RELU, error=1, p=v)},
    **{name: {"p": lambda v, call=call: call(LIPSCHITZ, p=v)} for name, call in FROM_ABOVE.items()},
    "FunctionClass": {"p": lambda v: LIPSCHITZ.packing("1/100", p=v)},
}
ABSTRACT = {"AverageCase", "FunctionClass", "NetworkClass"}
NO_ARGUMENTS = {"Theorem"}
BELOW_ONE = [0.5, "1/2", math.nextafter(1, 0), Fraction(99, 100), Decimal("0.99"), 10**7, 10**400]
BAD_ENTRIES = [(0,), (4, -1), (4, 2.5), (4, True), (4, "x"), (4, math.nan), ((4,),), (None,), (10**400,), ("4/3",)]


def bad_widths():
    """What is not a sequence of 1 to 999 sizes; sets have no order, generators can be read only once."""
    yield from (None, 5, "8", b"8", True, 2.5, object(), (), [], (1,) * 1000, (10**9, 10**9))
    yield from ({4, 8}, frozenset({4}), {4: 1}, (i for i in (4, 8)), map(int, "48"), Endless())


def is_long(value):
    return isinstance(value, int) and value > 10**60


def shown(value):
    """How a message must echo a value: its repr, a beginning of it, or for a long integer that it is one."""
    try:
        return repr(value)[:70]
    except ValueError:
        return "integer of about" if isinstance(value, int) else ""


def not_sequences(check):
    """What is not a sequence of as many entries as the check allows; sets have no order, generators no second time."""
    yield from (5, "8", b"8", True, 2.5, object(), (), [], (1,) * (check.most + 1))
    yield from ({4, 8}, frozenset({4}), {4: 1}, (i for i in (4, 8)), map(int, "48"), Endless())


def bad_values(check):
    """Values that a declared check must refuse, and where each stands in the value of the parameter."""
    if isinstance(check, Entries):
        if check.each is None:  # the class checks the entries: see the table
            return [("", lambda v: v, list(not_sequences(check)))]
        (first, *_) = check.each.examples()
        entries = [
            (f"[1]{inner}", lambda v, put=put: (first, put(v)), bad) for inner, put, bad in bad_values(check.each)
        ]
        return [("", lambda v: v, list(not_sequences(check))), *entries]
    if isinstance(check, Flag):
        values = [None, 0, 1, "True", "yes", [], np.bool_(True), X]
    elif isinstance(check, Choice):
        values = [None, 0, "", "relu6", "LINEAR", True, [], X]
    elif isinstance(check, Exponent):
        values = NOT_NUMBERS + ZERO + BELOW_ONE
    elif isinstance(check, Integer):
        values = NOT_NUMBERS + INFINITE + NOT_INTEGERS + (ZERO if check.minimum >= 1 else [])
        if check.maximum > LARGEST:  # of finite classes
            values = [v for v in values if not (type(v) in {int, str} and v in {10**400, "1e999"})]
    else:
        assert isinstance(check, Exact)
        values = NOT_NUMBERS + INFINITE + ZERO if check.minimum > 0 else JUNK + INFINITE
    return [("", lambda v: v, values)]


def _of_classes():
    """Each parameter of each class of the library, one bad value after the other, with good ones for the others."""
    for kind in (*ab.FUNCTION_CLASSES.values(), *ab.NETWORK_CLASSES.values()):
        (good, *_) = examples(kind)
        for name, check, optional in declared(kind):
            for where, put, values in bad_values(check):
                for value in values:
                    if value is None and optional and not where:
                        continue
                    call = lambda g=good, name=name, put=put, v=value: replace(g, **{name: put(v)})  # noqa: E731
                    yield kind.__name__, f"{name}{where}=", value, call


def _generated():
    for public, name, value, call in _of_classes():
        echo = "" if isinstance(value, tuple) and len(value) > 9 else "digits" if is_long(value) else shown(value)
        yield public, call, ab.ParameterError, (name, echo)
    tables = [(POSITIVE, NOT_NUMBERS + INFINITE + ZERO), (WHOLE, NOT_NUMBERS + INFINITE + ZERO + NOT_INTEGERS)]
    for table, values in [*tables, (EXPONENTS, NOT_NUMBERS + ZERO + BELOW_ONE)]:
        for public, parameters in table.items():
            for name, call in parameters.items():
                for value in values:
                    echo = "digits" if is_long(value) else shown(value)
                    yield public, (lambda call=call, value=value: call(value)), ab.ParameterError, (f"{name}=", echo)
    for kind in (ab.ReLUNetwork, ab.HeavisideNetwork, ab.ReLUPowerNetwork, ab.FeedForwardNetwork, ab.SkipNetwork):
        for name, values in (("widths=", bad_widths()), ("widths[", BAD_ENTRIES)):
            for value in values:
                yield kind.__name__, lambda kind=kind, v=value: kind(widths=v, input_dim=2), ab.ParameterError, (name,)
    for public in ab.__all__:
        if callable(getattr(ab, public)):  # a wrong keyword, or no argument at all
            wrong = lambda public=public: getattr(ab, public)(tpyo=1)  # noqa: E731
            said = "keyword" if "Error" in public else "abstract" if public in ABSTRACT else "tpyo"
            said = "no arguments" if public in NO_ARGUMENTS else said
            yield public, wrong, TypeError, (said,)


def asks(question, *arguments, **options):
    return lambda: getattr(ab, question)(*arguments, **({"p": 2} | options))


LONG = [1 + Fraction(1, 10**400), 1 + Fraction(1, 10**5000), Decimal("1." + "1" * 5000), "1." + "1" * 101]
LONG += [sympy.Rational(10**400 + 1, 10**400), f"{10**400 + 1}/{10**400}"]
QUESTIONS = ["lower_bound", "lower_bounds", "upper_bound", "upper_bounds", "bracket", "average_case"]
P, N, A = ab.ParameterError, ab.NoNumberError, ab.NotApplicableError
SAMPLE = ab.Empirical(points=[0.0, 1.0])
SMALL = ab.lower_bound(ab.under(ab.LipschitzBall(dim=1), SAMPLE), ab.LinearSpace(dimension=1), p=2).certificate
MEASURES = [
    ("Box", lambda: ab.Box(low=(0, 0), high=(1, 0)), P, ("high[1]=0", "low[1]=0", "no volume")),
    ("Box", lambda: ab.Box(low=(0, 0), high=(1,)), P, ("high=", "as many entries as low, 2")),
    ("Box", lambda: ab.Box(low=(X,), high=(1,)), P, ("low[0]", "not a symbol")),
    ("Uniform", lambda: ab.Uniform(low=1, high=1), P, ("high=1", "no length")),
    ("Lebesgue", lambda: ab.Lebesgue(dim=0), P, ("dim=0",)),
    ("Normal", lambda: ab.Normal(dim=1, deviation=0), P, ("deviation=0", "positive")),
    ("Normal", lambda: ab.Normal(dim=1, mean=math.nan), P, ("mean=nan", "finite")),
    ("Exponential", lambda: ab.Exponential(rate=-1), P, ("rate=-1", "positive")),
    ("Laplace", lambda: ab.Laplace(scale=X), P, ("scale=", "not a symbol")),
    ("Logistic", lambda: ab.Logistic(scale=0), P, ("scale=0", "positive")),
    ("Product", lambda: ab.Product(marginals=(ab.Normal(dim=2),)), P, ("marginals[0]", "on the line")),
    ("Product", lambda: ab.Product(marginals=(SAMPLE,)), P, ("marginals[0]", "without atoms")),
    ("Product", lambda: ab.Product(marginals=(0.5,)), P, ("marginals[0]=0.5", "such as Uniform")),
    ("Density", lambda: ab.Density(sizes=(2,), cuts=(0, 1, 1), lower=(1, 1)), P, ("cuts=", "increase")),
    ("Density", lambda: ab.Density(sizes=(2,), cuts=(0, 1), lower=(1, 1)), P, ("cuts=", "must be 3")),
    ("Density", lambda: ab.Density(sizes=("1/2",), cuts=(0, 1), lower=(1,)), P, ("sizes[0]",)),
    ("Density", lambda: ab.Density(sizes=("3/2",), cuts=(0, 1), lower=(1,)), P, ("sizes=", "integers")),
    ("Density", lambda: ab.Density(sizes=(1,), cuts=(0, 1), lower=(2,)), P, ("lower=", "the integral is 2")),
    ("Density", lambda: ab.Density(sizes=(1,), cuts=(0, 1), lower=(1, 1)), P, ("lower=", "1 entries")),
    ("Density", lambda: ab.Density(sizes=(1,), cuts=(0, 1), lower=(0,), upper=("1/2",)), P, ("upper=", "below 1")),
    ("Density", lambda: ab.Density(sizes=(1,), cuts=(0, 1), lower=(1,), upper=("1/2",)), P, ("upper=", "below lower")),
    ("Empirical", lambda: ab.Empirical(points=[]), P, ("points=", "not empty")),
    ("Empirical", lambda: ab.Empirical(points=0.5), P, ("points=", "(m, d)")),
    ("Empirical", lambda: ab.Empirical(points=[[0.0, math.nan]]), P, ("points='row 0'", "NaN")),
    ("Empirical", lambda: ab.Empirical(points=[math.inf]), P, ("points=", "finite")),
    ("Empirical", lambda: ab.Empirical(points=[[0.0], [0.0, 1.0]]), P, ("points=", "as many coordinates")),
    ("Empirical", lambda: ab.Empirical(points=["a", "b"]), P, ("points=", "numbers")),
    ("Empirical", lambda: ab.Empirical(points="3x1:AAAA"), P, ("points=", "base64")),
    ("Empirical", lambda: ab.Empirical(points="999999999999x2:"), P, ("points=", "base64")),
    ("Empirical", lambda: ab.Empirical(points=np.zeros((262_145, 1))), P, ("points=", "at most 262144")),
    ("Empirical", lambda: ab.Empirical(points=np.zeros((100_001, 5))), P, ("points=", "at most 100000")),
    ("Empirical", lambda: ab.Empirical(points=np.zeros((2, 20_000_001), np.uint8)), P, ("points=", "40000000")),
    ("Empirical", lambda: ab.Empirical(points=[0.0], weights=np.ones(115_201)), P, ("weights=", "at most 115200")),
    ("Empirical", lambda: ab.Empirical(points="3x1:sha256:00"), P, ("points=", "sample=points")),
    (
        "verify",
        lambda: ab.verify(SMALL, sample=[0.0, 2.0]),
        ab.CertificateError,
        ("sample=", "that the certificate names"),
    ),
    ("Empirical", lambda: ab.Empirical(points=[2**60 + 1]), P, ("points=", "2^53")),
    ("Empirical", lambda: ab.Empirical(points=[0.0, 1.0], weights=[1.0]), P, ("weights=1", "as many as points, 2")),
    ("Empirical", lambda: ab.Empirical(points=[0.0, 1.0], weights=[1.0, 0.0]), P, ("weights=0.0", "positive")),
    ("memorisation", lambda: ab.memorisation(points=0, depth=2), P, ("points=0", "from 1 to")),
    ("memorisation", lambda: ab.memorisation(points=X, depth=2), P, ("points=", "not a symbol")),
    ("memorisation", lambda: ab.memorisation(points=9, depth=1), P, ("depth=1",)),
    ("memorisation", lambda: ab.memorisation(points=9, depth=X), P, ("depth=", "not a symbol")),
    ("memorisation", lambda: ab.memorisation(points=9, depth=2, input_dim="3/2"), P, ("input_dim=", "integer")),
    ("under", lambda: ab.under(LIPSCHITZ, ab.Normal(dim=3)), P, ("measure=", "R^3")),
    ("under", lambda: ab.under(LIPSCHITZ, "normal"), P, ("measure='normal'", "Normal(dim=2)")),
    ("under", lambda: ab.under(RELU, ab.Normal(dim=2)), P, ("functions=", "LipschitzBall")),
    ("under", lambda: ab.under(ab.ConvexFunctions(dim=1), SAMPLE), P, ("measure=", "constant")),
    ("under", lambda: ab.under(ab.BarronBall(dim=1), ab.Normal(dim=1)), P, ("functions=", "known on [0,1]^d only")),
    ("under", lambda: ab.under(ab.under(ab.LipschitzBall(dim=1), SAMPLE), SAMPLE), P, ("functions=",)),
    ("under", lambda: ab.under(ab.LipschitzBall(dim=X), SAMPLE), P, ("dim=", "not a symbol")),
]

TABLE = [
    *MEASURES,
    *_generated(),
    *((q, asks(q, "F", RELU), P, ("F='F'", "function class", "HolderBall(")) for q in QUESTIONS),
    *((q, asks(q, ab.HolderBall, RELU), P, ("F=<class", "function class")) for q in QUESTIONS),
    *((q, asks(q, RELU, HOLDER), P, ("F=ReLUNetwork(", "function class")) for q in QUESTIONS),
    *((q, asks(q, HOLDER, None), P, ("G=None", "network class", "ReLUNetwork(")) for q in QUESTIONS),
    *((q, asks(q, ab.LipschitzBall(dim=3), RELU), P, ("input_dim=2", "dim=3")) for q in QUESTIONS),
    *(
        (q, lambda q=q: getattr(ab, q)(HOLDER, RELU, 2, 3), TypeError, ("positional", f"call {q}(F, G, p"))
        for q in QUESTIONS
    ),
    # more digits than can be written and read again
    *(("lower_bound", asks("lower_bound", HOLDER, RELU, p=v), P, ("p=", "digits")) for v in LONG),
    *(("FunctionClass", lambda v=v: LIPSCHITZ.packing(v, p=2), P, ("eps=", "digits")) for v in LONG),
    *(("NetworkClass", lambda v=v: RELU.fat_shattering(v), P, ("gamma=", "digits")) for v in LONG),
    *(("LipschitzBall", lambda v=v: ab.LipschitzBall(dim=2, radius=v), P, ("radius=", "digits")) for v in LONG),
    *(("required_weights", lambda v=v: WEIGHTS(LIPSCHITZ, error=v), P, ("error=", "digits")) for v in LONG),
    ("FiniteClass", lambda: ab.FiniteClass(size="9" * 120), P, ("size='999", "100 digits")),
    # values that contradict each other
    ("EntropyClass", lambda: ab.EntropyClass(exponent=1, norm=2, constant=1), P, ("valid_below=None", "both")),
    ("EntropyClass", lambda: ab.EntropyClass(exponent=1, norm=2, valid_below=1), P, ("constant", "both")),
    ("EntropyClass", lambda: ab.EntropyClass(exponent=1, norm=2, low=1, high=1), P, ("high=1", "low=1")),
    ("EntropyClass", lambda: ab.EntropyClass(exponent=1, norm=2, low=X), P, ("low=x", "number")),
    ("EntropyClass", lambda: ab.EntropyClass(exponent=1, norm=2, high=math.nan), P, ("high=nan", "finite")),
    ("EntropyClass", lambda: ab.EntropyClass(exponent=1, norm=2, dim=2.5), P, ("dim=2.5", "integer")),
    # no two functions with values in [-1,1] are further apart than 2, so no such class exists
    ("EntropyClass", lambda: ab.EntropyClass(exponent=1, norm=2, constant=1, valid_below=5), P, ("valid_below=5",)),
    ("NetworkSize", lambda: ab.NetworkSize(weights=3, depth=4), P, ("weights=3", "depth=4")),
    ("NetworkSize", lambda: ab.NetworkSize(weights=9, depth=4, units=2), P, ("units=2", "at least")),
    ("NetworkSize", lambda: ab.NetworkSize(weights=9, depth=1), P, ("depth=1", "from 2")),
    ("NetworkSize", lambda: ab.NetworkSize(weights=9, depth=2, degree=-1), P, ("degree=-1", "from 0")),
    ("FeedForwardNetwork", lambda: ab.FeedForwardNetwork(widths=(2,), input_dim=1, continuous=1), P, ("continuous=1",)),
    ("ReLUNetwork", lambda: ab.ReLUNetwork(widths=(2,), input_dim=1, bias="yes"), P, ("bias='yes'", "True or False")),
    ("ReLUNetwork", lambda: ab.ReLUNetwork(widths=(2,)), TypeError, ("input_dim",)),
    ("ReLUPowerNetwork", lambda: ab.ReLUPowerNetwork(widths=(2,), input_dim=1, power=X), P, ("power=x", "number")),
    ("FiniteClass", lambda: ab.FiniteClass(bits=None), P, ("bits=None", "exactly one of bits and size")),
    ("FiniteClass", lambda: ab.FiniteClass(bits=2, size=4), P, ("exactly one of bits and size",)),
    ("FiniteClass", lambda: ab.FiniteClass(size=0), P, ("size=0", "integer")),
    ("FiniteClass", lambda: ab.FiniteClass(size=10**5000), P, ("size=an integer of about 5001 digits",)),
    ("FiniteClass", lambda: ab.FiniteClass(bits=1.5), P, ("bits=1.5", "integer")),
    ("FiniteClass", lambda: ab.FiniteClass(size=X), P, ("size=x", "number")),
    ("ReLUNetwork", lambda: ab.ReLUNetwork(widths=(2,), input_dim=1, bits=65), P, ("bits=65", "from 1 to 64")),
    ("NetworkSize", lambda: ab.NetworkSize(weights=9, depth=2, bits=0), P, ("bits=0", "from 1 to 64")),
    *(("SkipNetwork", lambda v=v: SKIP(bits=v), P, ("bits=",)) for v in (-1, 2.5, True, "4/3", "one", [1], 10**400)),
    ("SkipNetwork", lambda: SKIP(layer_weights=(9,)), P, ("layer_weights=(9,)", "2 entries")),
    ("SkipNetwork", lambda: SKIP(layer_weights=9), P, ("layer_weights=9", "sequence")),
    ("SkipNetwork", lambda: SKIP(layer_weights=(13, 1)), P, ("layer_weights[0]=13", "from 1 to 12")),
    ("SkipNetwork", lambda: SKIP(layer_weights=(12, 8)), P, ("layer_weights[1]=8", "from 1 to 7")),
    ("SkipNetwork", lambda: SKIP(degree=-1), P, ("degree=-1", "from 0")),
    ("NormBoundedNetwork", lambda: ab.NormBoundedNetwork(norms=(), input_dim=2), P, ("norms=()", "1 to 1000")),
    ("NormBoundedNetwork", lambda: ab.NormBoundedNetwork(norms=3, input_dim=2), P, ("norms=3", "sequence")),
    *(
        ("NormBoundedNetwork", lambda v=v: ab.NormBoundedNetwork(norms=(1, 1), input_dim=2, widths=v), P, ("widths=",))
        for v in ((), (2, 2), 4, {4})
    ),
    (
        "NormBoundedNetwork",
        lambda: ab.NormBoundedNetwork(norms=(1, 1), input_dim=2).pseudo_dimension(),
        A,
        ("infinite", "T3fat"),
    ),
    *(("HadamRNN", lambda v=v: ab.HadamRNN(hidden=v, steps=2), P, (f"hidden={v}", "multiple of 4")) for v in (3, 6)),
    ("HadamRNN", lambda: ab.HadamRNN(hidden=8, steps=2, block=6), P, ("block=6", "multiple of 4")),
    ("HadamRNN", lambda: ab.HadamRNN(hidden=8, steps=2, block=16), P, ("block=16", "divide hidden=8")),
    ("HadamRNN", lambda: ab.HadamRNN(hidden=8, steps=2, block=X), P, ("block=x", "number")),
    ("HadamRNN", lambda: ab.HadamRNN(hidden=8, steps=2, layers=3), P, ("layers=3", "1 to 2")),
    (
        "HadamRNN",
        lambda: ab.HadamRNN(hidden=8, steps=2, layers=2, activation="relu"),
        P,
        ("activation='relu'", "linear"),
    ),
    *(
        (
            "RecurrentNetwork",
            lambda v=v: ab.RecurrentNetwork(hidden=8, steps=2, activation=v),
            P,
            ("activation=", "relu"),
        )
        for v in ("tanh", None, 3, ["relu"], X)
    ),
    ("QORNN", lambda: ab.QORNN(hidden=8, steps=2, recurrent_bits=65), P, ("recurrent_bits=65", "1 to 64")),
    ("OrthogonalRNN", lambda: ab.OrthogonalRNN(hidden=8, steps=2, bits=0), P, ("bits=0", "1 to 64")),
    ("OrthogonalRNN", lambda: ab.OrthogonalRNN(hidden=8, steps=10**10), P, ("steps=10000000000", "1000000000")),
    ("FreeKnotSplines", lambda: ab.FreeKnotSplines(knots=X, degree=1), P, ("knots=x", "number")),
    ("FreeKnotSplines", lambda: ab.FreeKnotSplines(knots=3, degree=X), P, ("degree=x", "number")),
    ("FreeKnotSplines", lambda: ab.FreeKnotSplines(knots=3, degree=-1), P, ("degree=-1", "from 0")),
    ("FreeKnotSplines", lambda: ab.FreeKnotSplines(knots=3, degree=0, smooth=True), P, ("degree=0", "smooth")),
    ("FreeKnotSplines", lambda: ab.FreeKnotSplines(knots=3, degree=1, smooth=1), P, ("smooth=1", "True or False")),
    (
        "PiecewisePolynomials",
        lambda: ab.PiecewisePolynomials(cells=9, degree=99, input_dim=99),
        P,
        ("cells=9", "dimension"),
    ),
    *(
        ("Union", lambda v=v: ab.Union(members=v), P, ("members",))
        for v in (None, 5, "ab", (), [RELU], {RELU, LINEAR}, (RELU,) * 101, (RELU, HOLDER), (RELU, None), (RELU, "x"))
    ),
    ("Union", lambda: ab.Union(members=(RELU, ab.Union(members=(RELU, LINEAR)))), P, ("members[1]", "union")),
    ("Union", lambda: ab.Union(members=(RELU, ab.LinearSpace(dimension=X))), P, ("members[1]", "symbols")),
    ("Union", lambda: ab.Union(members=(RELU, SKIP(), LINEAR, RELU1)), P, ("members[3].input_dim=1", "before it, 2")),
    ("lower_bound", asks("lower_bound", LIPSCHITZ, ab.Union(members=(LINEAR, RELU1))), P, ("input_dim=1", "dim=2")),
    ("lower_bound", asks("lower_bound", LIPSCHITZ, ab.FreeKnotSplines(knots=1, degree=1)), P, ("input_dim=1",)),
    ("SobolevBall", lambda: ab.SobolevBall(smoothness=X, dim=2, integrability=2), P, ("smoothness=x", "number")),
    ("BarronBall", lambda: ab.BarronBall(dim=2, power=-1), P, ("power=-1", "from 0")),
    ("AnisotropicHolderBall", lambda: ab.AnisotropicHolderBall(smoothness=1), P, ("smoothness=1", "sequence")),
    ("AnisotropicHolderBall", lambda: ab.AnisotropicHolderBall(smoothness=()), P, ("smoothness=()", "1 to 20")),
    ("AnisotropicHolderBall", lambda: ab.AnisotropicHolderBall(smoothness=(1, 200)), P, ("smoothness[1]=200", "100")),
    # a number is asked for where there is none
    ("Bound", lambda: ab.lower_bound(LIPSCHITZ, ab.LinearSpace(dimension=X), p=2).value, N, ("x", ".expression")),
    ("Bound", lambda: ab.lower_bound(ENTROPY, LINEAR, p=2).value, N, ("T1", "constant", ".rate")),
    ("Bound", lambda: ab.lower_bound(ENTROPY, LINEAR, p=2).expression, ab.NoExpressionError, ("T1", ".rate")),
    ("Bound", lambda: ab.lower_bound(LIPSCHITZ, LINEAR, p=X).certificate, N, ("x",)),
    ("FunctionClass", lambda: LIPSCHITZ.packing(X, p=2).value, N, ("x",)),
    ("NetworkClass", lambda: ab.NetworkSize(weights=X, depth=2).pseudo_dimension().value, N, ("x",)),
    ("NetworkClass", lambda: ab.LinearSpace(dimension=X).growth(), P, ("dimension=x", "number")),
    ("FunctionClass", lambda: ENTROPY.packing("1/9", p=2), A, ("constant", "unspecified")),
    ("FunctionClass", lambda: LIPSCHITZ.packing(100, p=2), A, ("eps=100", "too large")),
    ("lower_bound", asks("lower_bound", ENTROPY, LINEAR, p=1), A, ("T1", "p = 1")),
    ("upper_bound", asks("upper_bound", LIPSCHITZ, LINEAR), A, ("cubes", "fully connected")),
    ("bracket", asks("bracket", LIPSCHITZ, LINEAR), A, ("upper bound",)),
    # inverse queries
    ("required_weights", lambda: WEIGHTS("F"), P, ("F='F'", "function class")),
    ("required_weights", lambda: WEIGHTS(RELU), P, ("F=ReLUNetwork(", "function class")),
    ("required_weights", lambda: WEIGHTS(LIPSCHITZ, p=X), P, ("p=x", "number")),
    (
        "required_weights",
        lambda: WEIGHTS(LIPSCHITZ, error=sympy.Symbol("W", positive=True)),
        P,
        ("W=W", "another symbol"),
    ),
    ("required_weights", lambda: WEIGHTS(LIPSCHITZ, depth=X), P, ("depth=x", "number")),
    ("required_weights", lambda: WEIGHTS(LIPSCHITZ, depth=1), P, ("depth=1", "from 2")),
    ("required_weights", lambda: WEIGHTS(LIPSCHITZ, depth=1001), P, ("depth=1001", "1000")),
    *(
        ("required_weights", lambda v=v: WEIGHTS(LIPSCHITZ, degree=v), P, ("degree=",))
        for v in (-1, 2.5, True, "one", None, X, 10**400, 1001)
    ),
    *(
        ("required_weights", lambda F=F: WEIGHTS(F), P, ("=x", "number"))
        for F in (ab.LipschitzBall(dim=X), ab.LipschitzBall(dim=2, radius=X), ab.HolderBall(dim=2, smoothness=X))
    ),
    ("required_weights", lambda: WEIGHTS(ENTROPY), A, ("T2e", "unspecified", "rate")),
    *(
        (name, lambda call=call, F=F, given=given: call(F, **given), P, parts)
        for name, call in FROM_ABOVE.items()
        for F, given, parts in (
            ("F", {}, ("F='F'", "function class")),
            (RELU, {}, ("F=ReLUNetwork(", "function class")),
            (LIPSCHITZ, {"p": X}, ("p=x", "number")),
            (LIPSCHITZ, {"error": X}, ("error=x", "number")),
            (LIPSCHITZ, {"depth": 1}, ("depth=1", "from 2")),
            (LIPSCHITZ, {"depth": 1001}, ("depth=1001", "1000")),
            (ab.LipschitzBall(dim=X), {}, ("dim=x", "number")),
            (ab.LipschitzBall(dim=2, radius=X), {}, ("=x", "number")),
            *((LIPSCHITZ, {"degree": v}, ("degree=",)) for v in (-1, 2.5, True, "one", None, X, 1001)),
        )
    ),
    *((name, lambda call=call: call(ENTROPY), A, ("number",)) for name, call in FROM_ABOVE.items()),
    ("required_bits", lambda: ab.required_bits(HOLDER, None, error=1, p=2), P, ("G=None", "network class")),
    ("required_bits", lambda: ab.required_bits(None, RELU, error=1, p=2), P, ("F=None", "function class")),
    ("required_bits", lambda: ab.required_bits(HOLDER, RELU1, error=1, p=2), P, ("input_dim=1", "dim=2")),
    ("required_bits", lambda: ab.required_bits(HOLDER, RELU, error=1, p=X), P, ("p=x", "number")),
    ("required_bits", lambda: ab.required_bits(HOLDER, SKIP(bits=3), error=1, p=2), P, ("bits=3", "None")),
    ("required_bits", lambda: ab.required_bits(HOLDER, SKIP(bits=X), error=1, p=2), P, ("bits=x", "number")),
    ("required_bits", lambda: ab.required_bits(ENTROPY, RELU, error=1, p=2), A, ("T2e", "unspecified", "rate")),
    *(
        ("required_bits", lambda G=G: ab.required_bits(HOLDER, G, error=1, p=2), P, ("G=", "bits"))
        for G in (LINEAR, ab.FiniteClass(bits=3), ab.FiniteClass(size=3), ab.Union(members=(RELU, LINEAR)))
    ),
    # comparisons
    *(
        ("compare", lambda v=v: ab.compare(HOLDER, RELU, v), P, ("p=",))
        for v in (None, 0, "0", "two", [], (), {2}, {2: 1}, b"2", [2, 0], [2, None], [[2]], (i for i in (1, 2)), True)
    ),
    *(
        ("compare", lambda v=v: ab.compare(v, RELU, 2), P, ("F=",))
        for v in (None, 5, [], {HOLDER}, {HOLDER: 1}, "holder", [HOLDER, None], [[HOLDER]], RELU, iter([HOLDER]))
    ),
    *(
        ("compare", lambda v=v: ab.compare(HOLDER, v, 2), P, ("G=",))
        for v in (None, 5, [], {RELU}, "relu", [RELU, HOLDER], [[RELU]], [RELU] * 1001)
    ),
    ("compare", lambda: ab.compare([HOLDER], [RELU, RELU1], 2), P, ("G=ReLUNetwork(", "1 inputs", "F=HolderBall(")),
    ("compare", lambda: ab.compare(HOLDER, RELU), TypeError, ("'p'",)),
    # sweeps (more of them in test_sweep.py)
    *(
        ("sweep", lambda v=v: ab.sweep(HOLDER, RELU, v), P, ("p=",))
        for v in (None, 0, "0", "two", [], (), {2}, {2: 1}, b"2", [2, 0], [2, None], [[2]], (i for i in (1, 2)), True)
    ),
    *(
        ("sweep", lambda v=v: ab.sweep(HOLDER, RELU, 2, **v), P, (f"{next(iter(v))}=",))
        for v in ({"quantity": "both"}, {"workers": 0}, {"workers": True}, {"directory": 3}, {"progress": 1})
    ),
    ("sweep", lambda: ab.sweep([HOLDER], [RELU, RELU1], 2), P, ("networks=", "has dimension 1, as no class")),
    ("sweep", lambda: ab.sweep(HOLDER, RELU), TypeError, ("'p'",)),
    # networks that are built for functions
    *(
        (name, lambda call=call, v=v: call(v), P, (f"f={shown(v)[:40]}",))
        for name, call in (
            ("Bound", STEPS.upper.build),
            ("Bracket", lambda f: STEPS.measure(f, per_side=3)),
            ("DenseNetwork", lambda f: BUILT.error(f, p=2, per_side=3)),
        )
        for v in (None, 5, "sin", np.zeros(3), np.sin, lambda x: 1.0, lambda x: x[:, 0] * math.nan, lambda x: "ab")
    ),
    *(
        ("DenseNetwork", lambda v=v: BUILT(v), P, ("points=", "(m, 1)"))
        for v in (np.zeros(3), np.zeros((3, 2)), 0.5, [[[0.5]]])
    ),
    ("DenseNetwork", lambda: BUILT.error(BUILT, p=X, per_side=3), P, ("p=x", "number")),
    ("Bound", lambda: BOUND.build(lambda x: x[:, 0]), A, (BOUND.theorem.id, "construction")),
    ("Bound", lambda: ab.upper_bound(LIPSCHITZ, RELU, p=X).build(lambda x: x[:, 0]), N, ("x",)),
    ("Bracket", lambda: ab.bracket(LIPSCHITZ, RELU, p=2).measure(np.sin, per_side=3), P, ("f=",)),
    # average case
    ("average_case", asks("average_case", LIPSCHITZ, RELU, p=math.inf), A, ("p = inf",)),
    ("average_case", asks("average_case", ENTROPY, RELU), A, ("hypercube family",)),
    ("average_case", asks("average_case", LIPSCHITZ, ab.LinearSpace(dimension=X)), N, ("x",)),
    *(
        ("average_case", asks("average_case", LIPSCHITZ, LINEAR, member={"k": v}), (P, A), ("k=",))
        for v in (0, -1, 2.5, True, "four", None, 10**400, 10**5000)
    ),
    *(
        ("average_case", asks("average_case", LIPSCHITZ, LINEAR, member=v), P, ("member=",))
        for v in (5, "k", {"j": 2}, {}, {"k": 4, "h": 1}, [4])
    ),
    *(
        ("average_case", asks("average_case", ab.LipschitzBall(dim=d), LINEAR, member={"k": 2**69}), (P, A), ())
        for d in (90, 900)
    ),
    ("AverageCase", lambda: CASE.high_probability(X, confidence="1/2"), P, ("theta=x", "number")),
    ("AverageCase", lambda: CASE.high_probability(1.5, confidence="1/2"), P, ("theta=1.5", "at most 1")),
    ("AverageCase", lambda: CASE.high_probability("1/2", confidence=1), (P, A), ("confidence=1",)),
    ("AverageCase", lambda: CASE.target(np.zeros(3), np.zeros((1, 1))), P, ("omega=(3,)", "(16,)")),
    ("AverageCase", lambda: CASE.target(np.zeros(16), np.zeros((1, 2))), P, ("points", "(m, 1)")),
    ("AverageCase", lambda: CASE.target(np.full(16, 2), np.zeros((1, 1))), P, ("omega", "0 and 1")),
    # certificates (more below)
    *(
        ("verify", lambda v=v: ab.verify(v), ab.CertificateError, ("certificate=",))
        for v in (None, 5, "", "{", [], (), {}, b"{}", object())
    ),
    *(
        ("Certificate", lambda v=v: ab.Certificate.from_json(v), ab.CertificateError, ("certificate=",))
        for v in (None, b"{}", "x", "[1]", '{"a": NaN}', "{" * 10**5)
    ),
    (
        "verify",
        lambda: ab.verify(BOUND.certificate.to_dict() | {"theorem": "T9"}),
        ab.CertificateError,
        ("'T9'", "T3", "imported first"),
    ),
    ("verify", lambda: ab.verify(BOUND.certificate.to_dict() | {"value": 10**400}), ab.CertificateError, ("value=",)),
    # records and errors
    *(("Tally", lambda v=v: ab.Tally(weight_bound=v), P, ("weight_bound=",)) for v in (0, -1, True, "x")),
    ("Tally", lambda: ab.Tally().input(0), P, ("width=0",)),
    ("Tally", lambda: ab.Tally().act(ab.Tally().input(1), "cosh"), P, ("activation='cosh'", "tanh")),
    ("Citation", lambda: str(ab.Citation("nope")), P, ("key='nope'", "bibliography", "similar")),
    ("Citation", lambda: ab.Citation("Siegel23"), P, ("key='Siegel23'", "Siegel2023")),
    ("Citation", lambda: ab.Citation("Siegel2023", entry="@article{Siegel2023,"), P, ("key='Siegel2023'", "already")),
    ("Citation", lambda: ab.Citation("Own2026", entry="@article{Other,"), P, ("entry=", "@type{Own2026,")),
    ("Citation", lambda: ab.Citation("Own2026", entry="@article{Own2026,\n title = {T}}"), P, ("entry=", "author")),
    # extensions (more of them in test_extending.py)
    *(
        ("register", lambda v=v: ab.register(v), P, (f"kind={shown(v)[:20]}", "subclass"))
        for v in (None, 5, HOLDER, "T3")
    ),
    ("extensions", lambda: ab.extensions(HOLDER).__enter__(), P, ("kind=HolderBall(", "subclass")),
    ("Theorem", lambda: ab.register(ab.Theorem), P, ("kind=", "must define refusal")),
    ("Direction", lambda: ab.Direction("sideways"), ValueError, ("'sideways'",)),
    ("Status", lambda: ab.Status("sure"), ValueError, ("'sure'",)),
    ("ParameterError", lambda: ab.ParameterError("p"), TypeError, ("missing",)),
]


@pytest.mark.parametrize(("public", "call", "error", "parts"), TABLE, ids=[row[0] for row in TABLE])
def test_bad_calls_raise_named_errors(public, call, error, parts):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert all(part in message for part in parts), message
    assert 0 < len(message) < 600
    # where no theorem applies there is a reason of each; a TypeError is Python's own
    for part in message.split("; ") if isinstance(caught.value, A) else [message]:
        reads_well(part)


def reads_well(message):
    """One line that fits a terminal and a notebook cell, and shows nothing of the inside."""
    assert 0 < len(message) < 400, message  # it may name all theorems
    assert "\n" not in message and "Traceback" not in message and "arb(" not in message


@pytest.mark.parametrize("kind", [*ab.FUNCTION_CLASSES.values(), *ab.NETWORK_CLASSES.values()])
def test_every_parameter_declares_what_it_may_be(kind):
    """Else the table above would not know of it."""
    assert [name for name, _, _ in declared(kind)] == [field.name for field in fields(kind)]


def test_every_public_callable_has_a_row():
    public = {name for name in ab.__all__ if callable(getattr(ab, name))}
    assert public <= {row[0] for row in TABLE}
    # errors, and records that the library builds and users only read, have just the TypeErrors of Python
    plain = {name for name in public if name.endswith("Error")}
    plain |= {"Bracket", "Candidates", "Comparison", "Refusal", "RequiredOrder", "Requirement", "Sufficiency", "Sweep"}
    plain |= {"Memorisation", "Verdict", "WeightsBracket"}
    assert public - plain <= {row[0] for row in TABLE if row[2] is not TypeError}


MEANINGS = [
    (0.1, Fraction(3602879701896397, 36028797018963968)),
    (np.float64(0.1), Fraction(0.1)),
    (np.float32(0.1), Fraction(float(np.float32(0.1)))),
    ("0.1", Fraction(1, 10)),
    (" .1 ", Fraction(1, 10)),
    ("1/10", Fraction(1, 10)),
    ("+1e-1", Fraction(1, 10)),
    (Decimal("0.1"), Fraction(1, 10)),
    (Fraction(1, 10), Fraction(1, 10)),
    (sympy.Rational(1, 10), Fraction(1, 10)),
    (sympy.Float(0.1), Fraction(0.1)),
    ("1e-100", Fraction(1, 10**100)),
    (10**100, 10**100),
    (2.0, 2),
    ("4/2", 2),
    (np.int64(3), 3),
]


@pytest.mark.parametrize(("given", "meant"), MEANINGS, ids=repr)
def test_accepted_numbers_mean_exactly_themselves(given, meant):
    radius = ab.LipschitzBall(dim=1, radius=given).radius
    assert radius == meant
    assert type(radius) is type(meant)


THREES = [3, "3", "6/2", np.int64(3), np.uint8(3), Fraction(3), Decimal(3), sympy.Integer(3)]


@pytest.mark.parametrize("given", THREES, ids=repr)
def test_accepted_integers(given):
    for record in (ab.LipschitzBall(dim=given), ab.ReLUNetwork(widths=[given], input_dim=given)):
        assert record.domain_dim == 3 and type(record.domain_dim) is int


@pytest.mark.parametrize("given", [[4, 5], (4, 5), range(4, 6), np.array([4, 5]), ("4", 5)], ids=repr)
def test_accepted_widths(given):
    assert ab.ReLUNetwork(widths=given, input_dim=2).widths == (4, 5)


@pytest.mark.parametrize("given", [math.inf, "inf", " INF ", "oo", "Infinity", sympy.oo, np.float64("inf")], ids=repr)
def test_accepted_infinities(given):
    assert ab.lower_bound(MONOTONE, LINEAR, p=given).theorem.id == "T3inf"
    assert ab.lower_bound(MONOTONE, LINEAR, p=given).value == 0.5


def test_what_is_accepted_can_be_written_and_read():
    long = Fraction(10**400 - 1, 10**399 + 7)
    bounds = [ab.lower_bound(ab.LipschitzBall(dim=2, radius=long), RELU, p=long), LIPSCHITZ.packing(1 / long, p=2)]
    for bound in [*bounds, ab.LipschitzFunctions(constant=long, input_dim=2).fat_shattering(1 / long)]:
        assert ab.verify(bound.certificate.to_json())


def test_symbols_stay_symbols():
    s, p = sympy.symbols("s p", positive=True)
    assert ab.HolderBall(smoothness=s / 2, dim=X).smoothness == s / 2
    assert ab.lower_bound(LIPSCHITZ, LINEAR, p=p + 1).query.p == p + 1
    assert ab.lower_bound(LIPSCHITZ, LINEAR, p="7/3").query.p == Fraction(7, 3)


# ---------------------------------------------------------------------------------------------- certificates

PLAIN = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3, input_dim=1), p=2).certificate
TEXT = json.dumps(PLAIN.to_dict(), indent=2)
MALFORMED = {
    "deep list": "[" * 10**5,
    "deep object": '{"a":' * 10**5,
    "deep witness": TEXT.replace('"witness": {', '"witness": {"x": ' + "[" * 10**5 + "]" * 10**5 + ","),
    "empty": "",
    "list": "[]",
    "number": "3",
    "null": "null",
    "cut": TEXT[:-5],
    "code": "__import__('os')",
    "too long": TEXT + " " * 25 * 10**5,
    "NaN": TEXT.replace('"p": 2', '"p": NaN'),
    "Infinity": TEXT.replace('"p": 2', '"p": -Infinity'),
    "overflowing value": TEXT.replace(f'"value": {PLAIN.value}', '"value": 1e999'),
    "huge value": TEXT.replace(f'"value": {PLAIN.value}', f'"value": 1{"0" * 400}'),
    "endless value": TEXT.replace(f'"value": {PLAIN.value}', f'"value": 1{"0" * 10**5}'),
    "float p": TEXT.replace('"p": 2', '"p": 2.0'),
    "duplicate value": TEXT.replace('"p": 2', '"value": 1.0, "p": 2'),
    "duplicate witness entry": TEXT.replace('"k":', '"k": 1, "k":'),
    "other format": TEXT.replace("certificate-1", "certificate-2"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_json_is_a_certificate_error(text):
    assert text != TEXT
    with pytest.raises(ab.ParameterError) as caught:
        ab.verify(text)
    reads_well(str(caught.value))


FIELDS = ["theorem", "functions", "network", "p", "eps", "gamma", "witness", "direction", "value"]


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("junk", [2.5, None, "x", [1], {"class": {}}, {1: 2}, 10**400, math.nan, object()], ids=type)
def test_records_with_junk_are_refused_like_files_with_junk(name, junk):
    fields = {key: getattr(PLAIN, key) for key in FIELDS} | {name: junk}
    if fields[name] != getattr(PLAIN, name):
        try:
            assert not ab.verify(ab.Certificate(**fields))
        except ab.ParameterError as error:
            reads_well(str(error))


# ------------------------------------------------------------------------------- on the command line and in notebooks

#: The same mistakes, typed.
TYPED = [
    (["lower", "holder:smoothness=-1,dim=2", "relu:widths=4", "-p", "2"], "smoothness='-1': must be positive"),
    (["lower", "holder:smoothness=1,dim=2", "relu:widths=4", "-p", "0.5"], "p='0.5': must be at least 1"),
    (
        ["lower", "holder:smoothness=1,dim=2", "relu:widths=4x-1", "-p", "2"],
        "widths='4x-1': must be values joined by x",
    ),
    (["lower", "holder:smoothness=1,dim=2", "relu:widths=4,input_dim=3", "-p", "2"], "input_dim=3: must equal"),
    (["lower", "holder:dim=2", "relu:widths=4", "-p", "2"], "F='holder:dim=2': holder also needs smoothness"),
    (["lower", "sphere:dim=2", "relu:widths=4", "-p", "2"], "F='sphere:dim=2': must be NAME:parameter=value"),
    (["pdim", "relu:widths=4,input_dim=2,bits=65"], "bits='65': must be an integer from 1 to 64"),
    (["pdim", "norm-bounded:norms=1x1,input_dim=2"], "no theorem gives a bound on Pdim"),
    (["fat", "relu:widths=4,input_dim=2", "--gamma", "0"], "gamma='0': must be positive"),
    (["packing", "lipschitz:dim=2", "--eps", "100", "-p", "2"], "eps=100 is too large"),
    (["weights", "lipschitz:dim=2", "--error", "x", "-p", "2", "--depth", "3"], "error='x'"),
    (["verify", "/nowhere"], "file='/nowhere': cannot be read"),
    (["list", "--extension", "no.such.module"], "extension='no.such.module': cannot be imported"),
]


@pytest.mark.parametrize(("arguments", "part"), TYPED, ids=[row[1] for row in TYPED])
def test_bad_commands_read_well(arguments, part, capsys):
    assert main(arguments) in {1, 2}
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("approxbounds: ") and part in err
    (line,) = err.splitlines()
    for piece in line.split("; ") if line.startswith("approxbounds: no theorem") else [line]:
        reads_well(piece)


def test_errors_end_a_traceback_with_their_name_and_message():
    """What a notebook shows last."""
    with pytest.raises(ab.ParameterError) as caught:
        ab.LipschitzBall(dim=0)
    (last,) = traceback.format_exception_only(caught.value)
    assert last == "approxbounds.errors.ParameterError: dim=0: must be an integer from 1 to 10000\n"
