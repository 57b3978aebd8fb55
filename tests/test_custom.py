"""Operations of one's own, and the check of derivatives."""

import subprocess
import sys

import numpy as np
import pytest

import backlight as bl
from backlight.core.array import Array
from backlight.errors import DifferentiationError, InputError, NameError


@bl.rule(local=lambda z, x: 1.0 / (1.0 + np.abs(x)) ** 2)
def bend(x):
    """Squeezes into (-1, 1)."""
    assert not isinstance(x, Array)
    return x / (1.0 + np.abs(x))


@bl.rule(vjp=lambda g, z, a, b, weight=1.0: (weight * g * b, weight * g * a))
def weighted(a, b, weight=1.0):
    return weight * np.dot(a, b)


X = np.array([0.5, -2.0, 3.0])


def test_an_operation_of_ones_own_is_one_node_with_a_derivative_of_any_order():
    assert bend(X).tolist() == (X / (1 + np.abs(X))).tolist()
    graph = bl.trace(lambda x: np.sum(bend(x) ** 2))(X)
    assert [node.op.name for node in graph.nodes if node.op.name == "bend"] == ["bend"]
    f = lambda x: x / (1.0 + np.abs(x))
    for x in X:
        g, h = bend, f
        for _ in range(3):
            assert g(x) == pytest.approx(float(h(x)), rel=1e-13)
            g, h = bl.grad(g), bl.grad(h)
    assert bl.jvp(bend, (X,), (X,))[1] == pytest.approx(bl.jvp(f, (X,), (X,))[1], rel=1e-14)
    assert bl.jacobian(bend)(X) == pytest.approx(bl.jacobian(f)(X), rel=1e-14)
    assert bl.vmap(bl.grad(bend))(X) == pytest.approx(bl.vmap(bl.grad(f))(X), rel=1e-14)
    assert bl.compile(bl.grad(bend))(0.5) == pytest.approx(float(bl.grad(f)(0.5)), rel=1e-14)
    run = bl.backprop(lambda x: bend(x) * 2.0, 1.0)
    assert run["x"].gradient == 0.5
    assert "bend" in str(run)
    assert "the rule that was given for it" in str(bl.explain(run))


def test_settings_and_gradients_of_several_operands():
    f = lambda a, b: weighted(a, b, weight=3.0) ** 2
    plain = lambda a, b: (3.0 * np.dot(a, b)) ** 2
    for k in (0, 1):
        assert bl.grad(f, k)(X, 2 * X) == pytest.approx(bl.grad(plain, k)(X, 2 * X), rel=1e-14)
        assert bl.hessian(f, k)(X, 2 * X) == pytest.approx(bl.hessian(plain, k)(X, 2 * X), rel=1e-14)
    assert bl.jvp(f, (X, X), (X, X))[1] == pytest.approx(float(bl.jvp(plain, (X, X), (X, X))[1]), rel=1e-14)
    rows = np.stack([X, 2 * X])
    assert bl.vmap(f, (0, None))(rows, X) == pytest.approx([float(plain(r, X)) for r in rows], rel=1e-14)


def test_a_wrong_derivative_is_found_at_the_first_use_and_named():
    cube = bl.rule(lambda x, y: x**3 * y, local=lambda z, x, y: (3.0 * x**2 * y, x**2), name="cube")
    for _ in range(2):  # and at every use until it is right
        with pytest.raises(DifferentiationError) as caught:
            cube(2.0, 1.0)
        assert str(caught.value) == (
            "rule: the derivative of cube by y is wrong at y = 1.: it says -11.1124 along a direction, "
            "and small steps say -22.2249: mend it, or say check=False where this is a kink"
        )
    assert bl.grad(bl.rule(np.abs, local=lambda z, x: np.sign(x), name="size"))(-2.0) == -1.0


def test_check_grads_takes_the_settings_that_the_field_knows():
    f = lambda x, y: np.sum(np.sin(x) * y)
    assert bl.check_grads(f)(np.ones(3), 2.0) == bl.check_grads(f, (np.ones(3), 2.0))  # arguments that come later
    assert bl.check_grads(f, modes=["rev"], order=1)(np.ones(3), 2.0).orders[0].modes == ("rev",)
    near = bl.check_grads(f, (np.ones(3), 2.0), 2, eps=1e-3)
    assert near.ok
    assert near.orders[0].measured != bl.check_grads(f, (np.ones(3), 2.0)).orders[0].measured
    wrong = bl.rule(lambda x: x**2, local=lambda z, x: 2.001 * x, check=False)
    with pytest.raises(DifferentiationError):
        bl.check_grads(wrong, (2.0,), 1)
    assert bl.check_grads(wrong, (2.0,), 1, rtol=1e-3).ok
    assert bl.check_grads(wrong, (2.0,), 1, atol=1e-2).ok


