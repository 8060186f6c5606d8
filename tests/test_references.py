"""Every class, theorem and construction has a key of the bibliography, and bounds cite exactly what they use."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

import approxbounds as ab
from approxbounds.sources import Citation, bibtex, reference_keys

THEORY = files("approxbounds").joinpath("THEORY.md").read_text(encoding="utf-8")
SECTIONS = set(re.findall(r"^#{2,3} (\d(?:\.\d)?|T[\w-]+)", THEORY, re.M))
SOURCES = sorted(Path(ab.__file__).parent.rglob("*.py"))


def keys(text):
    return re.findall(r"^@\w+\{([^,]+),", text, re.M)


@pytest.mark.parametrize(
    "cited",
    [*ab.FUNCTION_CLASSES.values(), *ab.NETWORK_CLASSES.values(), *ab.THEOREMS.values()],
    ids=[*ab.FUNCTION_CLASSES, *ab.NETWORK_CLASSES, *ab.THEOREMS],
)
def test_everything_has_a_key(cited):
    assert cited.citations
    assert all(isinstance(citation, Citation) and citation.key in reference_keys() for citation in cited.citations)
    assert keys(bibtex(cited.citations)) == list(dict.fromkeys(citation.key for citation in cited.citations))


FUNCTIONS = [
    ab.HolderBall(smoothness=2, dim=1),
    ab.LipschitzBall(dim=1),
    ab.MonotoneFunctions(dim=1),
    ab.SobolevBall(smoothness=1, dim=1, integrability="inf"),
    ab.AnisotropicHolderBall(smoothness=("1/2",)),
    ab.ConvexFunctions(dim=1),
    ab.BarronBall(dim=1),
    ab.EntropyClass(exponent=1, norm=2, constant=1, valid_below="1/2", dim=1),
]
NETWORKS = [
    ab.ReLUNetwork(widths=(600,) * 40, input_dim=1),
    ab.HeavisideNetwork(widths=(9, 9), input_dim=1, bits=2),
    ab.NetworkSize(weights=100, depth=3),
    ab.LinearSpace(dimension=9),
    ab.FiniteClass(bits=9),
    ab.LipschitzFunctions(constant=1, input_dim=1),
    ab.NormBoundedNetwork(norms=(1, 2), input_dim=1),
]


@pytest.mark.parametrize("F", FUNCTIONS, ids=[type(F).__name__ for F in FUNCTIONS])
@pytest.mark.parametrize("G", NETWORKS, ids=[type(G).__name__ for G in NETWORKS])
def test_bibtex_has_exactly_the_keys_of_the_steps(F, G):
    bounds = [bound for p in (2, "inf") for ask in (ab.lower_bounds, ab.upper_bounds) for bound in ask(F, G, p=p)]
    bounds += [G.pseudo_dimension()] if G.bounded_growth else [G.fat_shattering("1/10")]
    for bound in bounds:
        used = list(dict.fromkeys(citation.key for step in bound.steps for citation in step.citations))
        assert used and keys(bound.bibtex()) == used
        assert set(used) <= set(reference_keys())
        text = bound.explain()
        assert all(f"(`{key}`)" in text for key in used)


def test_steps_cite_what_they_use():
    """Pdim(G) <= P by its own method: no bound for networks is cited for a linear space."""
    for theorem in ("T2a", "T3"):
        bounds = ab.lower_bounds(ab.LipschitzBall(dim=1), ab.LinearSpace(dimension=9), p=2)
        cited = keys(next(bound for bound in bounds if bound.theorem.id == theorem).bibtex())
        assert "BartlettHarveyLiawMehrabian2019" not in cited


def sections(text):
    theorems = sorted((name for name in ab.THEOREMS if name.startswith("T")), key=len, reverse=True)
    return set(re.findall(rf"\b(T2|{'|'.join(theorems)}|\d(?:\.\d)?)\b", text))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_pointers_into_the_theory_lead_somewhere(path):
    source = path.read_text(encoding="utf-8")
    pointers = re.findall(r"THEORY\.md,?([^()\n]*)", source)
    pointers += re.findall(r'Citation\(\s*"approxbounds",\s*"([^"]*)"', source)
    for pointer in pointers:
        assert sections(pointer) and sections(pointer) <= SECTIONS, pointer


def test_the_theory_has_every_theorem_every_family_and_no_unknown_source():
    functions = [*FUNCTIONS, ab.ConvexFunctions(dim=2)]
    families = (family.id for F in functions for family in (*F.families, *F.point_families))
    for name in (*ab.THEOREMS, *families):
        assert name in SECTIONS or f"`{name}`" in THEORY, name
    assert set(re.findall(r"\b[A-Z][A-Za-z]+(?:19|20)\d\d\b", THEORY)) <= set(reference_keys())
    assert all(len(line) <= 120 for line in THEORY.splitlines())
