"""Pictures of answers: functions that draw into Matplotlib axes, and return them.

>>> import approxbounds as ab
>>> from approxbounds import plots
>>> networks = [ab.HeavisideNetwork(widths=(n, n), input_dim=2) for n in (4, 16, 64)]
>>> ax = plots.bracket(ab.LipschitzBall(dim=2), networks, p=2)
>>> ax.get_xlabel(), ax.get_ylabel()
('number of weights $W$', 'error $E_{2}$')

Every number drawn is certified; where a theorem gives none, nothing is drawn. Each function takes ``ax``; without it a
new figure is made (pyplot is imported then). ``bracket_lines`` and ``boxes`` draw numbers and steps that are stored.
"""

from approxbounds.plots.curves import bracket, bracket_lines, norms, theorems
from approxbounds.plots.derivations import boxes, derivation, mathtext
from approxbounds.plots.hard import hard_function
from approxbounds.plots.looks import GREY, SERIES, Series

__all__ = [
    "GREY",
    "SERIES",
    "Series",
    "boxes",
    "bracket",
    "bracket_lines",
    "derivation",
    "hard_function",
    "mathtext",
    "norms",
    "theorems",
]
