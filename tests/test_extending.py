"""Classes and theorems from outside: registered, used, certified, listed; and refused where they must be."""

import doctest
import importlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import approxbounds as ab
from approxbounds import cli, registry
from approxbounds.bound import apply
from approxbounds.extensions import load
from approxbounds.facts.growth import GrowthBound, Thresholds
from approxbounds.testing import check_function_class, check_lower_bound, check_monotone, check_network_class

HERE = Path(__file__).parent
PAGE = Path(ab.__file__).parent / "EXTENDING.md"
SOURCE = HERE / "extension_example.py"
NAMES = ("bounded-variation", "rational-functions", "jump")


@pytest.fixture(scope="module", autouse=True)
def example():
    """The module, known to the library during these tests only."""
    with ab.extensions():
        module = importlib.import_module("extension_example")
        for kind in (module.BoundedVariation, module.RationalFunctions, module.JumpTheorem):
            ab.register(kind)  # the import registers only once
        yield module
    assert not set(NAMES) & {*ab.FUNCTION_CLASSES, *ab.NETWORK_CLASSES, *ab.THEOREMS}


def query(example, p, degree=4, variation="3/2"):
    return example.BoundedVariation(variation=variation), example.RationalFunctions(degree=degree), p


# ---------------------------------------------------------------------------------------------- what it gives


@pytest.mark.parametrize("p", [1, 2, "7/2", "inf"])
def test_the_example_keeps_all_contracts(example, p):
    F, G, p = query(example, p)
    for theorem in ab.THEOREMS.values():
        if theorem.inputs == ("functions", "network", "p") and theorem.direction is ab.Direction.LOWER:
            check_lower_bound(theorem, F, G, p)
    larger = [example.RationalFunctions(degree=5), example.BoundedVariation(variation=2)]
    check_monotone(lambda F, G, p: ab.lower_bound(F, G, p=p).value, F, G, p, larger=larger)


def test_the_classes_are_what_they_say(example):
    check_function_class(example.BoundedVariation(variation="3/2"))
    rng, points = np.random.default_rng(1), np.linspace(0, 1, 9)
    for n in (0, 2, 4):
        numerator = rng.normal(size=(9999, n + 1)) @ np.vander(points, n + 1).T
        root = rng.normal(size=(9999, n // 2 + 1)) @ np.vander(points, n // 2 + 1).T
        check_network_class(example.RationalFunctions(degree=n), values=numerator / (root**2 + 0.01))


def test_a_theorem_from_outside_wins_where_it_is_stronger(example):
    F, G, p = query(example, "inf")
    best = ab.lower_bound(F, G, p=p)
    assert (best.theorem.id, best.value) == ("jump", 0.75)
    assert {"T3inf", "T3fat-inf"} <= {other.theorem.id for other in best.others if isinstance(other, ab.Bound)}
    assert any(other.theorem == "jump" for other in ab.lower_bound(F, G, p=2).others if isinstance(other, ab.Refusal))


def test_answers_name_the_code_from_outside(example):
    F, G, p = query(example, "inf")
    bound = ab.lower_bound(F, G, p=p)
    names = tuple(f"extension_example.{name}" for name in ("JumpTheorem", "BoundedVariation", "RationalFunctions"))
    assert bound.foreign == names and str(bound).endswith(f"certified, given {', '.join(names)}]")
    assert "takes code from outside approxbounds at its word: `extension_example.JumpTheorem`" in bound.explain()
    verdict = ab.verify(bound.certificate)
    assert verdict and verdict.foreign == names and "given extension_example.JumpTheorem" in verdict.reason
    united = ab.Union(members=(ab.LinearSpace(dimension=3), G))
    assert ab.lower_bound(ab.LipschitzBall(dim=1), united, p=2).foreign == (names[2],)
    own = ab.lower_bound(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3), p=2)
    assert own.foreign == () == ab.verify(own.certificate).foreign and "outside" not in own.explain()
    packing = F.packing("1/100", p=2)
    assert "BartlettKulkarniPosner1997" not in packing.bibtex() and packing.foreign == (names[1],)


def test_own_sources_are_cited(example):
    source = example.BARTLETT
    assert str(source) == "Bartlett, Kulkarni and Posner (1997)"
    assert source.bibtex.startswith("@article{Bartlett") and source.title.startswith("Covering")


def test_symbols_work_too(example):
    import sympy

    n, V = sympy.symbols("n V", positive=True)
    bound = ab.lower_bound(example.BoundedVariation(variation=V), example.RationalFunctions(degree=n), p="inf")
    assert bound.theorem.id == "jump"  # 1 against an order that falls with n: the strongest rate
    assert "T3inf" in {other.theorem.id for other in bound.others if isinstance(other, ab.Bound)}


# ------------------------------------------------------------------------------------------- the page and a shell


def test_the_page_shows_the_example():
    text, source = PAGE.read_text(encoding="utf-8"), SOURCE.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 3 and len(text.splitlines()) <= 120
    for block in blocks:
        assert block.rstrip() in source


def test_the_page_runs():
    results = doctest.testfile(str(PAGE), module_relative=False)
    assert results.attempted >= 7 and results.failed == 0


def shell(*arguments, stdin=None):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])}
    command = [sys.executable, "-m", "approxbounds", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)


