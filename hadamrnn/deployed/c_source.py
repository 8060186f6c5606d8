"""The integer recurrence as one file of C99 that depends on nothing: ``network.c`` beside this file, after its data."""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hadamrnn import validation as check
from hadamrnn.arrays import Array
from hadamrnn.deployed.integer_network import FRACTION_BITS, IntegerNetwork
from hadamrnn.deployed.packed import entry_bits, pack
from hadamrnn.errors import ParameterError
from hadamrnn.networks.hadamard import factors, hadamard

_USE = """\
   net_state s;             what a sequence needs, {state} bytes
   net_start(&s);           before the first step of a sequence
   net_step(&s, x);         a step with NET_INPUTS integers x[i] = net_scale(a real number)
   net_token(&s, token);    a step with a token from 0 to NET_INPUTS - 1; does nothing but return 0 for another one
   net_outputs(&s, y);      the NET_OUTPUTS outputs of the last step, as doubles

   Include this file in one C file of a program. The states are those of hadamrnn's IntegerNetwork; the outputs are its
   outputs bit by bit if no multiplication is fused with an addition (-std=c99, or -ffp-contract=off). With NET_MAIN
   defined it is a program by itself, which reads sequences and prints their outputs. */"""


def c_source(network: IntegerNetwork, *, name: str = "net") -> str:
    """A network's recurrence in integers as the text of one C99 file, whose names begin with ``name`` and "_".

    Codes and signs stay packed, in constant arrays, and a Hadamard matrix is applied by its factors. The states are
    those of the :class:`IntegerNetwork` bit by bit, and so are the outputs, for inputs of type float32. The head of the
    file says how to call it.

    Raises ParameterError unless ``network`` is an IntegerNetwork and ``name`` a letter before letters, digits and "_".

    >>> from hadamrnn.deployed.integer_network import Ranges
    >>> from hadamrnn.deployed.packed import Packed
    >>> from hadamrnn.networks.hadamrnn import HadamRNN
    >>> model = HadamRNN(inputs=3, hidden=8, outputs=2)
    >>> text = c_source(IntegerNetwork(Packed.of(model), ranges=Ranges(1.0, 4.0)), name="ecg")
    >>> "void ecg_step(ecg_state *s, const int16_t *x)" in text
    True
    """
    check.instance("network", network, IntegerNetwork, "an IntegerNetwork")
    if not isinstance(name, str) or not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        raise ParameterError("name", name, "must be a letter before letters, digits and _, as names in C")
    config, packed, constants = network.config, network.packed, network.constants
    order = config.hadamard_order
    cores = () if order is None else _cores(order)
    room = max((core for core in cores if core > 2), default=1)
    numbers: dict[str, object] = {
        "INPUTS": config.inputs,
        "HIDDEN": config.hidden,
        "OUTPUTS": config.outputs,
        "MANY_TO_MANY": int(config.many_to_many),
        "HADAMARD": int(order is not None),
        "RELU": int(config.activation == "relu"),
        "MODRELU": int(config.activation == "modrelu"),
        "MOST": network.most,
        "LEAST_READ": 0 if config.activation == "linear" else "(-NET_MOST)",
        "ROOM": room,
        "FRACTION_BITS": FRACTION_BITS,
        "INPUT_STEP": f"{float(np.float32(constants.input_step)).hex()}f",
        "OUTPUT_STEP": constants.output_step.hex(),
    }
    for array, (factor, shift) in {"W": constants.W, "U": constants.U, "TOKEN": constants.token}.items():
        numbers |= {f"{array}_FACTOR": factor, f"{array}_SHIFT": shift}
    coded = [each for each in ("W", "U", "V") if each in packed.steps]
    numbers |= {f"{each}_BITS": entry_bits(config, each) for each in coded}
    shape = f"{config.inputs} inputs, {config.hidden} hidden units and {config.outputs} outputs"
    target = "an output at every step" if config.many_to_many else "an output after the last step"
    parts = [
        f"/* A {config.kind} network of {shape},\n   {config.activation}, with {target}. Written by hadamrnn.\n",
        _USE.format(state=4 * (config.hidden + room + (config.hidden + 1) // 2)),
        "#include <stddef.h>\n#include <stdint.h>\n",
        *(f"#define NET_{key} {value}" for key, value in numbers.items()),
        "",
        *(_array("uint8_t", each, packed.stored(each)) for each in coded),
        _array("int32_t", "b", constants.b),
        _array("float", "c", (f"{float(value).hex()}f" for value in packed.arrays["c"])),
    ]
    if config.activation == "modrelu":
        parts.append(_array("int32_t", "beta", constants.beta))
    if order is not None:
        parts += [_array("uint8_t", "u", packed.stored(config.recurrent)), *_hadamard(cores)]
    text = "\n".join([*parts, "", (Path(__file__).parent / "network.c").read_text(encoding="utf-8")])
    return re.sub(r"\bNET_", f"{name.upper()}_", re.sub(r"\bnet_", f"{name}_", text))


def _cores(order: int) -> tuple[int, ...]:
    """The orders of the factors, down to 2 and those of Paley's matrices, of which the Hadamard matrix is the product.

    >>> _cores(96), _cores(1)
    ((2, 2, 2, 12), ())
    """
    left, right = map(len, factors(order))
    if left == 1:
        return (order,) if order > 1 else ()
    return _cores(left) + _cores(right)


def _hadamard(cores: tuple[int, ...]) -> list[str]:
    """The signs of Paley's matrices, and the factors with the distance of their entries in a vector."""
    signs = [_array("uint8_t", f"paley_{core}", pack(hadamard(core) < 0, 1)) for core in sorted({*cores} - {2})]
    rows, stride = [], 1
    for core in reversed(cores):
        rows.append(f"{{{core}, {stride}, {'NULL' if core == 2 else f'net_paley_{core}'}}}")
        stride *= core
    record = "typedef struct {\n    uint16_t order, stride;\n    const uint8_t *signs;\n} net_core;\n"
    return [*signs, record, _array("net_core", "cores", [*rows, "{0, 0, NULL}"])]


def _array(kind: str, name: str, values: Iterable[object] | Array) -> str:
    """A constant array, in short lines."""
    words, length = [str(value) for value in values], 16 if kind == "uint8_t" else 4
    lines = (", ".join(words[start : start + length]) for start in range(0, len(words), length))
    return f"static const {kind} net_{name}[] = {{\n    " + ",\n    ".join(lines) + "};\n"
