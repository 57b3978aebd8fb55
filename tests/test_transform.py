from collections import OrderedDict, defaultdict
from dataclasses import dataclass

import numpy as np
import pytest

import backlight
from backlight.core.array import Array
from backlight.diff.reverse import reverse
from backlight.errors import DifferentiationError, GraphError, InputError, ShapeError
from backlight.jacobians import hvp, jacobian
from backlight.ops import exp, log, mul, relu, sigmoid, sqrt, stop_gradient, sum, tanh, where
from backlight.read.python import record, trace, traced
from backlight.transform import grad, value_and_grad, vjp


def test_an_array_of_one_number_has_a_gradient_as_well():
    value, gradient = value_and_grad(lambda x: np.sum(x * x, keepdims=True))(np.array([1.0, 2.0]))
    assert value.tolist() == [5.0]
    assert gradient.tolist() == [2.0, 4.0]


def test_a_persons_own_kind_of_dict_comes_back():
    given = OrderedDict(b=2.0, a=3.0)
    gradient = grad(lambda p: p["a"] * p["b"] if type(p) is OrderedDict else 0.0 * p["a"])(given)
    assert type(gradient) is OrderedDict
    assert list(gradient.items()) == [("b", 3.0), ("a", 2.0)]
    by_default = grad(lambda p: p["a"] + p["new"])(defaultdict(float, a=1.0))
    assert by_default == {"a": 1.0}
    assert by_default["other"] == 0.0


def test_the_gradient_of_a_function_as_people_write_it():
    def f(x):
        if x > 0:
            total = x
            while total < 100:
                total = total * x
            return total
        return -x

    assert grad(f)(3.0) == 5 * 3.0**4
    assert grad(f)(-2.0) == -1.0


def test_what_python_asked_of_a_value_is_kept_with_its_line():
    def f(x):
        if x > 1:
            return x * 2.0
        return x

    graph = trace(f)(3.0)
    (guard,) = graph.guards
    assert (guard.kind, guard.answer) == ("bool", True)
    assert graph.nodes[guard.node].op.name == "greater"
    assert guard.at.file == __file__
    assert guard.at.line == f.__code__.co_firstlineno + 1


def test_gradients_of_gradients_do_not_confuse_their_variables():
    # d/dx [x · d/dy (x + y)] is 1, not 2
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(2.0) == 1.0
    # d/dx [x · d/dy (x·y) at y = x] = d/dx x² = 2x
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y * y)(2.0) * x)(5.0) == 40.0


def test_gradients_to_the_fifth_order():
    f, values = (lambda x: x**5.0), []
    for _ in range(5):
        f = grad(f)
        values.append(float(f(2.0)))
    assert values == [80.0, 160.0, 240.0, 240.0, 120.0]


@dataclass(frozen=True)
class Layer:
    w: np.ndarray
    b: float
    name: str = "dense"


def test_arguments_may_be_nested_and_their_leaves_have_names():
    model = {"layers": [Layer(np.array([[1.0, 2.0]]), 0.5)], "scale": 2.0}

    def loss(model, x):
        (layer,) = model["layers"]
        return sum(tanh(x @ layer.w + layer.b)) * model["scale"]

    graph = trace(loss)(model, np.ones((3, 1)))
    assert graph.input_names == ("model.layers.0.w", "model.layers.0.b", "model.scale", "x")
    value, gradient = value_and_grad(lambda p: sum(p["w"] * p["w"]) + p["b"])({"w": np.array([1.0, 2.0]), "b": 3.0})
    assert value == 8.0
    assert gradient["w"].tolist() == [2.0, 4.0]
    assert gradient["b"] == 1.0


def test_arguments_by_position_by_name_and_several():
    f = lambda x, y, z=1.0: x * y * z
    assert grad(f, 1)(2.0, 3.0) == 2.0
    assert grad(f, "y")(2.0, 3.0) == 2.0
    assert grad(f, "z")(2.0, 3.0, z=4.0) == 6.0
    assert grad(f, (0, -1))(2.0, 3.0) == (3.0, 2.0)