def test_the_command_line(example):
    (command,) = re.findall(r"(?m)^approxbounds (lower .*)$", PAGE.read_text(encoding="utf-8"))
    arguments = command.split()
    done = shell(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert (data["theorem"], data["value"]) == ("jump", 0.5)
    assert data["foreign"][0] == "extension_example.JumpTheorem"
    text = shell(*arguments).stdout
    assert "jump: A jump is far" in text and "at its word, from outside: extension_example.JumpTheorem" in text
    certificate = json.dumps(data["certificate"])
    checked = shell("verify", "-", "--extension", "extension_example", stdin=certificate)
    assert checked.returncode == 0 and "given extension_example.JumpTheorem" in checked.stdout
    alone = shell("verify", "-", stdin=certificate)  # a fresh process in which nobody imports the module
    assert alone.returncode == 2 and alone.stdout == ""
    assert "theorem='jump': is not known" in alone.stderr and "imported first" in alone.stderr
    listed = json.loads(shell("list", "--extension", "extension_example", "--json").stdout)
    assert {"bounded-variation"} <= {entry["name"] for entry in listed["functions"]}
    assert {"rational-functions"} <= {entry["name"] for entry in listed["networks"]}
    assert {"jump"} <= {entry["id"] for entry in listed["theorems"]}


def test_all_commands_take_extensions(capsys):
    both = ["bounded-variation:variation=1", "rational-functions:degree=2+linear:dimension=3"]
    for command in (["explain", *both, "-p", "2"], ["table", *both, "-p", "1"], ["pdim", both[1]]):
        assert cli.main([*command, "--extension", "extension_example"]) == 0
        assert capsys.readouterr().out


# ------------------------------------------------------------------------------------- names that mean something else


def test_a_certificate_is_never_about_another_class_of_the_name(tmp_path):
    """A class from outside with the name of one of the library's: its bound is no certificate for that one."""

    def one_dimensional(self, thresholds=Thresholds.ANY):
        return ab.LinearSpace(dimension=1).growth(thresholds)

    shadow = type("ReLUNetwork", (ab.ReLUNetwork,), {"__module__": __name__, "growth": one_dimensional})
    F, sizes = ab.LipschitzBall(dim=2), {"widths": (9,), "input_dim": 2}
    G, own = shadow(**sizes), ab.ReLUNetwork(**sizes)
    bound = ab.lower_bound(F, G, p=2)
    assert bound.foreign == (f"{__name__}.ReLUNetwork",) and bound.value > ab.lower_bound(F, own, p=2).value
    for network in (G, ab.Union(members=(own, G))):
        with pytest.raises(ab.CertificateError, match=r"name='ReLUNetwork': means approxbounds.* not .*\.ReLUNetwork"):
            _ = ab.lower_bound(F, network, p=2).certificate
    with pytest.raises(ab.CertificateError, match="name='ReLUNetwork'"):
        ab.sweep(F, G, 2, directory=tmp_path, progress=False)
    with pytest.raises(ab.ParameterError, match="is taken by approxbounds"):
        ab.register(dataclass(frozen=True, kw_only=True)(shadow))


def test_a_certificate_is_never_about_another_theorem_or_an_earlier_definition(example):
    F, G, _ = query(example, "inf")
    stronger = type(
        "Jump", (example.JumpTheorem,), {"__module__": __name__, "evaluate": lambda self, A, q, w: A.number(9)}
    )
    bound = apply(stronger(), ab.lower_bound(F, G, p="inf").query)
    with pytest.raises(ab.CertificateError, match=r"means extension_example.JumpTheorem in certificates, not .*Jump"):
        _ = bound.certificate
    kinds = (type("Thing", (example.BoundedVariation,), {"__module__": __name__}) for _ in range(2))
    old, new = map(dataclass(frozen=True, kw_only=True), kinds)
    with ab.extensions(old):
        bound = ab.lower_bound(old(variation=1), ab.LinearSpace(dimension=3), p=2)
        assert ab.verify(bound.certificate)
        ab.register(new)  # a notebook cell run again
        with pytest.raises(ab.CertificateError, match="not an earlier definition of it"):
            _ = bound.certificate


# ---------------------------------------------------------------------------------- formulas that cannot be true


@pytest.mark.parametrize("value", [None, False, 0.5, "1/2", 1j], ids=repr)
@pytest.mark.parametrize("direction", ab.Direction)
def test_only_exact_values_of_formulas_are_certified(direction, value):
    """A forgotten return would be the bound 0, a double hides its rounding error."""
    F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(8,), input_dim=2)
    mine = {"refusal": lambda s, q: None, "search": lambda s, q: {}, "rate": lambda s, q: None, "direction": direction}
    ask = ab.lower_bound if direction is ab.Direction.LOWER else ab.upper_bound
    with ab.extensions(theorem(**mine, evaluate=lambda s, A, q, w: A.number(1) / 4)):
        bound = ask(F, G, p=2)
        assert (bound.theorem.id, bound.value) == ("mine", 0.25) and ab.verify(bound.certificate)
        certificate = bound.certificate
        with pytest.raises(ab.ParameterError, match=r"number=None: must be .* \(in theorem mine\)"):
            _ = bound.rate
    for evaluate in (lambda s, A, q, w: value, lambda s, A, q, w: A.number(value)):
        with ab.extensions(theorem(**mine, evaluate=evaluate)):
            with pytest.raises(ab.ParameterError, match=r"number=.*: must be exact.* \(in theorem mine\)"):
                ask(F, G, p=2)
            verdict = ab.verify(certificate)
            assert not verdict and "in theorem mine" in verdict.reason


