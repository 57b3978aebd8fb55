"""The words of a command line, told apart: options, `name=value`, and the one text.

Formulas begin with minus signs and contain every other mark, so the usual parsers of command lines would take them for
options. Here a word is an option only if a row of the table says so, or if it looks so much like one that it must be a
mistake; after `--` nothing is an option. Rows are added where a command learns something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import InputError

__all__ = ["COMMANDS", "Option", "Words", "help_text", "split"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its word, what its value is called (empty: it takes none), and what it does."""

    name: str
    value: str
    does: str
    optional: bool = False  # the value may be left out, and is given as --name=value only


@dataclass(frozen=True, slots=True)
class Command:
    """One command: what it takes, what it does, its options, and some lines on what it takes."""

    takes: str
    does: str
    options: tuple[Option, ...]
    more: str = ""
    many: bool = False  # any number of words, instead of one text and values
    bare: bool = False  # the text may be left out


EXPLAIN = Command(
    "TEXT|FILE [name=value …]",
    "show the graph of a formula, every value and every gradient",
    (
        Option("wrt", "NAMES", "differentiate by these inputs only, as in --wrt x,y"),
        Option("node", "NODE", "show one node alone, by name or number: what arrives, what it does, what goes down"),
        Option("derive", "INPUT", "derive the gradient by an input (all of them), path by path, in letters and in numbers", True),
        Option("why", "NODE", "the story of a node: upstream in, local derivatives, downstream out; of one number: 'h[2, 1]'"),
        Option("layers", "", "backpropagation in matrix form, written for the layers of this network"),
        Option("why-zero", "NODE", "why the gradient of a node is zero, and where it was lost"),
        Option("why-nan", "", "where NaN and infinity are born, what they poison, what helps"),
        Option("check", "", "compare every rule with small steps, edge by edge"),
        Option("descend", "RATE", "one step of gradient descent as arithmetic, with its forecast", True),
        Option("latex", "", "write the derivation, or the other explanation asked for, as a LaTeX document"),
        Option("mathml", "", "write it as HTML with MathML"),
        Option("order", "N", "differentiate N times"),
        Option("tree", "", "show the tree of the formula: what is used twice stands there twice"),
        Option("near", "NODE", "show one node with what stands next to it; --up N and --down N look further"),
        Option("up", "N", "so many edges above it (1)"),
        Option("down", "N", "so many edges below it (1)"),
        Option("open", "NODE", "show an operation in the smaller ones that it is made of"),
        Option("detail", "SIZE", "draw each node as a card, a chip or a dot; auto goes by how many there are"),
        Option("parameters", "NAMES", "mark these inputs as learnable"),
        Option("rewrite", "RULES", "rewrite the graph first and show each step: all rules, or those named", True),
        Option("upstream", "VALUE", "the gradient that arrives at the output, instead of ones"),
        Option("dtype", "TYPE", "float64, or float32"),
        Option("ways", "", "compare all ways to differentiate: value, error, operations, size, time"),
        Option("growth", "PATH", "plot how each way grows with the number of parameters (an SVG file)"),
        Option("full", "", "show every number of every array and every node of a long graph"),
        Option("json", "", "print one JSON object instead"),
        Option("code", "LIBRARY", "print it as a program instead, for numpy, torch or jax"),
        Option("save", "PATH", "save the run in a file as well; explain takes such a file too"),
        Option("svg", "PATH", "draw the graph in a file as well; --html, --dot and --png (an extra) do so in theirs"),
        Option("html", "PATH", "one page that holds picture, stories and table"),
        Option("dot", "PATH", "DOT text, for Graphviz"),
        Option("png", "PATH", "an image of dots"),
        Option("landscape", "PATH", "plot the output over one input or two, named by --wrt, and the way down (an SVG file)"),
        Option("steps", "DIR", "one numbered SVG a step, and one that plays them"),
        Option("help", "", "this page"),
    ),
    """\
TEXT is a formula, as in "(4*x + 1)^2", or several lines with assignments. FILE holds such a text; - is standard input.
A value is a number, [[1, 2], [3, 4]], @file.npy, @file.csv or normal(5, 10, seed=1). Texts and values may begin with a
minus sign. Without values the graph is shown as it was read.

    backlight explain "(4*x + 1)^2" x=2
    backlight explain "-x^2" x=-1 --json
    backlight explain "sum((sigmoid(W @ x + b) - y)^2)" x="[1, 2]" W="normal(3, 2, seed=1)" b=0 y="[0, 1, 0]"
""",
)

BENCH = Command(
    "[W1 W2 …]",
    "measure our machines beside NumPy by hand and the peers that are installed",
    (
        Option("peers", "NAMES", "only these, as in --peers numpy,jax; numpy is always among them"),
        Option("rounds", "N", "interleaved rounds, of which the middle one counts (5)"),
        Option("threads", "N,…", "threads for each of them (1); with 1,2 first on one and then on two"),
        Option("json", "", "print one JSON object instead"),
        Option("help", "", "this page"),
    ),
    """\
Every contestant runs in a process of its own; each round lets all of them run once, in turn, so that ratios hold even
where times do not. Without names all workloads are run, which takes some minutes.

    backlight bench W1 W2
    backlight bench W5 --peers jax,torch --threads 1,2
""",
    many=True,
)