def test_aux_comes_back_plain():
    value, (aux, more) = value_and_grad(lambda x: (x * x, (x + 1.0, "word")), has_aux=True)(3.0)[0]
    assert (value, aux, more) == (9.0, 4.0, "word")
    assert not isinstance(aux, Array)
    gradient, aux = grad(lambda x: (x * x, x), has_aux=True)(3.0)
    assert (gradient, aux) == (6.0, 3.0)


def test_an_argument_that_is_not_used_gets_zeros():
    assert grad(lambda x, y: x, 1)(1.0, np.ones(3)).tolist() == [0.0, 0.0, 0.0]


def test_stop_gradient_counts_as_constant():
    assert grad(lambda x: x * stop_gradient(x))(3.0) == 3.0
    assert backlight.stop_gradient is stop_gradient


def test_nothing_is_written_and_nobody_is_asked_behind_stop_gradient():
    order_by = pytest.importorskip("scipy.special").jv  # there is no derivative by the order of a Bessel function
    assert grad(lambda v, x: order_by(stop_gradient(v), x), (0, 1))(1.0, 2.0) == (0.0, pytest.approx(-0.0644716247372))
    graph = reverse(backlight.trace(lambda v, x: exp(tanh(stop_gradient(v))) * x)(1.0, 2.0))
    assert [(node.op.name, node.why.kind) for node in graph.nodes[graph.forward_count :]] == [
        ("const", "seed"), ("mul", "downstream"), ("const", "unused"),
    ]  # fmt: skip


def test_vjp_takes_upstream_gradients_of_every_output():
    value, pullback = vjp(lambda x, y: {"sum": x + y, "product": x * y}, 2.0, 3.0)
    assert value == {"sum": 5.0, "product": 6.0}
    assert pullback({"sum": 1.0, "product": 10.0}) == (31.0, 21.0)
    assert pullback({"sum": 0.0, "product": 1.0}) == (3.0, 2.0)
    value, pullback = vjp(lambda x: (x, x), 2.0)
    assert pullback((1.0, 5.0)) == (6.0,)


def test_a_jacobian_has_the_shape_of_the_output_and_of_the_argument():
    x, w = np.array([0.3, -1.2, 2.0]), np.arange(6.0).reshape(2, 3)
    got = jacobian(lambda x: sigmoid(w @ x))(x)
    s = 1 / (1 + np.exp(-(w @ x)))
    assert got == pytest.approx((s * (1 - s))[:, None] * w, rel=1e-13)


def test_a_hessian_times_a_vector():
    x, v = np.array([0.5, 2.0]), np.array([1.0, -3.0])
    got = hvp(lambda x: sum(exp(x) * x), x, v)
    assert got == pytest.approx((np.exp(x) * (x + 2)) * v, rel=1e-14)


def test_float32_arguments_have_float32_gradients():
    assert grad(lambda x: sum(x * 2.5))(np.ones(3, np.float32)).dtype == np.float32


def test_live_masks_hold_in_python_code_too():
    assert grad(lambda x: where(x > 0.0, sqrt(x), 0.0))(0.0) == 0.0
    assert grad(grad(lambda x: where(x > 0.0, sqrt(x), 0.0)))(0.0) == 0.0
    assert grad(lambda x: relu(log(x)))(0.0) == 0.0
    assert np.isnan(grad(lambda x: sqrt(x) * sqrt(x))(0.0))