def test_growth_that_is_no_number_certifies_nothing(example):
    @dataclass(frozen=True)
    class Count:
        citations = (ab.Citation("approxbounds"),)
        formula = "0"

        def evaluate(self, A, m):
            return None if A.name == "ball" else 0 * A.number(m)

    growth = {"growth": lambda self, thresholds=None: GrowthBound(whole=(Count(),))}
    G = type("Forgets", (example.RationalFunctions,), {"__module__": __name__} | growth)(degree=2)
    with pytest.raises(ab.ParameterError, match=r"number=None: must be exact.* \(in theorem T3\)"):
        ab.lower_bound(ab.LipschitzBall(dim=1), G, p=2)


def test_bounds_that_contradict_each_other_raise():
    F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(8,), input_dim=2)
    false = {"refusal": lambda s, q: None, "search": lambda s, q: {}, "evaluate": lambda s, A, q, w: A.number(0)}
    with ab.extensions(theorem(**false, direction=ab.Direction.UPPER)):
        for ask in (lambda: ab.bracket(F, G, p=2), lambda: ab.compare(F, G, 2)):
            with pytest.raises(ab.ApproxBoundsError, match=r"contradict .*E_2\(F, G\) >= .*E_2\(F, G\) <= 0 .*Mine"):
                ask()
    exact = ab.bracket(ab.MonotoneFunctions(dim=2), G, p="inf")
    assert exact.lower.value == exact.upper.value


