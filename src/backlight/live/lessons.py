"""Documents to begin with, each with what to see in it and why it is so.

They are data, like the rows of operations: a document, a commentary, and what to try. A test opens every one of them and holds
the numbers that the commentary names against the engine.
"""

from __future__ import annotations

from typing import Final

from .document import Binding, Document
from .news import Lesson

__all__ = ["LESSONS"]


def number(value: str, low: float = -5.0, high: float = 5.0, step: float = 0.01) -> Binding:
    return Binding(value, False, low, high, step)


def learnt(value: str, low: float = -5.0, high: float = 5.0, step: float = 0.01) -> Binding:
    return Binding(value, True, low, high, step)


FIRST, NETWORKS, GROUND, WRONG = "first steps", "networks", "landscapes", "what goes wrong"
CHAIN = "\n".join(["h1 = w*x", *(f"h{k} = w*h{k - 1}" for k in range(2, 13)), "L = h12"])

LESSONS: Final[tuple[Lesson, ...]] = (
    Lesson(
        "square", "(4x + 1)²", FIRST,
        Document("(4*x + 1)^2", {"x": number("2")}, "(4x + 1)²"),
        "Values go up: 2 becomes 8, 9, 81. Gradients come down: the square passes on 2·9 = 18 times what it got, the sum passes "
        "it on as it is, and the product by 4 makes 72 of it. The product of the local derivatives along the path is the chain rule.",
        ("Drag x to −0.25: the bracket is 0, so the gradient is 0 and the parabola stands at its lowest point.",
         "Click x and read in its story: upstream × local = downstream."),
    ),
    Lesson(
        "sigmoid", "The sigmoid, piece by piece", FIRST,
        Document("1/(1 + e^(-1*x))", {"x": number("1", -8, 8)}, "The sigmoid"),
        "Four small operations make the logistic curve. Multiplied together their local derivatives give σ(x)·(1 − σ(x)), which is at most "
        "a quarter, at x = 0, and tends to 0 on both sides: a sigmoid that is far out hardly lets a gradient through.",
        ("Move x to 0 and read 0.25 at x; move it to 8 and see what is left.",
         "Type sigmoid(x) instead: one operation, the same numbers. Open it to see what is inside."),
    ),
    Lesson(
        "product", "L = (x + y)·z", FIRST,
        Document("q = x + y\nL = q*z", {"x": number("-2"), "y": number("5"), "z": number("-4")}, "L = (x + y)·z"),
        "A sum hands its gradient to both operands unchanged; a product hands each operand the gradient times the other. So x and y both "
        "get −4, the value of z, and z gets 3, the value of q.",
        ("Make z zero: nothing reaches x and y any more, however they change.",),
    ),
    Lesson(
        "shared", "x·x: one input, two edges", FIRST,
        Document("x*x", {"x": number("3")}, "x·x"),
        "x is used twice, so two gradients arrive at it, 3 along each edge, and they are added up to 6. Where paths meet, gradients are "
        "summed: that is all that sharing means.",
        ("Press tree, above the graph: each use of x is drawn by itself, with its own share.",),
    ),
    Lesson(
        "neuron", "One neuron", FIRST,
        Document("z = w*x + b\na = sigmoid(z)\nL = (a - y)^2",
                 {"w": learnt("0.6"), "x": number("1.5"), "b": learnt("0.9"), "y": number("0", 0, 1)}, "One neuron", rate=0.5),
        "The loss asks the neuron to answer 0. Its weight gets the gradient of z times x, its bias that of z alone; descent moves both "
        "against it. When the neuron is very wrong and very sure, the sigmoid is flat and it learns slowly at first.",
        ("Under Descent take 50 steps and watch a fall.", "Start at w = 2, b = 2: it takes far longer to get going. Why?"),
    ),
    Lesson(
        "perceptron", "The perceptron", NETWORKS,
        Document("sum((sigmoid(W.T @ x + b) - y)^2)",
                 {"W": learnt("normal(5, 10, seed=1)"), "x": number("[0.1, 0.2, 0.3, 0.4, 0.5]"), "b": learnt("0"),
                  "y": number("[0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1]")},
                 "The perceptron", rate=1.0),
        "Five inputs, ten answers, one bias for all of them. The gradient at the subtraction is twice its value. The gradient of W is "
        "the outer product of x with what arrives at the sum, so a column that answers well hardly changes; that of b adds up "
        "all ten of these, because b was stretched over all ten.",
        ("Under Descent take 100 steps and compare the answers with y.",),
    ),
    Lesson(
        "layers", "Two layers", NETWORKS,
        Document("h = tanh(W1 @ x + b1)\no = W2 @ h + b2\nL = sum((o - y)^2)",
                 {"W1": learnt("normal(4, 3, seed=1)"), "x": number("[0.5, -1, 0.25]"), "b1": learnt("zeros(4)"),
                  "W2": learnt("normal(2, 4, seed=2)"), "b2": learnt("zeros(2)"), "y": number("[1, -1]")},
                 "Two layers", rate=0.05),
        "What arrives at a layer's sum is its error δ. The weights get δ ⊗ input; the layer below gets W₂ᵀδ, bent by the slope of tanh. "
        "The matrix form writes the same for any number of layers.",
        ("Open the matrix form, under Why.", "Make all of W2 zero: the first layer gets no gradient until the second has moved."),
    ),
    Lesson(
        "cross-entropy", "Softmax with cross-entropy", NETWORKS,
        Document("p = softmax(z)\nL = -sum(y*log(p))", {"z": learnt("[2, 1, 0.1]"), "y": number("[1, 0, 0]")},
                 "Softmax with cross-entropy", rate=0.5),
        "However long the way through the logarithm and the softmax, the gradient that arrives at z is simply p − y: the probability that was "
        "given minus the one that was wanted. That is why the two belong together.",
        ("Set z to [0, 0, 9]: a confident mistake has a gradient near ±1, never more.",
         "Write log_softmax(z) instead of log(softmax(z)): the same numbers, and no logarithm of 0 far out."),
    ),
    Lesson(
        "attention", "Attention", NETWORKS,
        Document("S = Q @ K.T / sqrt(4)\nA = softmax(S)\nO = A @ V\nL = sum((O - T)^2)",
                 {"Q": learnt("normal(3, 4, seed=1)"), "K": learnt("normal(3, 4, seed=2)"), "V": learnt("normal(3, 4, seed=3)"),
                  "T": number("zeros(3, 4)")}, "Attention", rate=0.1),
        "Each of three questions (rows of Q) is compared with three keys; the softmax makes shares of that, row by row, and the answer is "
        "that mixture of values. V gets gradient through the mixture, Q and K only through the softmax, whose gradients "
        "add up to 0 in each row: to attend more to one is to attend less to the others.",
        ("Multiply S by 20 in the text: the shares become 0 and 1, and the gradients of Q and K go out.",),
    ),
    Lesson(
        "saddle", "A saddle", GROUND,
        Document("x^2 - y^2", {"x": learnt("1", -2, 2), "y": learnt("0.01", -2, 2)}, "A saddle", rate=0.1),
        "Along x it is a valley, along y a ridge. Descent first slides to the middle, where the gradient is almost 0 and it seems to be "
        "done; but y grows by a fifth at every step and in the end it runs off. With y = 0 exactly it would stay for ever.",
        ("Under Descent take 10 steps, then 20 more.", "Set y to 0 and try again.",
         "Under Landscape draw the lines of equal height over x and y."),
    ),
    Lesson(
        "plateau", "A plateau", GROUND,
        Document("(sigmoid(w) - 1)^2", {"w": learnt("-8", -10, 10)}, "A plateau", rate=1.0),
        "The loss is nearly 1, as high as it can be, and the slope is −0.00067: where the sigmoid is flat, being wrong does not make the "
        "gradient large. Descent needs thousands of steps to leave. Cross-entropy, softplus(−w) here, has slope −1 at the same place.",
        ("Under Landscape draw the loss over w.", "Type softplus(-w) instead and take ten steps."),
    ),
    Lesson(
        "ravine", "A ravine", GROUND,
        Document("a^2 + 50*b^2", {"a": learnt("4", -5, 5), "b": learnt("1", -2, 2)}, "A ravine", rate=0.019),
        "Across the ravine the ground is fifty times as steep as along it. The rate that b can just bear, below 0.02, is far too small for a: "
        "b jumps from wall to wall, each time a tenth less high, while a creeps by 4 in a hundred a step.",
        ("Under Descent set the rate to 0.021 and take steps: b grows without bound.", "Choose momentum or Adam and compare the paths."),
    ),
    Lesson(
        "dying-relu", "A dying ReLU", WRONG,
        Document("h = relu(w*x + b)\nL = (h - y)^2",
                 {"w": learnt("1"), "x": number("1"), "b": learnt("-3"), "y": number("2")}, "A dying ReLU", rate=0.1),
        "The sum is −2, so the ReLU gives 0 and passes no gradient on: w and b get exactly 0, and no number of steps will ever wake "
        "it. It is dead for every x below 3. A smaller rate or a better start would not have pushed b so far down.",
        ("Drag b up to −0.9 and take ten steps, under Descent.", "Read under Problems why the gradient of w is zero.", "Use leaky_relu instead."),
    ),
    Lesson(
        "chain", "A chain that explodes, or dies", WRONG,
        Document(CHAIN, {"w": learnt("1.5", 0, 2), "x": number("1")}, "A chain"),
        "Twelve times the same weight: the value is w¹², the gradient of x is that too, and w, which has twelve edges, gets 12·w¹¹, 1,038 at "
        "w = 1.5. At w = 0.5 it is 0.006. Between the two lies the narrow strip in which deep or recurrent networks can learn.",
        ("Move w slowly from 0.5 to 1.5 and watch the lines grow.",),
    ),
    Lesson(
        "symmetry", "The same start for every neuron", WRONG,
        Document("h = tanh(w*x)\nL = (sum(v*h) - y)^2",
                 {"w": learnt("[0.5, 0.5]"), "x": number("1"), "v": learnt("[0.3, 0.3]"), "y": number("1")},
                 "The same start for every neuron", rate=0.1),
        "Both neurons start alike, so they answer alike, get the same gradients and stay alike: two neurons do the work of one, however "
        "long they learn. Random starts are there to break exactly this.",
        ("Under Descent take 100 steps: the two numbers of w are the same to the last digit.", "Set w to [0.5, 0.6] and take 100 steps."),
    ),
    Lesson(
        "sign", "The wrong sign", WRONG,
        Document("L = -(w*x - y)^2", {"w": learnt("1.4", -10, 10), "x": number("1"), "y": number("1")}, "The wrong sign", rate=0.1),
        "One minus too many turns every gradient around. Descent does what it is told, it lowers L: the answer runs away from y, by a "
        "fifth more at every step, and L goes to −∞. A loss that falls below what it can be is a wrong sign.",
        ("Under Descent take 20 steps.", "Remove the minus and take them again."),
    ),
    Lesson(
        "nan", "A NaN is born", WRONG,
        Document("p = softmax(z)\nL = -sum(y*log(p))", {"z": learnt("[1000, 0]", -1000, 1000, 1), "y": number("[1, 0]")}, "A NaN is born"),
        "The second probability is 0, its logarithm −∞, and 0·(−∞) has no value: NaN, from there upwards in every value and downwards "
        "in every gradient. The mark stands where it was born, not where it was noticed.",
        ("Write log_softmax(z) instead of log(softmax(z)).", "Find the smallest first number of z that does it: about 745."),
    ),
)  # fmt: skip

