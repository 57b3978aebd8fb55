"""Thirty mistakes, each as a person makes it: `np` is NumPy or what stands in for it, `grad` and `array` are its own.

The page `mistakes.md` shows what comes of each; `make_mistakes.py` writes it.
"""

import math

import numpy


def a_product_of_shapes_that_do_not_fit(np, grad, array):
    w = array([[1.0, 2.0], [3.0, 4.0]])
    grad(lambda x: np.sum(x @ w))(array([1.0, 2.0, 3.0]))


def a_sum_of_shapes_that_do_not_stretch(np, grad, array):
    bias = array([1.0, 2.0])
    grad(lambda x: np.sum(x + bias))(array([1.0, 2.0, 3.0]))


def a_place_that_is_not_there(np, grad, array):
    grad(lambda x: x[5])(array([1.0, 2.0, 3.0]))


def more_indices_than_axes(np, grad, array):
    grad(lambda x: x[0, 0])(array([1.0, 2.0, 3.0]))


def a_shape_of_another_size(np, grad, array):
    grad(lambda x: np.sum(np.reshape(x, (2, 2))))(array([1.0, 2.0, 3.0]))


def an_axis_that_is_not_there(np, grad, array):
    grad(lambda x: np.sum(np.sum(x, axis=1)))(array([1.0, 2.0, 3.0]))


def pieces_of_different_height(np, grad, array):
    top = array([[1.0, 2.0]])
    grad(lambda x: np.sum(np.concatenate((top, x), axis=0)))(array([[1.0, 2.0, 3.0]]))


def a_stack_of_different_lengths(np, grad, array):
    grad(lambda x: np.sum(np.stack([x, x[1:]])))(array([1.0, 2.0, 3.0]))


def letters_that_disagree(np, grad, array):
    A = array([[1.0, 2.0], [3.0, 4.0]])
    grad(lambda x: np.einsum("i,ij->", x, A))(array([1.0, 2.0, 3.0]))


def a_choice_between_shapes_that_do_not_fit(np, grad, array):
    other = array([0.0, 0.0])
    grad(lambda x: np.sum(np.where(x > 0, x, other)))(array([1.0, 2.0, 3.0]))


def a_matrix_that_is_not_square(np, grad, array):
    grad(lambda A: np.linalg.det(A))(array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


def a_right_side_that_does_not_fit(np, grad, array):
    A = array([[2.0, 1.0], [1.0, 3.0]])
    grad(lambda b: np.sum(np.linalg.solve(A, b)))(array([1.0, 2.0, 3.0]))


def an_axis_of_size_three_squeezed(np, grad, array):
    grad(lambda x: np.sum(np.squeeze(x, 0)))(array([1.0, 2.0, 3.0]))


def a_shape_it_does_not_stretch_to(np, grad, array):
    grad(lambda x: np.sum(np.broadcast_to(x, (3, 2))))(array([1.0, 2.0, 3.0]))


def a_gradient_of_a_vector(np, grad, array):
    grad(lambda x: np.sin(x))(array([1.0, 2.0, 3.0]))


def a_gradient_of_a_truth_value(np, grad, array):
    grad(lambda x: x[0] > 0.0)(array([1.0, 2.0, 3.0]))


def a_gradient_of_nothing(np, grad, array):
    grad(lambda x: None)(array([1.0, 2.0, 3.0]))


def a_gradient_of_a_complex_number(np, grad, array):
    grad(lambda x: x[0] * 1j)(array([1.0, 2.0, 3.0]))


def a_gradient_by_whole_numbers(np, grad, array):
    grad(lambda x: np.sum(x * x))(array([1, 2, 3]))


def a_gradient_by_a_word(np, grad, array):
    grad(lambda x: np.sum(x * x))("three")


def an_argument_that_is_changed(np, grad, array):
    def f(x):
        x[0] = 0.0
        return np.sum(x * x)

    grad(f)(array([1.0, 2.0, 3.0]))


def a_buffer_of_plain_numpy(np, grad, array):
    def f(x):
        z = numpy.zeros(3)
        for i in range(3):
            z[i] = x[i] ** 2
        return z.sum()

    grad(f)(array([1.0, 2.0, 3.0]))


def a_function_of_the_module_math(np, grad, array):
    grad(lambda x: math.sin(x[0]) * x[1])(array([1.0, 2.0, 3.0]))


def a_buffer_of_whole_numbers(np, grad, array):
    def f(x):
        z = np.zeros_like(x, dtype=int) if hasattr(np, "einsum_path") else np.zeros_like(x, dtype=np.int64)
        z[0] = x[0] * 0.5
        return np.sum(z * x)

    grad(f)(array([1.0, 2.0, 3.0]))


def a_float_for_an_index(np, grad, array):
    table = array([10.0, 20.0, 30.0])
    grad(lambda x: table[x[0]])(array([1.0, 2.0, 3.0]))


def a_question_of_a_vector(np, grad, array):
    def f(x):
        if x > 0:
            return np.sum(x)
        return np.sum(-x)

    grad(f)(array([1.0, 2.0, 3.0]))


def a_value_that_was_kept(np, grad, array):
    kept = []

    def f(x):
        kept.append(x * 2.0)
        return np.sum(x)

    grad(f)(array([1.0, 2.0, 3.0]))
    np.sum(kept[0])


def a_value_of_another_function(np, grad, array):
    kept = []
    grad(lambda x: kept.append(x) or np.sum(x))(array([1.0, 2.0, 3.0]))
    grad(lambda y: np.sum(y * kept[0]))(array([1.0, 2.0, 3.0]))


def a_method_that_is_not_there(np, grad, array):
    grad(lambda x: x.summ())(array([1.0, 2.0, 3.0]))


def a_matrix_that_has_no_root(np, grad, array):
    grad(lambda A: np.sum(np.linalg.cholesky(A)))(array([[1.0, 2.0], [2.0, 1.0]]))


MISTAKES = [value for value in list(globals().values()) if getattr(value, "__module__", None) == __name__ and callable(value)]