def test_a_session_keeps_every_intermediate():
    with record() as tape:
        x = tape.input("x", 2.0)
        y = mul(x, x)
        z = y + 1.0
    assert [float(a) for a in (x, y, z)] == [2.0, 4.0, 5.0]
    assert traced(lambda x: x * 1.0, (2.0,), {}).values == [2.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: grad(lambda x: x * 2.0)(np.ones(3)),
            DifferentiationError,
            ("grad: the function returned Vector Float64 (3,), and a gradient needs one real number: "
            "take the sum or the mean of it, or use jacobian"),
        ),
        (
            lambda: grad(lambda x: x > 0)(1.0),
            DifferentiationError,
            "grad: the function returned Bool (), and a gradient needs one real number: return a float",
        ),
        (
            lambda: grad(sum)(np.array([1, 2])),
            DifferentiationError,
            ("cannot differentiate by x: it is Vector Int64 (2,), and only floats have a derivative: "
            "give it as floats, as in x.astype(float)"),
        ),
        (
            lambda: grad(lambda x: x)("word"),
            InputError,
            "cannot differentiate by x: it is str 'word', and numbers are needed",
        ),
        (lambda: grad(lambda x: x, 2)(1.0), InputError, "there is no argument 2: the function was called with 1"),
        (
            lambda: grad(lambda x: x, "y")(1.0),
            InputError,
            "there is no argument 'y': the function was called with x",
        ),
        (
            lambda: trace(lambda x: "word")(1.0),
            InputError,
            "the function returned str 'word': return numbers or arrays of them",
        ),
        (
            lambda: vjp(lambda x: x, 1.0)[1]([1.0, 2.0]),
            ShapeError,
            "vjp: the function returned 1 arrays and got 2 upstream gradients",
        ),
        (
            lambda: vjp(lambda x: x, 1.0)[1](np.ones(2)),
            ShapeError,
            "vjp: the upstream gradient has shape (2,), and the output has shape ()",
        ),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_what_is_compiled_becomes_part_of_the_graph_around_it():
    f = backlight.compile(lambda p, x: sum(tanh(p["w"] * x)) * p["b"])
    p, x = {"w": np.array([0.5, -1.0]), "b": 2.0}, np.array([1.0, 3.0])
    plain = lambda p, x: sum(tanh(p["w"] * x)) * p["b"]
    for _ in range(2):  # before anything is compiled, and after
        found, wanted = grad(f)(p, x), grad(plain)(p, x)
        assert found["w"].tolist() == wanted["w"].tolist()
        assert found["b"] == wanted["b"]
        assert grad(lambda x: f(p, x) ** 2)(x).tolist() == grad(lambda x: plain(p, x) ** 2)(x).tolist()
        assert f(p, x) == pytest.approx(float(plain(p, x)), rel=1e-14)
    graph = trace(lambda x: tanh(x) * x)(2.0)
    compiled = backlight.compile(graph)
    assert compiled(2.0) == pytest.approx(graph(2.0))
    slope = grad(lambda x: tanh(x) * x)(2.0)
    assert grad(lambda x: graph(x))(2.0) == slope
    assert grad(lambda x: graph(x=x))(2.0) == slope
    assert grad(lambda x: compiled(x))(2.0) == slope
    assert [node.op.name for node in trace(lambda y: graph(y) + 1.0)(2.0).nodes] == ["input", "tanh", "mul", "const", "add"]


def test_values_from_around_an_inner_derivative_keep_theirs():
    f = lambda w: backlight.vmap(lambda x: grad(lambda y: w * y * y)(x))(np.array([1.0, 2.0]))
    assert grad(lambda w: sum(f(w)))(3.0) == 6.0
    assert grad(lambda w: vjp(lambda x: x * w, 2.0)[1](w)[0])(3.0) == 6.0
    assert grad(lambda w: backlight.jvp(lambda x: x * x, (w,), (w,))[1])(3.0) == 12.0


