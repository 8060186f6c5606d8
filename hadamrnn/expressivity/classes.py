"""Models as network classes of approxbounds, which bounds what networks of their shape can express."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import approxbounds as ab
from hadamrnn import validation as check

__all__ = ["Describable", "network_class"]


@runtime_checkable
class Describable(Protocol):
    """A network, or its settings: they say which class of approxbounds they belong to."""

    def as_class(self, *, steps: int) -> ab.NetworkClass: ...


def network_class(model: Describable, *, steps: int) -> ab.NetworkClass:
    """The class of the functions that one output of such a network can be of sequences of ``steps`` steps.

    ``model``: a network, or its settings. The output is that after the last step, as a function of the T d_in numbers
    of a sequence; tokens are one-hot vectors. The class has all values of the trained parameters: any u, any codes
    of quantised weights, any real numbers elsewhere; it describes exact arithmetic, without rounding. Of QORNNs without
    recurrent bits, those of the strategy "penalty" have any real W, the others an orthogonal one. With an embedding E,
    U E^T is any real matrix, one column for each word: more than the network has.

    Raises ParameterError for other models, and for ``steps`` below 1.

    >>> from hadamrnn import HadamRNN
    >>> network_class(HadamRNN(inputs=1, hidden=16, outputs=10), steps=784).pseudo_dimension().value
    406
    """
    check.instance("model", model, Describable, "a HadamRNN or a QORNN, or the settings of one")
    return model.as_class(steps=steps)