def test_what_is_in_a_record_is_named_too(example):
    inner = example.RationalFunctions(degree=2)

    @dataclass(frozen=True, kw_only=True)
    class Wrapped(ab.NetworkClass):
        core: ab.NetworkClass

        def growth(self, thresholds=Thresholds.ANY):
            return self.core.growth(thresholds)

        @property
        def orders(self):
            return self.core.orders

    bound = ab.lower_bound(ab.LipschitzBall(dim=1), Wrapped(core=inner), p=2)
    assert bound.foreign == (f"{__name__}.{Wrapped.__qualname__}", "extension_example.RationalFunctions")
    united = ab.Union(members=(ab.LinearSpace(dimension=2), inner))
    verdict = ab.verify(ab.lower_bound(ab.LipschitzBall(dim=1), united, p=2).certificate.to_json())
    assert verdict and verdict.foreign == ("extension_example.RationalFunctions",)


def test_tables_and_inverse_answers_name_the_code_from_outside(example, capsys):
    F, G, _ = query(example, 2)
    names = "from outside: extension_example."
    table, swept = ab.compare(F, G, [2]), ab.sweep(F, G, 2, progress=False)
    assert "extension_example.RationalFunctions" in table.records()[0]["foreign"]
    for text in (table.to_text(), table.to_markdown(), table._repr_html_(), swept.to_text(), swept.to_markdown()):
        assert text.count(names) == 1
    assert table.to_latex().count(r"extension\_example.RationalFunctions") == 1
    assert swept._repr_html_().count(names) == 1
    assert "given extension_example.BoundedVariation" in str(ab.required_weights(F, error="1/100", p=2, depth=2))
    own = ab.compare(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=3), [2])
    assert "outside" not in own.to_text() and own.records()[0]["foreign"] == []


# ---------------------------------------------------------------------------------------------------- refusals


def record(base, name="Thing", **members):
    members = {
        "__module__": __name__,
        "value_range": None,
        "entropy_exponent": None,
        "growth": None,
        "orders": None,
    } | members
    return type(name, (base,), members)


def frozen(base, name="Thing", **members):
    return dataclass(frozen=True, kw_only=True)(record(base, name, **members))


def theorem(**members):
    said = {
        "id": "mine",
        "title": "t",
        "statement": "$s$",
        "citations": (ab.Citation("approxbounds"),),
        "refusal": None,
    }
    return type("Mine", (ab.Theorem,), said | {"__module__": __name__} | members)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (None, ("kind=None", "subclass")),
        ("HolderBall", ("kind='HolderBall'", "subclass")),
        (ab.LipschitzBall(dim=1), ("kind=LipschitzBall", "subclass")),
        (int, ("kind=<class 'int'>", "subclass")),
        (ab.FunctionClass, ("must define", "entropy_exponent", "value_range")),
        (ab.NetworkClass, ("must define", "growth", "orders")),
        (ab.Theorem, ("must define", "refusal")),
        (record(ab.FunctionClass), ("frozen=True", "@register above")),
        (frozen(ab.FunctionClass, "HolderBall"), ("class name='HolderBall'", "approxbounds.functions.holder")),
        (frozen(ab.NetworkClass, "HolderBall"), ("class name='HolderBall'", "taken")),  # one table would not see it
        (frozen(ab.FunctionClass, "Linear"), ("class name='Linear'", "LinearSpace")),  # the word on the command line
        (frozen(ab.FunctionClass, "_Thing"), ("class name='_Thing'", "capital")),
        (frozen(ab.FunctionClass, "Größe"), ("class name=", "letters")),
        (frozen(ab.NetworkClass, __module__="approxbounds.mine"), ("kind=", "must not say that its module")),
        (theorem(__module__="approxbounds.mine"), ("kind=", "must not say that its module")),
        (theorem(id="T3"), ("id='T3'", "taken by approxbounds.transfer")),
        (theorem(id="pdim-growth"), ("id='pdim-growth'", "taken")),
        (theorem(id="a b"), ("id='a b'", "letters")),
        (theorem(id=""), ("its id",)),
        (theorem(statement=""), ("its statement",)),
        (theorem(citations=()), ("its citations",)),
        (theorem(citations="Siegel2023"), ("citations='Siegel2023'", "tuple")),
        (theorem(inputs=("network",)), ("inputs=('network',)", "E_p(F, G)")),
    ],
)
def test_what_cannot_be_registered(kind, parts):
    before = [dict(table) for table in vars(registry.REGISTRY).values()]
    with pytest.raises(ab.ParameterError) as caught:
        ab.register(kind)
    assert all(part in str(caught.value) for part in parts), str(caught.value)
    assert [dict(table) for table in vars(registry.REGISTRY).values()] == before