def test_leaves_that_are_no_numbers_stand_among_those_that_are():
    @dataclass(frozen=True)
    class Dense:
        w: object
        act: object = np.tanh
        name: str = "dense"

    gradient = grad(lambda m: sum(m["layers"][0].act(m["layers"][0].w)))({"layers": [Dense(np.array([0.5]))], "note": None})
    (layer,) = gradient["layers"]
    assert layer.w == pytest.approx(1 - np.tanh(0.5) ** 2)
    assert (layer.act, layer.name, gradient["note"]) == (None, None, None)
    assert grad(lambda x, y: x * y, wrt="y")(2.0, 3.0) == 2.0
    assert value_and_grad(lambda x, y: x * y, wrt=("y", "x"))(2.0, 3.0) == (6.0, (2.0, 3.0))
    value, pullback, aux = vjp(lambda x: (x * x, "word"), 3.0, has_aux=True)
    assert (value, pullback(1.0), aux) == (9.0, (6.0,), "word")
    assert backlight.jvp(lambda x: (x * x, "word"), (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, "word")


def test_one_leaf_of_an_argument_may_be_named():
    model = {"layers": [{"w": np.array([1.0, 2.0]), "b": 3.0}], "scale": 2.0}
    f = lambda model, x: sum(model["layers"][0]["w"] * x) * model["scale"] + model["layers"][0]["b"]
    assert grad(f, "model.layers.0.w")(model, 5.0).tolist() == [10.0, 10.0]
    both = grad(f, wrt=("model.scale", "model.layers.0.b", "x"))(model, 5.0)
    assert both == (15.0, 1.0, 6.0)
    assert jacobian(f, "model.layers.0.w")(model, 5.0).tolist() == [10.0, 10.0]
    with pytest.raises(InputError) as caught:
        grad(f, "model.layers.0.v")(model, 5.0)
    assert str(caught.value) == "there is no leaf 'model.layers.0.v'; did you mean 'model.layers.0.w' or 'model.layers.0.b'?"


def kalman(z, q=0.01, r=0.1):
    x, p = 0.0, 1.0
    for measured in z:
        p = p + q
        gain = p / (p + r)
        x, p = x + gain * (measured - x), (1.0 - gain) * p
    return x * 2.0 if x > 1.0 else x


def counted(x):
    def inner(y):
        return y * 2.0 if y > 0.0 else -y

    total = 0.0
    for i in range(int(x)):
        total = total + inner(x - i - 0.5)
    return total * float(x > 2.0)


def masked(x):
    return np.sum(x[x > 0.5] ** 2)


@pytest.mark.parametrize(
    ("f", "points"),
    [
        (kalman, [np.array([a, 1.2, 0.9]) for a in (1.0, 5.0, 1.0, 9.0)]),
        (counted, [1.3, 2.7, 3.1, 1.3]),
        (masked, [np.array([0.1, 0.9]), np.array([0.7, 0.9]), np.array([0.1, 0.2]), np.array([0.9, 0.1])]),
    ],
)
def test_whatever_python_asks_is_asked_again_by_a_compiled_function(f, points):
    value, both = backlight.compile(f), backlight.compile(value_and_grad(f))
    for x in points:
        wanted, slope = value_and_grad(f)(x)
        assert value(x) == pytest.approx(float(f(x)), rel=1e-13)
        found = both(x)
        assert found[0] == pytest.approx(float(wanted), rel=1e-13)
        assert found[1] == pytest.approx(slope, rel=1e-12)


def test_a_result_that_float_took_out_of_the_graph_is_refused():
    def loss(x):
        return float(np.sum(x * x))

    x = np.array([1.0, 2.0])
    for way in (lambda: grad(loss)(x), lambda: vjp(loss, x), lambda: backlight.jvp(loss, (x,), (x,)), lambda: jacobian(loss)(x)):
        with pytest.raises(GraphError) as caught:
            way()
        line = loss.__code__.co_firstlineno + 1
        assert str(caught.value).splitlines()[0] == (
            f"the function returned float(x) of node 2 (test_transform.py, line {line}): a plain number, and its gradient would be "
            "lost: return the array itself, or stop_gradient(x) where a constant is meant"
        )
    assert grad(lambda x: (np.sum(x * x), float(x[0])), has_aux=True)(x)[1] == 1.0  # beside the result it is what it is
    assert grad(lambda x: 2.0 if float(x) > 1 else x)(2.0) == 0.0  # a number of its own
    halved = lambda x: np.array([0.75 * float(x), 1.0])[0]
    with pytest.raises(GraphError) as caught:
        grad(halved)(2.0)
    line = halved.__code__.co_firstlineno
    assert str(caught.value).splitlines()[0] == (
        f"the function returned 1.5, made of float(x) of node 0 (test_transform.py, line {line}): a plain number, and its gradient "
        "would be lost: compute with the array itself, or stop_gradient(x) where a constant is meant"
    )


def test_a_position_means_an_argument_that_is_given_by_name_too():
    assert grad(lambda x, y: x * y)(x=2.0, y=3.0) == 3.0
    assert grad(lambda x, y: x * y, (1, 0))(2.0, y=3.0) == (2.0, 3.0)


def test_an_argument_that_is_named_twice_has_its_gradient_twice():
    assert grad(lambda x, y: x * y, (0, 0, -2))(2.0, 3.0) == (3.0, 3.0, 3.0)
    assert grad(lambda p: p["w"] * p["b"], ("p", "p.w"))({"w": 2.0, "b": 3.0}) == ({"w": 3.0, "b": 2.0}, 3.0)
    assert grad(lambda x: grad(lambda y: x * y * y, (0, 0))(x)[0])(3.0) == 12.0