def test_check_grads_compares_both_modes_with_small_steps():
    check = bl.check_grads(lambda p, x: np.tanh(p["w"] @ x) * p["b"], ({"w": np.array([0.5, -0.3]), "b": 2.0}, np.ones(2)))
    assert check.ok
    assert [order.order for order in check.orders] == [1, 2]
    assert str(check).count("agree") == 2
    assert bl.check_grads(np.exp, 0.3, order=3).orders[2].order == 3
    wrong = bl.rule(lambda x: x**3, local=lambda z, x: 3.0 * x**2 + 0.1, name="off", check=False)
    with pytest.raises(DifferentiationError) as caught:
        bl.check_grads(wrong, 2.0, order=1)
    assert str(caught.value).startswith("check_grads: the derivatives disagree:\norder 1: reverse ")
    assert str(caught.value).endswith(": DISAGREE")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bl.rule(np.sin), InputError, "rule: give the derivative as local (element by element) or as vjp, one of the two"),
        (lambda: bl.rule(lambda x: x, local=lambda z, x: 1.0, name="sin"), NameError,
         "rule: there is an operation sin already: give another name"),
        (lambda: bl.rule(lambda k=1: k, local=lambda z: 1.0, name="none"), InputError,
         "rule: none takes no operands: give it at least one argument without a default"),
        (lambda: bl.rule(lambda x: np.sum(x), local=lambda z, x: 1.0, name="total_of")(X), InputError,
         ("rule: total_of gives Float64 () for operands of (3,), which is not element by element: "
          "give a vjp instead of local")),
        (lambda: bl.rule(lambda x: "word", local=lambda z, x: 1.0, name="talk")(1.0), InputError,
         "rule: talk must return a NumPy value, and it returned str"),
        (lambda: bl.rule(lambda x, y: x * y, local=lambda z, x, y: y, name="lost")(1.0, 2.0), DifferentiationError,
         "rule: lost has 2 operands, and its derivative gives 1"),
        (lambda: bl.rule(lambda x: np.sum(x), vjp=lambda g, z, x: g, name="narrow")(X), DifferentiationError,
         "rule: the vjp of narrow gives Float64 () for x, which has shape (3,)"),
        (lambda: bl.check_grads(np.sin, 1.0, modes="back"), InputError, "check_grads: modes are 'fwd' and 'rev', and not 'back'"),
        (lambda: bl.check_grads(lambda x: x > 0, 1.0), DifferentiationError,
         "check_grads: the function returned no float, and only floats have a derivative"),
        (lambda: bl.grad(lambda x: bl.check_grads(np.sin, 1.0) and x)(1.0), InputError,
         "check_grads: has no meaning inside a trace: call it outside, with plain numbers"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).partition("\n")[0] == message


def sag(x, knee=1.0):
    return x / (knee + np.abs(x))


def test_a_graph_with_an_operation_of_ones_own_comes_back_from_a_file(tmp_path):
    mine = bl.rule(sag, local=lambda z, x, knee=1.0: knee / (knee + np.abs(x)) ** 2)
    function = lambda x: mine(x, knee=2.0) ** 2
    bl.backprop(function, 1.5).save(tmp_path / "run.backlight")
    graph = bl.load_run(tmp_path / "run.backlight").graph
    (x,) = graph.inputs
    for number in (1.5, -0.5):
        assert float(bl.run(graph, number)[graph.grads[x]].value) == bl.grad(function)(number)
    assert bl.hessian(lambda x: graph(x))(0.5) == pytest.approx(bl.hessian(function)(0.5), rel=1e-13)
    mine = bl.rule(sag, local=lambda z, x, knee=1.0: knee / (knee + np.abs(x)) ** 2)  # made again, as when a cell is run again
    assert float(bl.load_run(tmp_path / "run.backlight")[x].value) == 1.5


CURVES = """
import backlight as bl

@bl.rule(local=lambda z, x, scale=1.0: 3.0 * scale * x**2)
def cube(x, scale=1.0):
    return scale * x**3
"""
MADE = "bl.rule(lambda x, scale=1.0: scale * x**3, local=lambda z, x, scale=1.0: 3.0 * scale * x**2, name='cube')"


TWICE = f"make = lambda n: {MADE.replace('x**3', 'x**n')}; make(3), make(2)"
HERE = "__main__.<lambda>.<locals>.<lambda> at line 1"


@pytest.mark.parametrize(
    ("makes", "message"),
    [
        ("import curves", ""),
        (MADE, ""),
        (f"import curves; {MADE}", ""),  # the one of the same place is the one that is meant
        ("", ("cube, an operation of one's own made of curves.cube, and nothing here has made it: import the module that does, "
              "or make it with bl.rule(…, name='cube'), and read the file again")),
        (MADE.replace("=1.0", "=2.0"), ("cube(x, scale=1.0), and here it is cube(x, scale=2.0): make it as it was when the "
                                        "file was written")),
        (MADE.replace("scale", "size"), ("cube(x, scale=1.0), and here it is cube(x, size=1.0): make it as it was when the "
                                         "file was written")),
        (TWICE, (f"cube, made of curves.cube, and here there are several: of {HERE} and {HERE}: give each operation a name "
                 "of its own, as in bl.rule(…, name='…')")),
    ],
)  # fmt: skip
def test_an_operation_of_ones_own_is_found_in_another_program(tmp_path, makes, message):
    (tmp_path / "curves.py").write_text(CURVES, encoding="utf-8")

    def program(code):
        found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        return found.stdout, found.stderr.splitlines()[-1:]

    assert program("import backlight as bl, curves; bl.backprop(curves.cube, 2.0).save('a.run')") == ("", [])
    read = "run = bl.load_run('a.run'); print(bl.run(run.graph, 3.0)[run.graph.grads[0]].value)"
    out, error = program(f"import backlight as bl; {makes}\n{read}")
    said = f"backlight.errors.FileError: a.run: this graph uses {message}"
    assert (out, error) == (("", [said]) if message else ("27.0\n", []))
