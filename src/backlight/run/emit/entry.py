"""The door from Python into compiled code: a builtin function, written in the same module as what it calls.

It takes floats and arrays as they are, without a conversion, checks that they are of exactly the types compiled for,
and hands everything else to a slow function of Python, which knows what to do and what to say. What it needs from the
interpreter (types, functions, constants) stands in a block of addresses, the data of the array that is its `self`; so
the code itself holds no address and can be kept on disk.
"""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit.ask import give_back
from backlight.run.emit.code import Code, Module
from backlight.run.emit.doorway import (
    ARENA,
    ARRAY_TYPE,
    BUSY,
    CALL,
    CONTIGUOUS_ALIGNED,
    DATA,
    DECREASE,
    DESCRIPTION,
    FLAGS,
    FLOAT64_TYPE,
    FLOAT_TYPE,
    FLOAT_VALUE,
    FROM_DOUBLE,
    INCREASE,
    MAKE,
    NEW_ARRAY,
    NEW_TUPLE,
    RANK,
    RESTORE,
    SAVE,
    SIZES,
    SLOW,
    TABLE,
    TUPLE_ITEMS,
    TYPE,
    WRITEABLE,
    Argument,
    Entry,
)
from backlight.run.emit.table import ALONE, ASK
from backlight.run.emit.value import Value

ON_STACK = 8192  # bytes of arena up to which each call has its own, on the stack


def define_entry(module: Module, entry: Entry, piece: str) -> str:
    """Write the builtin: (self, arguments, their count, names) -> a new reference, or null with an error set."""
    def write(c: Code, this: Value, values: Value, count: Value, names: Value) -> Value:
        block = c.load(c.address(this, DATA, "i8"), 0, "ptr")
        return Door(c, entry, block, values, count, names).write(piece)

    parameters = [("self", "ptr", 1), ("args", "ptr", 1), ("count", "i64", 1), ("names", "ptr", 1)]
    return module.define("bl.entry", "ptr", parameters, "#0", write, linkage="")


