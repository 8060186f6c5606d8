"""What a newcomer meets: what a terminal shows, what help says, and what the most natural mistakes are told."""

import inspect
from functools import cached_property

import pytest
import sympy

import approxbounds as ab
import hadamrnn as hr
from approxbounds import tables

F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(10,), input_dim=2)
W, L = sympy.symbols("W L", positive=True)
SIZE = ab.NetworkSize(weights=W, depth=L)
BOUND = ab.lower_bound(F, G, 2)
TASK = hr.tasks.CopyTask(length=12, symbols=2, copies=1, train_size=64, test_size=16)
MODEL = hr.model_for(TASK, hidden=16)
MANY = ab.sweep(F, G, range(1, 8), progress=False)


@pytest.mark.parametrize(
    ("shown", "start"),
    [
        (BOUND, "E_2(F, G) >= 0.0100881  [Tosc, certified]"),
        (ab.upper_bound(F, G, 2), "E_2(F, G) <= 0.291548  [towers, certified]"),
        (ab.bracket(F, G, 2), "0.0100881 <= E_2(F, G) <= 0.291548"),
        (G.pseudo_dimension(), "Pdim(G) <= 306  [pdim-growth, certified]"),
        (ab.lower_bounds(F, G, 2), "E_2(F, G) >= 0.0100881  [Tosc, certified]\nE_2(F, G) >= 0.00355692  [T3, "),
        (ab.average_case(F, G, 2), "mean of inf_g ||f_omega - g||_2^2 >= 0.0000126517 for N=841 cells"),
        (ab.required_weights(F, error="1/1000", p=2, depth=3), "at least 128 weights for E_2(F, G) <= 1/1000"),
        (ab.sufficient_weights(F, error="1/3", p=2, depth=2), "5 weights suffice for E_2(F, G) <= 1/3: widths 1"),
        (ab.weights_bracket(F, error="1/3", p=2, depth=2), "between 5 and 5 weights for E_2(F, G) <= 1/3"),
        (ab.compare(F, G, 2).entries[0], "0.0100881 <= E_2(F, G) <= 0.291548; L^p and sup norm: open for F=Lipschitz"),
        (BOUND.certificate, "Certificate(Tosc: lower bound 0.010088152067206401 for functions=LipschitzBall(dim=2"),
        (ab.bracket(ab.LipschitzBall(dim=1), ab.HeavisideNetwork(widths=(3,), input_dim=1), 2).upper.build(
            lambda x: x[:, 0]), "DenseNetwork(input_dim=1, widths=(3,), power=0; 10 parameters)"),
        (BOUND.explain(), "**Claim.** $E_{2}(F, G) \\ge 0.0100881$\n\n1. $F$ is"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_terminal_shows_the_statement(shown, start):
    assert repr(shown).startswith(start)
    assert not isinstance(shown, ab.Bound | ab.Bracket | ab.Requirement | ab.Sufficiency) or repr(shown) == str(shown)


def test_bounds_without_a_number_show_their_rate():
    """T1 and symbols; a sum is put in parentheses."""
    rate, symbolic = next(b for b in ab.lower_bounds(F, G, 2) if b.theorem.id == "T1"), ab.lower_bound(F, SIZE, 2)
    upper = ab.upper_bound(F, SIZE, 2)
    for bound, constant in ((rate, ">= c * "), (symbolic, ">= c * "), (upper, "<= C * ")):
        assert constant + str(bound.rate) in str(bound)

    class Sum(ab.Theorem):
        id, numeric = "sum", False

        def refusal(self, query):
            return None

        def rate(self, query):
            return W + L

    assert str(ab.Bound(Sum(), BOUND.query)).startswith("E_2(F, G) >= c * (L + W)  [sum, rate, given ")


def test_attributes_that_a_bound_lacks_are_absent():
    rate, symbolic = next(b for b in ab.lower_bounds(F, G, 2) if b.theorem.id == "T1"), ab.lower_bound(F, SIZE, 2)
    has = [[hasattr(b, name) for name in ("value", "certificate", "expression")] for b in (BOUND, symbolic, rate)]
    assert has == [[True, True, True], [False, False, True], [False, False, False]]
    assert getattr(rate, "value", None) is None


def test_a_terminal_shows_how_training_went():
    record = {"epoch": 2, "validation_loss": 0.123456789}
    history = hr.History(records=({}, record), best=record, stopped="epochs")
    assert repr(history) == "History(epochs=2, stopped='epochs', best: epoch=2, validation_loss=0.123457)"
    found = hr.Sweep(({"seed": 0, "loss": 0.5}, {"seed": 1, "loss": 0.25}))
    assert repr(found) == str(found) == "seed  loss\n----------\n0     0.5\n1     0.25"


@pytest.mark.parametrize("columns", [40, 80, 400])
def test_tables_fit_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    for shown in (ab.compare(F, G, [2, "inf"]), MANY, ab.lower_bounds(F, G, 2)):
        table = repr(shown).split("\n\nF1  ")[0]
        assert max(map(len, table.split("\n"))) <= max(columns, 36)
    assert repr(MANY).endswith("\n... and 2 more; print shows all") and repr(MANY).count("certified") == tables.FEW
    assert str(MANY).count("certified") == len(MANY)
    rows = repr(ab.compare(F, G, [2, "inf"])).split("\n")
    assert rows[0].split() == (["F", "F1"] if columns < 400 else rows[0].split()) and rows[0].startswith("F ")


@pytest.mark.parametrize("package", [ab, hr], ids=lambda package: package.__name__)
def test_help_says_something_of_everything_public(package):
    silent = []
    for name in package.__all__:
        kind = getattr(package, name)
        members = [name for name in dir(kind) if not name.startswith("_")] if isinstance(kind, type) else []
        for member in members:
            defined = [vars(base)[member] for base in kind.__mro__ if member in vars(base)]
            described = (property, cached_property, classmethod, staticmethod)
            if isinstance(defined[0], described) or inspect.isfunction(defined[0]):
                silent += [] if any(each.__doc__ for each in defined) else [f"{name}.{member}"]
        silent += [name] if callable(kind) and not kind.__doc__ else []
    assert silent == []


def test_dir_lists_what_is_for_users():
    estimators = {"SequenceClassifier", "SequenceRegressor"}  # not in a star import, which needs no scikit-learn
    assert dir(ab) == sorted(ab.__all__) and dir(hr) == sorted({*hr.__all__, *estimators})


#: The most natural mistakes; what is allowed stands in the one sentence that answers.
MISTAKES = {
    "no p": (lambda: ab.lower_bound(F, G), TypeError, 'call lower_bound(F, G, p) with a number p >= 1 or "inf"'),
    "q": (lambda: ab.compare(F, G, q=2), TypeError, "'q'; call compare(F, G, p)"),
    "no eps": (lambda: F.packing(p=2), TypeError, "'eps'; call packing(eps, p=...)"),
    "no depth": (lambda: ab.required_weights(F, error=1, p=2), TypeError, "error=..., p=..., depth=..., degree=1"),
    "no depth of layers": (lambda: ab.sufficient_weights(F, error=1, p=2), TypeError, "depth=..., degree=1) with a"),
    "order": (lambda: ab.lower_bound(G, F, 2), ab.ParameterError, "HolderBall(smoothness=1, dim=2); F is before G"),
    "small p": (lambda: ab.lower_bound(F, G, 0.5), ab.ParameterError, "p=0.5: must be at least 1"),
    "one width": (lambda: ab.ReLUNetwork(widths=64, input_dim=2), ab.ParameterError, "such as (64, 64)"),
    "dimensions": (
        lambda: ab.lower_bound(F, ab.ReLUNetwork(widths=(4,), input_dim=3), 2),
        ab.ParameterError,
        "input_dim=3: must equal the dimension of F, dim=2",
    ),
    "words": (lambda: ab.HolderBall(smoothness="high", dim=2), ab.ParameterError, "a decimal such as '0.1'"),
    "float size": (lambda: ab.NetworkSize(weights=1e4, depth=3), ab.ParameterError, "weights=10000.0: must be an int"),
    "by position": (lambda: ab.HolderBall(1, 2), TypeError, "by name: HolderBall(dim=..., radius=1, smoothness=...)"),
    "wrong name": (lambda: ab.HolderBall(s=1, dim=2), TypeError, "no parameter 's': HolderBall(dim=..., radius=1"),
    "a class": (lambda: ab.lower_bound(ab.LipschitzBall, G, 2), ab.ParameterError, "such as HolderBall(smoothness=1"),
    "model by position": (lambda: hr.HadamRNN(16), TypeError, "takes its settings by name: inputs, hidden"),
    "model, wrong name": (lambda: hr.HadamRNN(hiden=16), TypeError, "no setting 'hiden'; it has inputs, hidden"),
    "fit, wrong name": (lambda: hr.fit(MODEL, TASK, epoch=2), TypeError, "no setting 'epoch'; it has batch_size"),
    "fit, order": (lambda: hr.fit(TASK, MODEL), hr.ParameterError, "must be a network"),
    "task, by position": (lambda: hr.tasks.CopyTask(60), TypeError, "takes its settings by name: seed, length"),
    "task, wrong name": (lambda: hr.tasks.CopyTask(lenght=60), TypeError, "no setting 'lenght'; it has seed, length"),
    "order of a matrix": (lambda: hr.hadamard(3), hr.ParameterError, "2, 4"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_told_what_is_allowed(call, error, said):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert said in message and "\n" not in message and len(message) < 250
