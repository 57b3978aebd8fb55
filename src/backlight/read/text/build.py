"""A tree to a graph.

Statements are taken in order; each is walked with a list of things still to do, so depth and the length of a chain of
definitions cost memory and never the stack. Nothing is merged and nothing dropped: every sign and every call is a node,
every number a node of its own, and only a name is one node however often it is used. Nodes have no types here; they get
them when the inputs get values.
"""

from __future__ import annotations

from typing import Any, Final

from ...core.graph import Graph
from ...core.op import Op
from ...core.table import TABLE
from ...errors import BacklightError, LimitError
from .literal import SUPERSCRIPT_DIGITS, items_of, literal, number, quiet_literal, rectangular, signed
from .names import Definition, Names
from .spelling import ALIASES, FOLDS, NOT_CALLED, ROOTS, SIGN_ALIASES, SIGNS
from .tree import Tree
from .words import Place, Word, near, plain_name

__all__ = ["Builder"]

STEPS: Final = 4  # steps per word of the limit: definitions that call definitions can grow without bound


class Builder:
    """The graph of one text while it is being written."""

    def __init__(self, place: Place, limit: int) -> None:
        self.place = place
        self.names = Names(place)
        self.steps_left = self.steps = STEPS * limit
        self.order: list[int] = []  # inputs that a header put into order
        self.outputs: list[int] = []
        self.stacked: set[int] = set()  # lists known to have more than numbers in them, by the identity of their trees

    def graph(self, statements: list[Tree]) -> Graph:
        """The graph of all statements. The outputs are the formulas that stand for themselves, else the last name."""
        last = statements[-1]
        for statement in statements:
            kind, _, _, parts = statement
            if kind == "result":
                self.outputs += [self.walk(value) for value in parts[0]]
            elif kind == "assignment":
                number = self.assign(parts[0], parts[2])
                if statement is last:
                    self.outputs.append(number)
            elif statement is last:
                self.outputs.append(self.header(parts[0], parts[2], parts[5]))
            else:
                self.names.define(parts[0], parts[2], parts[5])
        written = [number for _, number in sorted(self.names.inputs)]
        inputs = (*self.order, *(number for number in written if number not in self.order))
        return Graph(tuple(self.names.nodes), inputs, tuple(self.outputs), source=self.place.text)

    # Statements

    def assign(self, target: Word, value: Tree) -> int:
        """`name = value`: the node carries the name, unless it had one."""
        key, name = self.names.new_name(target)
        while value[0] == "group":
            value = value[3][1]
        if value[0] == "call" and value[3][0][3] == "input":
            number = self.declare(name, target, value)
        else:
            number = self.walk(value)
            if key in self.names.values:
                self.names.taken(key, target)
            node = self.names.nodes[number]
            if not node.name:
                self.names.nodes[number] = node._replace(name=name)
        self.names.values[key] = number
        self.names.first[key] = ("assigned", target[1], target[2])
        return number

    def declare(self, name: str, target: Word, value: Tree) -> int:
        """`name = input(role=…)`: an input in its place and with its role."""
        arguments = value[3][2] if len(value[3]) == 4 else []
        settings = {}
        for argument in arguments:
            if argument[0] != "keyword":
                raise self.place.mistake("an input has no operands: write x = input()", argument[1], argument[2])
            settings[argument[3][0][3]] = literal(self.place, argument[3][2], argument[3][0][3])
        attrs = self.settings(TABLE["input"], (), settings, value)[1]
        return self.names.new_input(name, target[1], self.place.at(target[1], target[2]), attrs)

    def header(self, header: Word, parameters: list[Word], body: Tree) -> int:
        """A text that ends in `f(x, y) = …` is that function: the header gives the inputs their order."""
        self.names.define(header, parameters, body)
        del self.names.definitions[plain_name(header[3])]  # it cannot call itself
        names = self.names.parameters(parameters)
        for key, word in zip(names, parameters, strict=True):
            if self.names.first.get(key, ("",))[0] == "assigned":
                line = self.place.at(*self.names.first[key][1:]).line
                raise self.place.mistake(f"{word[3]!r} has a value from line {line}, so it is no input", word[1], word[2])
            if key not in self.names.values:
                self.names.values[key] = self.names.new_input(key.lstrip("`"), word[1], self.place.at(word[1], word[2]))
                self.names.first[key] = ("an input", word[1], word[2])
            self.order.append(self.names.values[key])
        number = self.walk(body)
        if not self.names.nodes[number].name:
            self.names.nodes[number] = self.names.nodes[number]._replace(name=plain_name(header[3]))
        return number

    # The walk

    def walk(self, begin: Tree) -> int:
        """The number of the node that a tree stands for."""
        todo: list[Any] = [(begin, {}, "")]
        done: list[int] = []
        while todo:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise LimitError(
                    f"this text makes more than {self.steps} steps, which is the limit: parse(text, limit=…) sets another"
                )
            item, local, scope = todo.pop()
            if type(item[0]) is str:
                self.visit(item, local, scope, todo, done)
            else:  # an operation whose operands are done
                op, attrs, count, start, end = item
                operands = tuple(done[-count:]) if count else ()
                if type(op) is Definition:
                    del done[-count:]
                    todo.append((op.body, dict(zip(op.names, operands, strict=True)), plain_name(op.header[3])))
                    continue
                if count:
                    del done[-count:]
                done.append(self.names.add(op, operands, attrs, start, end, scope))
        return done[0]

    def visit(self, item: Tree, local: dict[str, int], scope: str, todo: list[Any], done: list[int]) -> None:
        """Do a leaf, or put an operation and its operands on the list."""
        kind, start, end, parts = item
        if kind == "name":
            done.append(self.names.node_of(parts[0], local, scope))
            return
        if kind == "number":
            done.append(self.names.constant(number(self.place, parts[0]), start, end, scope))
            return
        if kind == "group":
            todo.append((parts[1], local, scope))
            return
        if kind == "juxtaposed":
            op, operands = TABLE["mul"], parts
        elif kind == "binary":
            left, sign, right = parts
            symbol = SIGN_ALIASES.get(sign[3], sign[3])
            if symbol == "^" and self.euler(left, local):
                op, operands = TABLE["exp"], (right,)
            else:
                op, operands = self.row(SIGNS[symbol], sign), (left, right)
        elif kind == "unary":
            sign, x = parts
            if sign[0] == "PLUS":
                todo.append((x, local, scope))
                return
            value = signed(self.place, item) if sign[0] == "MINUS" else None
            if value is not None:
                done.append(self.names.constant(value, start, end, scope))
                return
            op, operands = TABLE["logical_not" if sign[0] == "NOT" else "neg"], (x,)
        elif kind == "transposed":
            op, operands = TABLE["transpose"], parts[:1]
        elif kind == "bars":
            op, operands = self.row("abs", parts[0]), parts[1:2]
        elif kind == "root":
            op, operands = self.row(ROOTS[parts[0][3]], parts[0]), parts[1:]
        elif kind == "raised":
            exponent = parts[1]
            digits = exponent[3].translate(SUPERSCRIPT_DIGITS)
            value = number(self.place, ("NUMBER", exponent[1], exponent[2], digits.lstrip("-")))
            times: Tree = ("constant", exponent[1], exponent[2], (-value if digits[0] == "-" else value,))
            op, operands = (TABLE["exp"], (times,)) if self.euler(parts[0], local) else (TABLE["pow"], (parts[0], times))
        elif kind == "constant":
            done.append(self.names.constant(parts[0], start, end, scope))
            return
        elif kind == "call":
            self.call(item, local, scope, todo)
            return
        elif kind == "subscripted":
            self.subscript(item, local, scope, todo)
            return
        elif kind in ("list", "tuple", "longer_tuple", "empty"):
            self.array(item, local, scope, todo, done)
            return
        elif kind == "string":
            raise self.place.mistake("a text in quotation marks can only be a setting, as in mode='same'", start, end)
        else:
            assert kind in ("slice", "ellipsis"), kind
            raise self.place.mistake("a range like 1:3 belongs into the brackets of a subscript, as in x[1:3]", start, end)
        todo.append(((op, (), len(operands), start, end), local, scope))
        todo += [(x, local, scope) for x in reversed(operands)]

    def row(self, name: str, word: Word) -> Op:
        """A row of the table by its own name."""
        found = TABLE.get(name)
        if found is None:
            raise self.place.mistake(f"{word[3]!r} needs the operation {name!r}, which there is not", word[1], word[2])
        return found

    def euler(self, base: Tree, local: dict[str, int]) -> bool:
        """Whether a base is the bare letter e: e^x is exp(x), exact where a rounded e to the power x would not be."""
        return base[0] == "name" and base[3][0][3] == "e" and "e" not in local and "e" not in self.names.values

    def call(self, item: Tree, local: dict[str, int], scope: str, todo: list[Any]) -> None:
        """A call of an operation or of a definition."""
        _, start, end, parts = item
        word = parts[0]
        name = plain_name(word[3])
        arguments = parts[2] if len(parts) == 4 else []
        operands = [a for a in arguments if a[0] != "keyword"]
        keywords = [a for a in arguments if a[0] == "keyword"]
        definition = self.names.definitions.get(name)
        if definition is not None:
            if scope and definition.number >= self.names.definitions[scope].number:
                raise self.place.mistake(f"{name!r} is called in its own definition, which would never end", start, end)
            if keywords:
                raise self.place.mistake(f"{name}: takes values by position only", keywords[0][1], keywords[0][2])
            if len(operands) != len(definition.names):
                words = ", ".join(definition.names)
                raise self.place.mistake(f"{name}: takes {len(definition.names)} ({words}) and got {len(operands)}", start, end)
            todo.append(((definition, (), len(operands), start, end), local, scope))
            todo += [(x, local, scope) for x in reversed(operands)]
            return
        name = ALIASES.get(name, name)
        if name in FOLDS and len(operands) > 1:
            self.fold(self.row(FOLDS[name], word), operands, keywords, item, local, scope, todo)
            return
        op = TABLE.get(name)
        if op is None or name in NOT_CALLED:
            self.unknown(word, operands)
        assert op is not None
        if name == "input":
            raise self.place.mistake("an input is declared on a line of its own, as in x = input()", start, end)
        chosen, attrs = self.arguments(op, operands, keywords, item)
        todo.append(((op, attrs, len(chosen), start, end), local, scope))
        todo += [(x, local, scope) for x in reversed(chosen)]

    def fold(
        self, op: Op, operands: list[Tree], keywords: list[Tree], item: Tree, local: dict[str, int], scope: str, todo: list[Any]
    ) -> None:
        """`max(a, b, c)` as maximum(maximum(a, b), c)."""
        if keywords:
            word = keywords[0]
            raise self.place.mistake(
                f"{op.name}: has no setting {word[3][0][3]!r}; max and min along an axis take one operand", word[1], word[2]
            )
        x = operands[0]
        todo += [((op, (), 2, item[1], item[2]), local, scope), (operands[-1], local, scope)]
        for y in reversed(operands[1:-1]):
            todo += [((op, (), 2, item[1], y[2]), local, scope), (y, local, scope)]
        todo.append((x, local, scope))

    def unknown(self, word: Word, operands: list[Tree]) -> None:
        """A name that is called and stands for nothing."""
        name = word[3]
        hint = near(name, set(TABLE) - NOT_CALLED | set(self.names.definitions)) if len(name) > 1 else ""
        if not hint and operands:
            hint = f": for a product write {name}*(…)"
        raise self.place.mistake(f"{name!r} is neither an operation nor defined above{hint}", word[1], word[2])

    def arguments(self, op: Op, operands: list[Tree], keywords: list[Tree], item: Tree) -> tuple[list[Tree], Any]:
        """Operands as trees and settings as values; settings may follow the operands by position."""
        trees = list(operands)
        if op.variadic and len(trees) == 1 and trees[0][0] in ("list", "tuple", "longer_tuple"):
            trees = items_of(trees[0])
        given: list[Any] = []
        for k, x in enumerate(trees):
            if op.variadic and k == 0 and x[0] == "string" and op.attrs:  # einsum('ij,jk->ik', x, y)
                given.append(literal(self.place, x, op.name))
            elif op.variadic or k < len(op.args) or not op.attrs:
                given.append(Slot(k))
            else:
                given.append(literal(self.place, x, op.name))
        settings: dict[str, Any] = {}
        for argument in keywords:
            word, _, x = argument[3]
            key = plain_name(word[3])
            if key in settings:
                raise self.place.mistake(f"{op.name}: {key!r} is given twice", word[1], word[2])
            if key in op.args:
                trees.append(x)
                settings[key] = Slot(len(trees) - 1)
            else:
                settings[key] = literal(self.place, x, key)
        args, attrs = self.settings(op, tuple(given), settings, item)
        return [trees[a.number] for a in args], attrs

    def settings(self, op: Op, args: tuple[Any, ...], attrs: dict[str, Any], item: Tree) -> tuple[tuple[Any, ...], Any]:
        """What the row makes of operands and settings, its complaints pointed at the place."""
        try:
            return op.settings(args, attrs)
        except BacklightError as error:
            raise self.place.mistake(str(error), item[1], item[2], type(error)) from None

    def subscript(self, item: Tree, local: dict[str, int], scope: str, todo: list[Any]) -> None:
        """`x[1:3, 0]` as an index; `x[i]`, where i is no plain number, as slices gathered along that axis."""
        _, start, end, (x, _, items, _) = item
        op = self.row("index", item[3][1])
        key: list[Any] = []
        chosen: list[tuple[Tree, int]] = []
        axis = 0
        for i in items:
            plain = self.subscript_part(i)
            axis += type(plain) is not int and plain != "..."
            if plain is None:
                chosen.append((i, axis - 1))
            key.append(":" if plain is None else plain)
        if len(chosen) > 1 or (chosen and "..." in key):
            i = chosen[-1][0]
            raise self.place.mistake(
                "one subscript at a time may be computed, and none beside '...': the others are whole numbers or ranges",
                i[1], i[2],
            )  # fmt: skip
        if chosen:
            attrs = self.settings(TABLE["gather"], (Slot(0), Slot(1)), {"axis": chosen[0][1]}, item)[1]
            todo += [((TABLE["gather"], attrs, 2, start, end), local, scope), (chosen[0][0], local, scope)]
        if not chosen or any(k != ":" for k in key):
            whole = key[0] if len(key) == 1 else tuple(key)
            attrs = self.settings(op, (Slot(0),), {"key": whole}, item)[1]
            todo.append(((op, attrs, 1, start, end), local, scope))
        todo.append((x, local, scope))

    def subscript_part(self, item: Tree) -> Any:
        """A whole number, or a word: "1:3", "...", "new"; None for anything else."""
        if item[0] == "ellipsis":
            return "..."
        if item[0] == "slice":
            return literal(self.place, item, "a subscript")
        if item[0] == "name" and item[3][0][3] in ("new", "none", "None"):
            return "new"
        value = quiet_literal(self.place, item, self.stacked)
        return value if type(value) is int else None

    def array(self, item: Tree, local: dict[str, int], scope: str, todo: list[Any], done: list[int]) -> None:
        """`[[1, 2], [3, 4]]` as one constant; with anything but numbers in it, its items stacked."""
        kind, start, end, _ = item
        if kind == "empty":
            raise self.place.mistake("these brackets are empty: expected a number, a name or a formula", start, end)
        value = None if id(item) in self.stacked else quiet_literal(self.place, item, self.stacked)
        if value is not None:
            rectangular(self.place, item, value)
            done.append(self.names.constant(value, start, end, scope))
            return
        op = self.row("stack", item[3][0])
        items = items_of(item)
        todo.append(((op, (), len(items), start, end), local, scope))
        todo += [(x, local, scope) for x in reversed(items)]


class Slot:
    """Stands for an operand while a row sorts operands and settings."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number