@dataclass
class Door:
    """The builtin while it is written."""

    c: Code
    entry: Entry
    block: Value
    values: Value
    count: Value
    names: Value

    def word(self, number: int) -> Value:
        """Return an address from the block."""
        return self.c.load(self.block, number, "ptr")

    def require(self, condition: Value) -> None:
        """Go on only if the condition holds; else to the slow function."""
        following = self.c.name("ok")
        self.c.do(f"br {condition.typed}, label %{following}, label %slow")
        self.c.label(following)

    def same(self, a: Value, b: Value) -> Value:
        """Return whether two addresses are the same."""
        return self.c.put(f"icmp eq ptr {a.text}, {b.text}", "i1")

    def field(self, thing: Value, offset: int, kind: str) -> Value:
        """Return a field of an object."""
        return self.c.load(self.c.address(thing, offset, "i8"), 0, kind)

    def write(self, piece: str) -> Value:
        """Write everything: check, run, return."""
        c, entry = self.c, self.entry
        table = c.put(f"alloca [{max(entry.slots, 1)} x ptr], align 8", "ptr")
        singles = {
            slot: c.put("alloca double, align 8", "ptr")
            for slot, number in ((r.slot, r.number) for rs in (entry.arguments, entry.results) for r in rs) if number
        }
        truths = [c.put("alloca i8, align 1", "ptr") for _ in entry.checks]
        own = 0 < entry.arena <= ON_STACK
        arena = c.put(f"alloca [{entry.arena} x i8], align 64", "ptr") if own else None
        self.require(self.same(self.names, Value(c, "null", "ptr", 1)) & self.count.eq(len(entry.arguments)))
        for number, argument in enumerate(entry.arguments):
            value = c.load(self.values, number, "ptr")
            if argument.number:
                self.take_number(value, argument, singles[argument.slot])
                c.store(singles[argument.slot], table, argument.slot)
            else:
                c.store(self.take_array(value, argument), table, argument.slot)
        self.lie_apart(table)
        if arena is None and entry.arena:
            self.take_arena()
            arena = self.word(ARENA)
        c.store(arena if arena is not None else Value(c, "null", "ptr", 1), table, 0)
        for slot in (1, 2, ASK, ALONE, *entry.constants):
            c.store(self.word(TABLE + slot), table, slot)
        made = self.make_results(table, singles)
        for slot, truth in zip(entry.checks, truths, strict=True):
            c.store(truth, table, slot)
        self.leave_if(self.run(piece, table), table, made)
        if truths:
            self.check(truths, made)
        result = self.results(made, singles)
        self.leave_arena()
        c.do(f"ret ptr {result.text}")
        c.label("slow")
        operands = f"ptr {self.word(SLOW).text}, {self.values.typed}, {self.count.typed}, {self.names.typed}"
        return c.put(f"call ptr {self.word(CALL).text}({operands})", "ptr")

    def check(self, truths: list[Value], made: Value | None) -> None:
        """Go on if all checks hold; else give back what was made, and let the slow function find out what is wrong."""
        c = self.c
        held = c.load(truths[0], 0, "i8")
        for truth in truths[1:]:
            held = held & c.load(truth, 0, "i8")
        good, bad = c.name("held"), c.name("broken")
        c.do(f"br {held.ne(0).typed}, label %{good}, label %{bad}")
        c.label(bad)
        if made is not None:
            c.do(f"call void {self.word(DECREASE).text}({made.typed})")
        self.leave_arena()
        c.do("br label %slow")
        c.label(good)

    def take_number(self, value: Value, argument: Argument, to: Value) -> None:
        """Put the number of a Python float where the program reads it."""
        c = self.c
        type_ = self.field(value, TYPE, "ptr")
        known = self.same(type_, self.word(FLOAT_TYPE)) | self.same(type_, self.word(FLOAT64_TYPE))
        self.require(known)
        c.store(self.field(value, FLOAT_VALUE, "double"), to, 0)

    def take_array(self, value: Value, argument: Argument) -> Value:
        """Return where the numbers of an array lie."""
        c = self.c
        self.require(self.same(self.field(value, TYPE, "ptr"), self.word(ARRAY_TYPE)))
        fits = self.same(self.field(value, DESCRIPTION, "ptr"), self.word(argument.description))
        fits = fits & self.field(value, RANK, "i32").eq(len(argument.shape))
        wanted = CONTIGUOUS_ALIGNED | WRITEABLE if argument.overwritten else CONTIGUOUS_ALIGNED
        fits = fits & (self.field(value, FLAGS, "i32") & wanted).eq(wanted)
        self.require(fits)
        sizes = self.field(value, SIZES, "ptr")
        for axis, size in enumerate(argument.shape):
            self.require(c.load(sizes, axis, "i64").eq(size))
        return self.field(value, DATA, "ptr")

    def lie_apart(self, table: Value) -> None:
        """Go on only if no array that is overwritten shares memory with another argument."""
        c, arrays = self.c, [a for a in self.entry.arguments if not a.number and a.bytes]
        for k, a in enumerate(arrays):
            for b in arrays[k + 1 :]:
                if a.overwritten or b.overwritten:
                    first, second = (c.put(f"ptrtoint {c.load(table, x.slot, 'ptr').typed} to i64", "i64") for x in (a, b))
                    self.require((first + a.bytes).le(second) | (second + b.bytes).le(first))

    def take_arena(self) -> None:
        """Claim the one arena; whoever comes second goes the slow way, which makes another."""
        c = self.c
        at = c.address(self.block, BUSY, "i64")
        pair = c.put(f"cmpxchg ptr {at.text}, i64 0, i64 1 acquire monotonic", "pair")
        self.require(c.put(f"extractvalue {{ i64, i1 }} {pair.text}, 1", "i1"))

    def make_results(self, table: Value, singles: dict[int, Value]) -> Value | None:
        """Make the arrays of the outputs; return the tuple that holds them."""
        c = self.c
        for r in self.entry.results:
            if r.number:
                c.store(singles[r.slot], table, r.slot)
        if all(r.number for r in self.entry.results):
            return None
        if self.entry.direct:
            made = self.ask_numpy()
        else:
            made = c.put(f"call ptr {self.word(CALL).text}(ptr {self.word(MAKE).text}, ptr null, i64 0, ptr null)", "ptr")
            self.or_leave(made, None)
        for number, r in enumerate(self.entry.results):
            if r.given is not None:
                self.put_given(made, number, r.given)
            elif not r.number:
                array = self.field(made, TUPLE_ITEMS + 8 * number, "ptr")
                c.store(self.field(array, DATA, "ptr"), table, r.slot)
        return made

    def put_given(self, bundle: Value, number: int, argument: int) -> None:
        """Put an argument among the results, in the place of nothing or of None."""
        c = self.c
        at, value = c.address(bundle, TUPLE_ITEMS + 8 * number, "i8"), c.load(self.values, argument, "ptr")
        c.do(f"call void {self.word(INCREASE).text}({value.typed})")
        if not self.entry.direct:
            c.do(f"call void {self.word(DECREASE).text}({c.load(at, 0, 'ptr').typed})")
        c.store(value, at, 0)

    def ask_numpy(self) -> Value:
        """Make the arrays one by one, in a tuple; NumPy takes a reference to the dtype that it is given."""
        c, results = self.c, self.entry.results
        bundle = c.put(f"call ptr {self.word(NEW_TUPLE).text}(i64 {len(results)})", "ptr")
        self.or_leave(bundle, None)
        for k, r in enumerate(results):
            if r.number or r.given is not None:
                continue
            dtype, sizes = self.word(r.description), "null"
            c.do(f"call void {self.word(INCREASE).text}({dtype.typed})")
            if r.shape:
                shape = "_".join(map(str, r.shape))
                sizes = "@" + c.module.constant_array(f"bl.sizes.{shape}", "i64", r.shape)
            what = f"ptr {self.word(ARRAY_TYPE).text}, {dtype.typed}, i32 {len(r.shape)}, ptr {sizes}"
            as_usual = "ptr null, ptr null, i32 0, ptr null"  # strides, memory, flags, parent
            array = c.put(f"call ptr {self.word(NEW_ARRAY).text}({what}, {as_usual})", "ptr")
            self.or_leave(array, bundle)
            c.store(array, c.address(bundle, TUPLE_ITEMS + 8 * k, "i8"), 0)
        return bundle

    def or_leave(self, made: Value, bundle: Value | None) -> None:
        """Go on if Python made an object; else leave, with the error that it has set, and without what was there already."""
        c = self.c
        failed = c.put(f"icmp eq ptr {made.text}, null", "i1")
        bad, good = c.name("failed"), c.name("made")
        c.do(f"br {failed.typed}, label %{bad}, label %{good}")
        c.label(bad)
        if bundle is not None:
            c.do(f"call void {self.word(DECREASE).text}({bundle.typed})")
        self.leave_arena()
        c.do("ret ptr null")
        c.label(good)

    def leave_arena(self) -> None:
        """Let somebody else have the one arena, if it was claimed."""
        if self.entry.arena > ON_STACK:
            self.c.do(f"store atomic i64 0, ptr {self.c.address(self.block, BUSY, 'i64').text} release, align 8")

    def run(self, piece: str, table: Value) -> Value:
        """Run the program, with Python's lock released if it may take long; return whether it was left before its end."""
        c = self.c
        if not self.entry.release:
            return c.put(f"call i1 @{piece}({table.typed})", "i1")
        state = c.put(f"call ptr {self.word(SAVE).text}()", "ptr")
        left = c.put(f"call i1 @{piece}({table.typed})", "i1")
        c.do(f"call void {self.word(RESTORE).text}({state.typed})")
        return left

    def leave_if(self, left: Value, table: Value, made: Value | None) -> None:
        """Go on if the program ran to its end; else give back what was made, and raise what a signal raised."""
        c = self.c
        bad, good = c.name("left"), c.name("whole")
        c.do(f"br {left.typed}, label %{bad}, label %{good}, !prof !0")
        c.label(bad)
        if made is not None:
            c.do(f"call void {self.word(DECREASE).text}({made.typed})")
        self.leave_arena()
        give_back(c, table)
        c.do("ret ptr null")
        c.label(good)

    def results(self, made: Value | None, singles: dict[int, Value]) -> Value:
        """Return what Python gets: a float, a tuple of floats, or the tuple that was made."""
        c, results = self.c, self.entry.results
        bundle = made
        if bundle is None and not self.entry.single:
            bundle = c.put(f"call ptr {self.word(NEW_TUPLE).text}(i64 {len(results)})", "ptr")
            self.or_leave(bundle, None)
        for k, r in enumerate(results):
            if not r.number:
                continue
            value = c.load(singles[r.slot], 0, "double")
            number = c.put(f"call ptr {self.word(FROM_DOUBLE).text}({value.typed})", "ptr")
            self.or_leave(number, bundle)
            if bundle is None:
                return number
            at = c.address(bundle, TUPLE_ITEMS + 8 * k, "i8")
            if made is not None:  # the maker held the place with something
                c.do(f"call void {self.word(DECREASE).text}({c.load(at, 0, 'ptr').typed})")
            c.store(number, at, 0)
        assert bundle is not None
        if not self.entry.single:
            return bundle
        array = self.field(bundle, TUPLE_ITEMS, "ptr")
        c.do(f"call void {self.word(INCREASE).text}({array.typed})")
        c.do(f"call void {self.word(DECREASE).text}({bundle.typed})")
        return array