STUDIO = Command(
    "[TEXT|FILE [name=value …]]",
    "open the studio in the browser: type an equation, see it, step it, share it",
    (
        Option("port", "N", "listen on this port (2718, or the next that is free)"),
        Option("host", "HOST", "listen on this address (127.0.0.1: only this machine); others ask for the token in the address"),
        Option("no-open", "", "do not open a browser"),
        Option("help", "", "this page"),
    ),
    """\
Without a text the studio begins with an example. A file is a text of formulas, or a document that the studio saved as
JSON; a link to the studio is opened as well.

    backlight studio
    backlight studio "sigmoid(w*x + b)" w=0.5 x=1 b=0
    backlight studio network.txt --port 8080 --no-open
""",
    bare=True,
)

COMMANDS: Mapping[str, Command] = {"explain": EXPLAIN, "studio": STUDIO, "bench": BENCH}

VALUE = re.compile(r"[^\W\d][\w.′']*=(?!=)")  # `x=2`, and not `x==2`
LIKE_OPTION = re.compile(r"--[a-z][a-z-]+(=.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Words:
    """A command line understood: the text, the values by name as they were written, the options by name."""

    command: str
    text: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


def like(word: str, words: Iterable[str]) -> str:
    """The words nearest to one that is not among them, as the end of a message."""
    from ..core.graph import nearest  # it loads NumPy, which most commands reach later or not at all

    return nearest(word, list(words))


def split(words: Sequence[str]) -> Words:
    """Tell the words of a command line apart.

    Raises: InputError for an unknown command or option, a missing value, two texts, or a name given twice.

    >>> split(["explain", "-x^2", "x=-1", "--json"])
    Words(command='explain', text='-x^2', values={'x': '-1'}, options={'json': ''})
    """
    name, *rest = words
    if name not in COMMANDS:
        raise InputError(
            f"there is no command {name!r}{like(name, COMMANDS)} "
            f'(to explain a formula: backlight explain "{name}")'
        )
    table = {option.name: option for option in COMMANDS[name].options}
    options: dict[str, str] = {}
    plain: list[str] = []
    loose: dict[str, str] = {}  # words right behind an option whose value must stand at its sign
    before = ""
    todo = iter(rest)
    for word in todo:
        if word == "--":
            plain += todo
            break
        key, has_value, value = word[2:].partition("=") if word.startswith("--") else ("", "", "")
        if word == "-h":
            key = "help"
        if key not in table:
            if LIKE_OPTION.fullmatch(word):
                raise InputError(
                    f"{name} has no option --{key}{like(key, table)} "
                    "(a text that begins with two minus signs goes behind a --)"
                )
            plain.append(word)
            if before:
                loose[word] = before
            before = ""
            continue
        option = table[key]
        if key in options:
            raise InputError(f"--{key} is given twice")
        if has_value and not option.value:
            raise InputError(f"--{key} takes no value, and it is given {value!r:.40}")
        if option.value and not has_value and not option.optional:
            found = next(todo, None)
            if found is None:
                raise InputError(f"--{key} needs a value, as in --{key} {option.value}")
            value = found
        options[key] = value
        before = key if option.optional and not has_value else ""
    return Words(name, *texts_and_values(name, plain, "help" in options, loose), options)


def texts_and_values(
    command: str, plain: Sequence[str], relaxed: bool, loose: Mapping[str, str]
) -> tuple[str | None, dict[str, str]]:
    """The one text among the words that are no options, and the values."""
    if COMMANDS[command].many:
        return " ".join(plain) or None, {}
    texts = [word for word in plain if not VALUE.match(word)] or list(plain[:1])
    if len(texts) > 1:
        for word in (*texts[1:], texts[0]):
            if word in loose:
                raise InputError(f"--{loose[word]} takes its value without a blank, as in --{loose[word]}={word:.40}")
        raise InputError(
            f"{command} takes one text, and got {texts[0]!r:.40} and {texts[1]!r:.40}: "
            "put a text with blanks between quotation marks, and values as in x=2"
        )
    if not texts and not relaxed and not COMMANDS[command].bare:
        raise InputError(f'{command} needs a text or a file, as in: backlight {command} "(4*x + 1)^2" x=2')
    values: dict[str, str] = {}
    skipped = False
    for word in plain:
        if texts and word is texts[0] and not skipped:
            skipped = True
            continue
        key, _, value = word.partition("=")
        if key in values:
            raise InputError(f"{key} is given twice: {key}={values[key]:.40} and {word:.40}")
        values[key] = value
    return (texts[0] if texts else None), values


def help_text(command: str = "") -> str:
    """The help of one command, or of all."""
    if not command:
        lines = ["Everything is a graph: every value, every gradient, and why each is what it is.", ""]
        lines += [f"    backlight {name} {about.takes}    {about.does}" for name, about in COMMANDS.items()]
        lines += ["    backlight --version", "    backlight --help", "", "For instance:", ""]
        lines += ['    backlight explain "(4*x + 1)^2" x=2', "", "backlight explain --help says more."]
        return "\n".join(lines)
    about = COMMANDS[command]
    words = {
        option: f"--{option.name}" + (f"[={option.value}]" if option.optional else f" {option.value}" if option.value else "")
        for option in about.options
    }
    width = max(map(len, words.values()))
    rows = [f"    {words[option]:<{width}}  {option.does}" for option in about.options]
    return "\n".join([f"backlight {command} {about.takes} [options]", f"    {about.does}", "", about.more.rstrip(), "", *rows])
