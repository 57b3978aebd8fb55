import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.explain.runs import ran

import backlight as bl
from backlight.errors import InputError
from backlight.explain.matrix import formulas, matrix_page
from backlight.ops import matmul, relu, sigmoid, square, sum, tanh, transpose


def network():
    r = np.random.default_rng(3)
    shapes = {"x": 3, "W1": (5, 3), "b1": 5, "W2": (2, 5), "b2": 2}
    given = {name: r.normal(size=shape) for name, shape in shapes.items()}
    return ran(lambda x, W1, b1, W2, b2: sum(square(sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) - 1.0)), **given)


def test_V2_V3_V4_V5_V7_backpropagation_written_for_the_network_at_hand():
    assert str(matrix_page(network())) == (
        "Backpropagation through 2 layers\n"
        "\n"
        "1. forward, layer by layer\n"
        "   z₁ = W1 @ x + b1   (5×3) · (3) → 5\n"
        "   h₁ = σ(z₁)   5\n"
        "   z₂ = W2 @ h₁ + b2   (2×5) · (5) → 2\n"
        "   h₂ = σ(z₂)   2\n"
        "2. error signals, from the output down\n"
        "   δ₂ = ∇C ⊙ σ′(z₂)   (2) ⊙ (2) → 2   error 0\n"
        "   δ₁ = W2ᵀ @ δ₂ ⊙ σ′(z₁)   ((5×2)·(2)) ⊙ (5) → 5   error 0\n"
        "3. gradients, each from its layer's signal\n"
        "   ∂C/∂W2 = δ₂ ⊗ h₁   (2) ⊗ (5) → 2×5   error 0\n"
        "   ∂C/∂b2 = δ₂   2 → 2   error 0\n"
        "   ∂C/∂W1 = δ₁ ⊗ x   (5) ⊗ (3) → 5×3   error 0\n"
        "   ∂C/∂b1 = δ₁   5 → 5   error 0\n"
        "4. written out\n"
        "   ∂C/∂W2 = (∇C ⊙ σ′(z₂)) ⊗ h₁\n"
        "   ∂C/∂b2 = ∇C ⊙ σ′(z₂)\n"
        "   ∂C/∂W1 = (W2ᵀ @ (∇C ⊙ σ′(z₂)) ⊙ σ′(z₁)) ⊗ x\n"
        "   ∂C/∂b1 = W2ᵀ @ (∇C ⊙ σ′(z₂)) ⊙ σ′(z₁)\n"
        "5. by components\n"
        "   ∂C/∂W2[i, j] = Σ[k] δ₂[k]·∂z₂[k]/∂W2[i, j]\n"
        "   ∂z₂[k]/∂W2[i, j] = δ[k, i]·h₁[j]   1 where k = i, else 0 (Kronecker), times the input\n"
        "   ∂C/∂W2[i, j] = δ₂[i]·h₁[j]"
    )


def test_V4_rows_instead_of_columns():
    r = np.random.default_rng(1)
    given = {"X": r.normal(size=(7, 3)), "W1": r.normal(size=(3, 4)), "b1": r.normal(size=4), "W2": r.normal(size=(4, 2))}
    made = ran(lambda X, W1, b1, W2: sum(square(tanh(X @ W1 + b1) @ W2 - 1.0)), **given)
    text = str(matrix_page(made))
    assert "   ∂C/∂W1 = Xᵀ @ δ₁   (3×7)·(7×4) → 3×4" in text
    assert "   ∂C/∂b1 = Σ δ₁   Σ over 7×4 → 4" in text
    assert max(f.error for f in formulas(made)) < 1e-12