def test_registering_again_changes_nothing_and_a_new_definition_replaces(example):
    size = len(ab.NETWORK_CLASSES)
    assert ab.register(example.RationalFunctions) is example.RationalFunctions
    assert len(ab.NETWORK_CLASSES) == size
    with ab.extensions(frozen(ab.NetworkClass), theorem()):
        again = ab.register(frozen(ab.NetworkClass))  # a notebook cell run twice
        assert ab.NETWORK_CLASSES["thing"] is again and len(ab.NETWORK_CLASSES) == size + 1
        upper = ab.register(theorem(direction=ab.Direction.UPPER))
        assert type(ab.THEOREMS["mine"]) is upper and ab.THEOREMS["mine"] not in registry.LOWER_THEOREMS
    assert "thing" not in ab.NETWORK_CLASSES and "mine" not in ab.THEOREMS


def test_registration_ends_with_the_block_even_after_an_error():
    with pytest.raises(ab.ParameterError), ab.extensions(frozen(ab.FunctionClass), int):
        raise AssertionError("not reached")
    with pytest.raises(RuntimeError), ab.extensions(frozen(ab.FunctionClass)):
        assert "thing" in ab.FUNCTION_CLASSES
        raise RuntimeError
    assert "thing" not in ab.FUNCTION_CLASSES


@pytest.mark.parametrize("name", ["FUNCTION_CLASSES", "NETWORK_CLASSES", "THEOREMS"])
def test_the_views_are_read_only(name):
    with pytest.raises(TypeError):
        getattr(ab, name)["x"] = None


def test_unregistered_classes_give_bounds_that_only_others_cannot_verify(example):
    kind = type("Unknown", (example.BoundedVariation,), {"__module__": __name__})
    F = dataclass(frozen=True, kw_only=True)(kind)(variation=1)
    bound = ab.lower_bound(F, ab.LinearSpace(dimension=3), p=2)
    assert bound.foreign == (f"{__name__}.Unknown",) and bound.value > 0
    with pytest.raises(ab.CertificateError, match=r"functions.class='Unknown': is not known.*imported first"):
        ab.verify(bound.certificate)


BROKEN = {
    "absent": (None, "No module named"),
    "syntax": ("def", "SyntaxError"),
    "raises": ("1 / 0", "ZeroDivisionError"),
    "exits": ("raise SystemExit(0)", "SystemExit"),
    "long": ("raise ValueError('x\\n' * 10**4)", "ValueError"),
    "collides": (
        "import approxbounds as ab\n@ab.register\nclass T(ab.Theorem):\n    id = 'T3'\n    title = statement = 't'\n"
        "    citations = (ab.Citation('approxbounds'),)\n    def refusal(self, query): return None\n",
        "id='T3'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_modules_that_cannot_be_loaded(name, tmp_path, monkeypatch, capsys):
    code, part = BROKEN[name]
    module = f"broken_extension_{name}"
    monkeypatch.syspath_prepend(tmp_path)
    if code is not None:
        (tmp_path / f"{module}.py").write_text(code)
    with pytest.raises(ab.ParameterError, match=f"extension='{module}'") as caught:
        load(module)
    assert part in str(caught.value) and len(str(caught.value)) < 300 and "\n" not in str(caught.value)
    assert cli.main(["list", "--extension", module]) == 2
    assert capsys.readouterr().err.startswith(f"approxbounds: extension='{module}'")


@pytest.mark.parametrize("name", ["", "a b", "os;x", "../x", "x.py()", "a..b", ".a", "__import__('os')"])
def test_only_names_of_modules_are_imported(name):
    with pytest.raises(ab.ParameterError, match="must be the name of a module"):
        load(name)
