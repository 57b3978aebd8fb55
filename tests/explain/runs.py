import numpy as np

from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import type_of
from backlight.diff.reverse import reverse
from backlight.run.reference import run


def ran(function, **given):
    """A run, forward and backward, of a function of named inputs."""
    tape = Tape()
    xs = {name: tape.input(name, type=type_of(np.asarray(value))) for name, value in given.items()}
    out = function(**xs)
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,))
    return run(reverse(graph), {x.number: np.asarray(given[name])[()] for name, x in xs.items()})
