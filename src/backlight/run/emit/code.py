"""LLVM assembly, written as text: functions, line by line, and a module.

Text rather than llvmlite's builder, because a graph becomes thousands of instructions and objects for each of them cost
more than the compiler does; and because what was written can be read. The operands are in `value.py`. Vectors are written
as vectors, at the width of the target: nothing waits for a vectoriser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from backlight.run.emit.value import FLOATS, SIZES, Number, Target, Value, constant_text, type_text


class Code:
    """One function being written, line by line."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.target = module.target
        self.lines: list[str] = []
        self.places: list[str] = []  # what the function has of memory for itself: first of all, so that a loop does not take more
        self.count = 0
        self.block = "entry"
        self.under_way = 1  # vectors at once, in the loop that has most (`pipelined`)
        self.made: dict[str, tuple[str, int]] | None = None  # while a loop's body is drafted: what each name holds
        self.worries: list[tuple[Value, float]] | None = None  # then: which numbers the quick way is too short for, from where on

    # -- one instruction ------------------------------------------------------------------------------------------
    def name(self, stem: str = "v") -> str:
        """Return a name that nothing has yet."""
        self.count += 1
        return f"{stem}{self.count}"

    def put(self, text: str, kind: str, lanes: int = 1) -> Value:
        """Write an instruction with a result."""
        name = "%" + self.name()
        self.lines.append(f"  {name} = {text}")
        if self.made is not None:
            self.made[name] = kind, lanes
        return Value(self, name, kind, lanes)

    def do(self, text: str) -> None:
        """Write an instruction without a result."""
        self.lines.append("  " + text)

    def constant(self, value: Number, kind: str, lanes: int = 1) -> Value:
        """Return a literal, in every lane."""
        text = constant_text(value, kind)
        return Value(self, text if lanes == 1 else f"splat ({kind} {text})", kind, lanes)

    def select(self, mask: Value, a: Value | Number, b: Value | Number) -> Value:
        """Return a where mask, b elsewhere; a or b must be a value."""
        like = a if isinstance(a, Value) else b
        assert isinstance(like, Value)
        a, b = like.lift(a), like.lift(b)
        return self.put(f"select {mask.typed}, {a.typed}, {b.typed}", a.kind, a.lanes)

    def bitcast(self, x: Value, kind: str) -> Value:
        """Return the same bits as another kind of the same size."""
        return self.put(f"bitcast {x.typed} to {type_text(kind, x.lanes)}", kind, x.lanes)

    def convert(self, x: Value, kind: str, instruction: str | None = None) -> Value:
        """Return x as another kind: the nearest number; from a truth value, 0 or 1."""
        if x.kind == kind:
            return x
        if instruction is None:
            instruction = conversion(x.kind, kind)
        return self.put(f"{instruction} {x.typed} to {type_text(kind, x.lanes)}", kind, x.lanes)

    def intrinsic(self, name: str, *operands: Value) -> Value:
        """Call an LLVM intrinsic that is overloaded on its operands' one type."""
        x = operands[0]
        suffix = {"float": "f32", "double": "f64"}.get(x.kind, x.kind)
        symbol = f"llvm.{name}." + (suffix if x.lanes == 1 else f"v{x.lanes}{suffix}")
        self.module.declare(symbol, f"declare {x.type} @{symbol}({', '.join(o.type for o in operands)})")
        return self.put(f"call {x.type} @{symbol}({', '.join(o.typed for o in operands)})", x.kind, x.lanes)

    def muladd(self, a: Value, b: Value | Number, c: Value | Number) -> Value:
        """Return a * b + c, in one rounding where the target can."""
        b, c = a.lift(b), a.lift(c)
        if self.target.fma:
            return self.intrinsic("fma", a, b, c)
        return a * b + c

    def abs(self, x: Value) -> Value:
        """Return the size of x."""
        return self.intrinsic("fabs", x)

    def apart(self, x: Value) -> Value:
        """Return x itself, which the compiler must not join with what uses it.

        An exclusive or of a masked number would become one instruction of three operands; on some processors that takes
        the place of a product, where two of two operands take none.
        """
        if not self.target.scalef or x.lanes * SIZES[x.kind] < 16:
            return x
        if x.lanes * SIZES[x.kind] > self.target.width:
            low, high = self.halves(x)
            return self.join(self.apart(low), self.apart(high))
        return self.put(f'call {x.type} asm "", "=v,0"({x.typed})', x.kind, x.lanes)

    def copysign(self, size: Value, sign: Value) -> Value:
        """Return size with the sign of sign."""
        return self.intrinsic("copysign", size, sign)

    def sqrt(self, x: Value) -> Value:
        """Return the square root, correctly rounded."""
        return self.intrinsic("sqrt", x)

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Return the polynomial at x, constant first, by Horner's rule."""
        total = x.lift(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = self.muladd(total, x, c)
        return total

    def any(self, mask: Value) -> Value:
        """Return whether any lane of the mask is set."""
        if mask.lanes == 1:
            return mask
        bits = self.put(f"bitcast {mask.typed} to i{mask.lanes}", f"i{mask.lanes}")
        return self.put(f"icmp ne {bits.typed}, 0", "i1")

    def bundle(self, values: Sequence[Value]) -> str:
        """Return several values as the one operand of `ret`."""
        every = bundle_type(values)
        text = "poison"
        for k, x in enumerate(values):
            text = self.put(f"insertvalue {every} {text}, {x.typed}, {k}", "bundle").text
        return f"{every} {text}"

    def call_several(self, symbol: str, operands: Iterable[Value], like: Sequence[Value]) -> list[Value]:
        """Call a function of this module that returns several values, of the types of `like`."""
        every = bundle_type(like)
        found = self.put(f"call {every} @{symbol}({', '.join(o.typed for o in operands)})", "bundle")
        return [self.put(f"extractvalue {every} {found.text}, {k}", x.kind, x.lanes) for k, x in enumerate(like)]

    # -- memory ---------------------------------------------------------------------------------------------------
    def place(self, bytes_: int) -> Value:
        """Return so much memory that is the function's own, aligned for vectors."""
        name = "%" + self.name("p")
        self.places.append(f"  {name} = alloca [{bytes_} x i8], align 64")
        return Value(self, name, "ptr", 1)

    def address(self, base: Value, offset: Value | int, kind: str) -> Value:
        """Return base + offset numbers of a kind."""
        if isinstance(offset, int):
            if offset == 0:
                return base
            offset = self.constant(offset, "i64")
        return self.put(f"getelementptr {kind}, ptr {base.text}, {offset.typed}", "ptr")

    def load(self, base: Value, offset: Value | int, kind: str, lanes: int = 1, align: int | None = None) -> Value:
        """Return the numbers at base + offset."""
        at = self.address(base, offset, kind)
        return self.put(f"load {type_text(kind, lanes)}, ptr {at.text}, align {align or SIZES[kind]}", kind, lanes)

    def store(self, x: Value, base: Value, offset: Value | int, align: int | None = None) -> None:
        """Put the numbers at base + offset."""
        at = self.address(base, offset, x.kind)
        self.do(f"store {x.typed}, ptr {at.text}, align {align or SIZES[x.kind]}")

    def splat(self, x: Value, lanes: int) -> Value:
        """Return one number in every lane."""
        if lanes == 1 or x.lanes == lanes:
            return x
        kind = type_text(x.kind, lanes)
        one = self.put(f"insertelement {kind} poison, {x.typed}, i32 0", x.kind, lanes)
        every = f"<{lanes} x i32> zeroinitializer"
        return self.put(f"shufflevector {kind} {one.text}, {kind} poison, {every}", x.kind, lanes)

    def shuffle(self, a: Value, b: Value | None, lanes: Sequence[int]) -> Value:
        """Return the chosen lanes of a, then b."""
        other = b.text if b else "poison"
        chosen = ", ".join(f"i32 {k}" for k in lanes)
        n = len(lanes)
        return self.put(f"shufflevector {a.typed}, {a.type} {other}, <{n} x i32> <{chosen}>", a.kind, n)

    def halves(self, x: Value) -> tuple[Value, Value]:
        """Return the two halves of a vector."""
        n = x.lanes // 2
        if n == 1:
            return self.extract(x, 0), self.extract(x, 1)
        return self.shuffle(x, None, range(n)), self.shuffle(x, None, range(n, 2 * n))

    def join(self, a: Value, b: Value) -> Value:
        """Return the vector whose halves are a and b."""
        if a.lanes == 1:
            kind = type_text(a.kind, 2)
            first = self.put(f"insertelement {kind} poison, {a.typed}, i32 0", a.kind, 2)
            return self.put(f"insertelement {first.typed}, {b.typed}, i32 1", a.kind, 2)
        return self.shuffle(a, b, range(2 * a.lanes))

    def extract(self, x: Value, lane: int) -> Value:
        """Return one lane."""
        return x if x.lanes == 1 else self.put(f"extractelement {x.typed}, i32 {lane}", x.kind)

    # -- control --------------------------------------------------------------------------------------------------
    def label(self, name: str) -> None:
        """Start a block."""
        self.lines.append(f"{name}:")
        self.block = name

    def when(self, condition: Value, then: Callable[[], Sequence[Value] | None],
             otherwise: Sequence[Value] = ()) -> list[Value]:
        """Return what `then` writes where the condition (one truth value, seldom true) holds, else `otherwise`."""
        here, rare, after = self.block, self.name("rare"), self.name("after")
        self.do(f"br {condition.typed}, label %{rare}, label %{after}, !prof !0")
        self.label(rare)
        found = then() or ()
        end = self.block
        self.do(f"br label %{after}")
        self.label(after)
        pairs = list(zip(otherwise, found, strict=True))
        return [self.put(f"phi {a.type} [{a.text}, %{here}], [{b.text}, %{end}]", a.kind, a.lanes) for a, b in pairs]

    def loop(self, count: Value | int, body: Callable[..., Sequence[Value] | None], carry: Sequence[Value] = (),
             step: int = 1, start: Value | int = 0) -> list[Value]:
        """Write `for i in range(start, count, step)`; body(i, *carried) returns the next carried values."""
        first = start if isinstance(start, Value) else self.constant(start, "i64")
        last = count if isinstance(count, Value) else self.constant(count, "i64")
        here, head, inside, after = self.block, self.name("head"), self.name("body"), self.name("done")
        self.do(f"br label %{head}")
        self.label(head)
        place = len(self.lines)
        index = Value(self, "%" + self.name("i"), "i64", 1)
        phis = [Value(self, "%" + self.name("c"), x.kind, x.lanes) for x in carry]
        more = self.put(f"icmp slt {index.typed}, {last.text}", "i1")
        self.do(f"br i1 {more.text}, label %{inside}, label %{after}")
        self.label(inside)
        found = body(index, *phis) or ()
        following = self.put(f"add nsw i64 {index.text}, {step}", "i64")
        end = self.block
        self.do(f"br label %{head}")
        heads = [f"  {index.text} = phi i64 [{first.text}, %{here}], [{following.text}, %{end}]"]
        for phi, a, b in zip(phis, carry, found, strict=True):
            heads.append(f"  {phi.text} = phi {phi.type} [{a.text}, %{here}], [{b.text}, %{end}]")
        self.lines[place:place] = heads
        self.label(after)
        return phis

    def call(self, symbol: str, operands: Iterable[Value], kind: str, lanes: int = 1) -> Value:
        """Call a function of this module that returns one value."""
        arguments = ", ".join(o.typed for o in operands)
        return self.put(f"call {type_text(kind, lanes)} @{symbol}({arguments})", kind, lanes)


def bundle_type(values: Sequence[Value]) -> str:
    """Return the type of several values in one."""
    return f"{{ {', '.join(x.type for x in values)} }}"


def conversion(source: str, kind: str) -> str:
    """Return the instruction that turns one kind of number into another."""
    wide = SIZES[kind] > SIZES[source]
    if kind in FLOATS:
        if source in FLOATS:
            return "fpext" if wide else "fptrunc"
        return "uitofp" if source == "i1" else "sitofp"
    if source in FLOATS:
        return "fptosi"
    if source == "i1":
        return "zext"
    return "sext" if wide else "trunc"


@dataclass
class Module:
    """Functions, declarations and constants that are compiled together."""

    target: Target
    functions: dict[str, str] = field(default_factory=dict)
    declarations: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)

    def declare(self, symbol: str, text: str) -> None:
        """Note a declaration, once."""
        self.declarations.setdefault(symbol, text)

    def constant_array(self, symbol: str, kind: str, values: Sequence[Number]) -> str:
        """Note an array of constants, once, and return its symbol."""
        if symbol not in self.constants:
            inside = ", ".join(f"{kind} {constant_text(v, kind)}" for v in values)
            self.constants[symbol] = f"@{symbol} = internal constant [{len(values)} x {kind}] [{inside}], align 64"
        return symbol

    def define(self, symbol: str, returns: str, parameters: Sequence[tuple[str, str, int]], attributes: str,
               write: Callable[..., Value | str | None], linkage: str = "internal") -> str:
        """Write a function, once, and return its symbol; `write(code, *parameters)` returns what it returns."""
        if symbol in self.functions:
            return symbol
        self.functions[symbol] = ""  # taken: a function may call itself
        code = Code(self)
        values = [Value(code, "%" + name, kind, lanes) for name, kind, lanes in parameters]
        result = write(code, *values)
        end = "ret void" if result is None else f"ret {result if isinstance(result, str) else result.typed}"
        signature = ", ".join(v.typed for v in values)
        body = "\n".join([*code.places, *code.lines])
        head = f"define {linkage} {returns} @{symbol}({signature}) {attributes} {{"
        self.functions[symbol] = f"{head}\nentry:\n{body}\n  {end}\n}}\n"
        return symbol

    def text(self, attributes: str) -> str:
        """Return the whole module; `#0` are the attributes that every function has. What system it is for, the compiler adds."""
        parts = [*self.constants.values(), *self.declarations.values()]
        parts += [*self.functions.values(), f"attributes #0 = {{ {attributes} }}"]
        return "\n".join(parts) + '\n!0 = !{!"branch_weights", i32 1, i32 2000}\n'
