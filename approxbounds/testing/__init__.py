"""Tools to test bounds, also your own: Hypothesis strategies, and contracts that raise AssertionError.

A few lines test a formula of yours against everything that the library knows::

    from hypothesis import given, settings
    from approxbounds.testing import check_lower_bound, exponents, pairs

    @settings(deadline=None)  # some bounds take longer than the 0.2 s that Hypothesis allows by default
    @given(pairs(), exponents())
    def test_my_bound(pair, p):
        check_lower_bound(my_lower_bound, *pair, p)

The strategies need Hypothesis, which is not installed with the library: ``pip install 'approxbounds[test]'``.
"""

from importlib.util import find_spec

from approxbounds.errors import MissingPackageError

if find_spec("hypothesis") is None:
    raise MissingPackageError("approxbounds.testing needs hypothesis: pip install 'approxbounds[test]'")

from approxbounds.testing.classes import (
    check_function_class,
    check_growth,
    check_network_class,
    check_record,
)
from approxbounds.testing.contracts import (
    Rule,
    check_bound,
    check_certificate,
    check_lower_bound,
    check_monotone,
    check_monotone_in_p,
    check_upper_bound,
    float_value,
    known_upper_bounds,
    larger_functions,
    larger_networks,
)
from approxbounds.testing.mutants import (
    JUNK,
    replaced,
    unsafe_mutants,
    without,
)
from approxbounds.testing.pairs import (
    bounds,
    certificates,
    large_pairs,
    pairs,
    sharp_pairs,
    unsafe_certificates,
    wide_pairs,
)
from approxbounds.testing.records import examples, records
from approxbounds.testing.strategies import (
    MOST_DIM,
    anisotropic_balls,
    bits,
    dims,
    entropy_classes,
    exponents,
    feedforward,
    finite_exponents,
    free_knot_splines,
    function_classes,
    holder_balls,
    network_classes,
    network_sizes,
    norm_classes,
    numbers,
    rationals,
    recurrent_networks,
    rivals,
    scales,
    skip_networks,
    unions,
    widths,
)

__all__ = [
    "JUNK",
    "MOST_DIM",
    "Rule",
    "anisotropic_balls",
    "bits",
    "bounds",
    "certificates",
    "check_bound",
    "check_certificate",
    "check_function_class",
    "check_growth",
    "check_lower_bound",
    "check_monotone",
    "check_monotone_in_p",
    "check_network_class",
    "check_record",
    "check_upper_bound",
    "dims",
    "entropy_classes",
    "examples",
    "exponents",
    "feedforward",
    "finite_exponents",
    "float_value",
    "free_knot_splines",
    "function_classes",
    "holder_balls",
    "known_upper_bounds",
    "large_pairs",
    "larger_functions",
    "larger_networks",
    "network_classes",
    "network_sizes",
    "norm_classes",
    "numbers",
    "pairs",
    "rationals",
    "records",
    "recurrent_networks",
    "replaced",
    "rivals",
    "scales",
    "sharp_pairs",
    "skip_networks",
    "unions",
    "unsafe_certificates",
    "unsafe_mutants",
    "wide_pairs",
    "widths",
    "without",
]