FUNCTIONS = [sigmoid, tanh, relu, None]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3), st.booleans(), st.booleans()), min_size=1, max_size=4),
       st.integers(1, 4), st.sampled_from(["column", "columns", "rows"]), st.integers(0, 99))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_V7_every_formula_of_every_layered_network_is_the_gradient(sizes, width, kind, seed):
    r = np.random.default_rng(seed)
    x = r.normal(size={"column": (width,), "columns": (width, 3), "rows": (3, width)}[kind])
    given, n = {"x": x}, width
    for k, (m, _, bias, turned) in enumerate(sizes, 1):
        given[f"W{k}"] = r.normal(size=(n, m) if (kind == "rows") != turned else (m, n))
        if bias:
            given[f"b{k}"] = r.normal(size=(m, 1) if kind == "columns" else (m,))
        n = m

    def loss(x, **p):
        h = x
        for k, (_, f, bias, turned) in enumerate(sizes, 1):
            w = transpose(p[f"W{k}"]) if turned else p[f"W{k}"]
            h = matmul(h, w) if kind == "rows" else matmul(w, h)
            h = h + p[f"b{k}"] if bias else h
            h = FUNCTIONS[f](h) if FUNCTIONS[f] else h
        return sum(square(h - 0.5))

    found = formulas(ran(loss, **given))
    assert len(found) == 2 * len(sizes) + np.sum([bias for _, _, bias, _ in sizes])
    assert max(f.error for f in found) < 1e-12


def test_V4_weights_that_stand_transposed_get_the_transpose():
    made = bl.backprop("sum((sigmoid(W.T @ x + b) - y)^2)", x=[0.1, 0.2], W=[[1, 2, 3], [4, 5, 6]], b=0, y=[0, 1, 0])
    page = str(matrix_page(made))
    assert "z₁ = Wᵀ @ x + b   (3×2) · (2) → 3" in page
    assert "∂C/∂W = x ⊗ δ₁   (2) ⊗ (3) → 2×3   error 0" in page
    assert "∂C/∂W[i, j] = δ₁[j]·x[i]" in page


def test_V4_weights_that_are_turned_for_something_else_too_are_no_layer():
    made = bl.backprop("T = W.T\nsum(T @ x) + sum(T^2)", x=[1, 2], W=[[1, 2, 3], [4, 5, 6]])
    with pytest.raises(InputError, match="there is no layer in this graph"):
        matrix_page(made)


def test_a_graph_without_layers_says_what_a_layer_is():
    with pytest.raises(InputError) as caught:
        matrix_page(ran(lambda x: x * x, x=1.0))
    said = "there is no layer in this graph: a layer is a product with a matrix that is an input, as in W @ x + b"
    assert str(caught.value) == said


def test_V4_layers_that_share_their_weights_add_up_and_what_comes_from_elsewhere_is_said():
    text = "h = tanh(W @ x + b)\ng = tanh(W @ h + b)\nC = sum((V @ g - y)^2) + 0.1*sum(V^2)"
    rng = np.random.default_rng(0)
    made = bl.backprop(text, x=[1, 2], W=rng.normal(size=(2, 2)), b=0.1, V=rng.normal(size=(3, 2)), y=[1, 0, 2])
    assert max(f.error for f in formulas(made)) < 1e-14
    page = str(matrix_page(made))
    assert "   ∂C/∂W = δ₂ ⊗ h + δ₁ ⊗ x   (2) ⊗ (2) → 2×2, (2) ⊗ (2) → 2×2   error " in page
    assert "   ∂C/∂b = Σ δ₂ + Σ δ₁   Σ over 2 → 1, Σ over 2 → 1   error " in page
    assert "   ∂C/∂V = δ₃ ⊗ g + elsewhere   (3) ⊗ (2) → 3×2   error " in page


def test_V4_what_goes_around_a_layer_is_no_bias():
    made = bl.backprop("C = sum(x + W2 @ relu(W1 @ x))", x=[1, 2], W1=[[1, 0.5], [-0.8, 0.3]], W2=[[0.2, 0.1], [0.4, -0.5]])
    assert max(f.error for f in formulas(made)) < 1e-14
    assert "∂C/∂x" not in str(matrix_page(made))


def test_V3_many_examples_at_once_are_summed_over_by_components_too():
    made = bl.backprop("C = sum((X @ W - Y)^2)", X=np.ones((4, 3)), W=np.ones((3, 2)), Y=np.zeros((4, 2)))
    assert str(matrix_page(made)).splitlines()[-3:] == [
        "   ∂C/∂W[i, j] = Σ[n, k] δ₁[n, k]·∂z₁[n, k]/∂W[i, j]",
        "   ∂z₁[n, k]/∂W[i, j] = δ[k, j]·X[n, i]   1 where k = j, else 0 (Kronecker), times the input",
        "   ∂C/∂W[i, j] = Σ[n] δ₁[n, j]·X[n, i]",
    ]
