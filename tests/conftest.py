"""Hypothesis profiles, and the rule that no test may change python-flint's global precision."""

import os
import signal

import flint
import pytest
from hypothesis import HealthCheck, settings

collect_ignore = ["extension_example.py"]  # importing it registers its classes

# a job in the background ignores Ctrl-C, and so would the processes that tests start and interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("dev", derandomize=True, deadline=None, print_blob=True, max_examples=50)
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def flint_precision_is_kept():
    """python-flint's precision is global: whatever a test does, it must be what it was before."""
    before = flint.ctx.prec
    yield
    assert flint.ctx.prec == before
