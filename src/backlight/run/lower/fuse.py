"""Which items share a loop.

Items are taken in order; one with nothing before it waits until it is used, and so does a late one (`late.py`). An item that
runs over a box of indices joins the earliest nest over the same box that comes late enough for its operands: in that very
nest if they flow from one step to the next, after it if they must be read from memory. So a chain of scalar operations with
the sums over it becomes one pass over memory, forward and backward together. What is done to a large product number by
number is done tile by tile, before the tile leaves the cache. Whatever is needed outside its nest is written; all else stays
in registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from backlight.run.lower.collect import NestWriter
from backlight.run.lower.items import Item, Items, Unplaced
from backlight.run.lower.late import late_items
from backlight.run.lower.loops import of_single_numbers, simplified, tidy
from backlight.run.lower.memory import moved
from backlight.run.lower.program import (
    BYTES,
    Buffer,
    Call,
    Contract,
    Fold,
    Instruction,
    Multiply,
    Nest,
    Place,
    Program,
    Read,
    Role,
    Scan,
    Sort,
)
from backlight.run.lower.tiles import DEEPEST, FAR_APART
from backlight.run.lower.views import Shape, View, row_major

LARGE = 1 << 16  # numbers of a product from which it pays to work on its tiles before they leave the caches
WIDE = 96  # columns from which a product may be cut into tiles over whole rows
LONGEST = 300  # steps in one nest: beyond, registers spill and the compiler slows down
ALONE = {"product", "scan", "sort", "call", "inner"}  # forms that are an instruction of their own
MEMORY = {"fold", "part", "scatter", "piece", "assembled", *ALONE}  # forms whose results are always in memory
CHUNK = 4096  # steps of a long fold that make one unit


@dataclass
class Slot:
    """An instruction to be: the items of one nest, or a single product or call."""

    form: str
    space: Shape
    items: list[int] = field(default_factory=list)


@dataclass
class Fuser:
    """Items, sorted into slots, then made into instructions."""

    items: Items
    outputs: Sequence[int]
    keep: Sequence[int] = ()
    slots: list[Slot] = field(default_factory=list)
    slot_of: dict[int, int] = field(default_factory=dict)
    needed: set[int] = field(default_factory=set)
    buffers: list[Buffer] = field(default_factory=list)
    buffer_of: dict[int, int] = field(default_factory=dict)
    home: dict[int, int] = field(default_factory=dict)  # the array that a piece belongs to
    folded: set[int] = field(default_factory=set)  # items that are folded: they stay in the loop that does so
    waiting: set[int] = field(default_factory=set)  # items with nothing before them, and late ones: they go where they are used

    # -- which slot ------------------------------------------------------------------------------------------------
    def sort(self, live: set[int]) -> None:
        """Give every live item that computes something its slot."""
        self.folded = {self.items.views[item.inputs[0]].root for number, item in enumerate(self.items.all)
                       if number in live and item.form in {"fold", "scatter"}}
        late = late_items(self.items, live, (*self.outputs, *self.keep), ALONE)
        for number, item in enumerate(self.items.all):
            if number not in live or item.form in {"source", "uniform", "view", "position"}:
                continue
            if item.form == "part":
                self.slot_of[number] = self.slot_of[item.inputs[0]]
            elif item.form == "assembled":
                self.home.update(dict.fromkeys(item.inputs, number))
                self.slot_of[number] = max((self.slot_of[i] for i in item.inputs), default=0)
            elif item.form == "point" and (number in late or all(self.free(i, item.shape) for i in item.inputs)):
                self.prepare(item, item.shape)
                self.waiting.add(number)
            else:
                self.settle(number, item)
        for number in sorted(self.waiting):
            if number in self.waiting:
                self.settle(number, self.items.all[number])

    def free(self, operand: int, space: Shape) -> bool:
        """Return whether an operand is there from the beginning, or waits itself and would flow, index for index."""
        view = self.items.views[operand]
        if view.root in self.waiting:
            return self.items.all[view.root].shape == space and view.is_whole(space)
        return view.root not in self.slot_of

    def prepare(self, item: Item, space: Shape) -> None:
        """Give their slots to operands that wait and cannot flow into an item."""
        for k, operand in enumerate(item.inputs):
            root = self.items.views[operand].root
            flows = item.form not in ALONE and not (item.form == "take" and k == 0) and self.free(operand, space)
            if root in self.waiting and not flows:
                self.waiting.discard(root)
                self.settle(root, self.items.all[root])

    def settle(self, number: int, item: Item) -> None:
        """Give an item its slot, and with it those that waited for it; what waits and cannot flow is computed before."""
        space = self.space(item)
        self.prepare(item, space)
        # what was settled just now may have taken others along
        flowing = sorted({self.items.views[i].root for i in item.inputs} & self.waiting)
        if item.form in ALONE:
            self.open(Slot(item.form, item.shape), number)
            return
        first = self.earliest(item, space)
        for place in range(first, len(self.slots)):
            slot = self.slots[place]
            joins = slot.form == "nest" or (place == first and number not in self.folded and self.follows(item, slot))
            if joins and slot.space == space and len(slot.items) < LONGEST:
                break
        else:
            place = len(self.slots)
            self.slots.append(Slot("nest", space))
        for root in flowing:
            self.bring(root, place)
        self.slots[place].items.append(number)
        self.slot_of[number] = place

    def earliest(self, item: Item, space: Shape) -> int:
        """Return the first slot that an item can go to: after what it uses, and after what those use that come with it.

        What waits had nothing before it when it was met; but others that waited with it may have a slot by now.
        """
        first, seen, pending = 0, set[int](), [item]
        while pending:
            one = pending.pop()
            first = max([first, *(self.after(one, k, space) for k in range(len(one.inputs)))])
            roots = {self.items.views[i].root for i in one.inputs} & self.waiting - seen
            seen |= roots
            pending += [self.items.all[root] for root in roots]
        return first

    def bring(self, number: int, place: int) -> None:
        """Put an item that waits into the slot where it is used, what flows into it before it."""
        if number not in self.waiting:
            return
        self.waiting.discard(number)
        for operand in self.items.all[number].inputs:
            self.bring(self.items.views[operand].root, place)
        self.slots[place].items.append(number)
        self.slot_of[number] = place

    def open(self, slot: Slot, number: int) -> None:
        """Add a slot with its first item."""
        self.slot_of[number] = len(self.slots)
        slot.items.append(number)
        self.slots.append(slot)

    def takes(self, slot: Slot) -> bool:
        """Return whether a slot is a product large enough that its tiles are worked on before they leave the cache."""
        whole = slot.form == "product" and self.items.all[slot.items[0]].op == "matmul"
        return whole and len(slot.space) == 2 and min(slot.space) > 1 and prod(slot.space) >= LARGE

    def follows(self, item: Item, slot: Slot) -> bool:
        """Return whether an item is done to the tiles of a product.

        A tile goes over whole rows where those of A lie far apart (see `emit/product.py`). Elsewhere it is narrow, and
        reading other large arrays in narrow columns costs more than it saves: measured in `benchmarks/test_products.py`.
        """
        if not self.takes(slot) or item.form != "point" or item.shape != slot.space:
            return False
        product = slot.items[0]
        a = self.items.views[self.items.all[product].inputs[0]]
        if max(a.strides[-2:]) * BYTES[item.kind] >= FAR_APART and slot.space[1] >= WIDE:
            return True
        roots = [(self.items.views[i], self.items.views[i].root) for i in item.inputs]
        return all(root == product or root in slot.items or self.items.all[root].form == "uniform" or
                   not any(view.broadcast(slot.space).strides[:1]) for view, root in roots)

    def space(self, item: Item) -> Shape:
        """Return the box of indices that an item runs over."""
        return self.items.all[item.inputs[0]].shape if item.form in {"fold", "scatter"} else item.shape

    def after(self, item: Item, k: int, space: Shape) -> int:
        """Return the first slot in which operand k can be used: its own if it flows, else the one after it."""
        operand = item.inputs[k]
        root = self.items.views[operand].root
        if root not in self.slot_of:
            return 0
        place = self.slot_of[root]
        return place if self.streams(item, k, space, place) else place + 1

    def streams(self, item: Item, k: int, space: Shape, place: int) -> bool:
        """Return whether operand k of an item in this slot need not go through memory."""
        if item.form == "take" and k == 0:
            return False  # read at computed places: all of it must be there already
        slot = self.slots[place]
        return (slot.form == "nest" or self.follows(item, slot)) and self.flows(item.inputs[k], space, place)

    def flows(self, operand: int, space: Shape, place: int) -> bool:
        """Return whether an operand is computed in this slot, index for index."""
        view = self.items.views[operand]
        root = self.items.all[view.root]
        if self.slot_of.get(view.root) != place:
            return False
        if root.form in MEMORY and not (root.form == "product" and self.takes(self.slots[place])):
            return False
        return root.shape == space and view.is_whole(space)

    # -- what goes through memory ----------------------------------------------------------------------------------
    def find_needed(self) -> None:
        """Note the items that something outside their nest reads."""
        for number, place in self.slot_of.items():
            item = self.items.all[number]
            if item.form in MEMORY and not (item.form == "product" and len(self.slots[place].items) > 1):
                self.needed.add(number)
            if item.form in {"part", "assembled"}:
                continue
            for k, operand in enumerate(item.inputs):
                root = self.items.views[operand].root
                if root in self.slot_of and not self.streams(item, k, self.space(item), place):
                    self.needed.add(root)
        for number in (*self.outputs, *self.keep):
            root = self.items.views[number].root
            if root in self.slot_of:
                self.needed.add(root)

    def buffer(self, number: int, role: Role, label: str) -> int:
        """Return the buffer of an item, made if need be."""
        if number not in self.buffer_of:
            item = self.items.all[number]
            self.buffer_of[number] = len(self.buffers)
            self.buffers.append(Buffer(len(self.buffers), item.kind, item.size, role, label))
        return self.buffer_of[number]

    def scratch(self, kind: str, size: int) -> int:
        """Return a new buffer that no item owns."""
        self.buffers.append(Buffer(len(self.buffers), kind, size, "arena", "results on the way"))
        return len(self.buffers) - 1

    def place(self, view: View, shape: Shape) -> Place:
        """Return where a view is read in a box of this shape."""
        shown = view.broadcast(shape)
        buffer = self.buffer(view.root, "arena", f"%{self.items.all[view.root].node}")
        return Place(buffer, shown.offset, shown.strides)

    # -- instructions ----------------------------------------------------------------------------------------------
    def instructions(self) -> list[Instruction]:
        """Return the instructions of all slots, in order."""
        found: list[Instruction] = []
        for place, slot in enumerate(self.slots):
            number = slot.items[0]
            item = self.items.all[number]
            if slot.form == "product":
                found.append(self.contract(number, item) if item.op == "contract" else self.multiply(number, item, place))
            elif slot.form == "scan":
                found.append(self.scan(number, item))
            elif slot.form == "sort":
                found.append(self.order(number, item))
            elif slot.form == "call":
                found.append(self.call(number, item))
            elif slot.form == "inner":
                found.append(self.inner(number, item))
            else:
                found.extend(self.nest(place, slot))
        return found

    def call(self, number: int, item: Item) -> Call:
        """Return the call of the reference machine for an item."""
        op, attrs, types, results = item.detail
        inputs = tuple(self.buffer(self.items.views[i].root, "arena", f"%{item.node}") for i in item.inputs)
        outputs = tuple(self.buffer(n, "arena", f"%{item.node}") for n in range(number, number + len(results)))
        return Call(item.node, op, attrs, inputs, types, outputs, results)

    def inner(self, number: int, item: Item) -> Instruction:
        """Return the instruction of a graph inside a node: written already, with places where its buffers go."""
        written: Unplaced = item.detail
        names = {written.operand(k): self.buffer(self.items.views[i].root, "arena", f"%{item.node}")
                 for k, i in enumerate(item.inputs)}
        names |= {written.result(k): self.buffer(number + k, "arena", f"%{item.node}") for k in range(written.results)}
        names |= {written.scratch(k): self.scratch(kind, size) for k, (kind, size) in enumerate(written.rooms)}
        return moved(written.instruction, names)

    def multiply(self, number: int, item: Item, place: int) -> Multiply:
        """Return the instruction of a product; its operands are (…, m, k) and (…, k, n)."""
        a, b = (self.items.views[i] for i in item.inputs)
        batch = item.shape[:-2]
        m, n, k = item.shape[-2], item.shape[-1], a.shape[-1]
        followers = self.slots[place].items[1:]
        local = bool(followers) and number not in self.needed and k <= DEEPEST[item.kind]
        out = Place(self.buffer(number, "tile" if local else "arena", f"%{item.node}"), 0, row_major(item.shape))
        left, right = self.place(a, (*batch, m, k)), self.place(b, (*batch, k, n))
        after, nodes = None, [item.node]
        if followers:
            writer = NestWriter(self, self.slots[place].space, place)
            writer.known["item", number] = writer.step(Read(out, item.kind))
            for follower in followers:
                writer.item(follower)
            nodes = list(dict.fromkeys([item.node, *(self.items.all[f].node for f in followers)]))
            after = Nest((m, n), tuple(writer.steps), tuple(writer.writes), tuple(writer.folds), tuple(nodes[1:]))
        return Multiply(item.kind, m, n, k, left, right, out, batch, tuple(nodes), after=after, local=local)

    def contract(self, number: int, item: Item) -> Multiply | Contract:
        """Return the instruction of a product over axes; a plain product of matrices, if it is no more."""
        x = item.detail
        a, b = (self.place(v, v.shape) for v in (self.items.views[i] for i in item.inputs))
        out = Place(self.buffer(number, "arena", f"%{item.node}"), 0, x.steps)
        return simplified(Contract(item.kind, x.batch, x.m, x.n, x.k, a, b, out, (item.node,)))

    def scan(self, number: int, item: Item) -> Scan:
        """Return the instruction of a scan; its operands are shown as (before, axis, behind)."""
        views = [self.items.views[i] for i in item.inputs]
        x, *factors = (self.place(v, v.shape) for v in views)
        backwards, exclusive = item.detail
        sizes = views[0].shape
        steps = row_major(sizes)
        out = self.buffer(number, "arena", f"%{item.node}")
        z = Place(out, (sizes[1] - 1) * steps[1], (steps[0], -steps[1], steps[2])) if backwards else Place(out, 0, steps)
        return Scan(item.kind, item.op, sizes, x, factors[0] if factors else None, z, exclusive, (item.node,))  # type: ignore[arg-type]

    def order(self, number: int, item: Item) -> Sort:
        """Return the instruction of an order; its operand is shown as (rows, axis)."""
        view = self.items.views[item.inputs[0]]
        rows, n = view.shape
        z = Place(self.buffer(number, "arena", f"%{item.node}"), 0, row_major((rows, n)))
        kind = self.items.all[item.inputs[0]].kind
        return Sort(kind, (rows, n), self.place(view, view.shape), z, item.detail, self.scratch("i64", 4 * n), (item.node,))

    def nest(self, place: int, slot: Slot) -> list[Instruction]:
        """Return the loops of a slot."""
        writer = NestWriter(self, slot.space, place)
        for number in slot.items:
            writer.item(number)
        nodes = tuple(dict.fromkeys(self.items.all[n].node for n in slot.items))
        nest = Nest(slot.space, tuple(writer.steps), tuple(writer.writes), tuple(writer.folds), nodes)
        return self.chunked(of_single_numbers(tidy(nest)))

    def chunked(self, nest: Nest) -> list[Instruction]:
        """Return the nest, with a long fold of everything cut into chunks whose results are folded afterwards."""
        if len(nest.sizes) != 1 or nest.sizes[0] <= CHUNK or not nest.folds or any(f.index for f in nest.folds):
            return [nest]
        count = -(-nest.sizes[0] // CHUNK)
        parts, rest = [], []
        for fold in nest.folds:
            kind = nest.steps[fold.value].kind
            partials = self.scratch(kind, count)
            parts.append(Fold(fold.value, fold.how, fold.place, partials))
            step = Read(Place(partials, 0, (1,)), kind)
            final = Fold(0, fold.how, Place(fold.place.buffer, fold.place.offset, (0,)))
            rest.append(Nest((count,), (step,), (), (final,), nest.nodes))
        return [Nest(nest.sizes, nest.steps, nest.writes, tuple(parts), nest.nodes, CHUNK), *rest]


def live_items(items: Items, wanted: Sequence[int]) -> set[int]:
    """Return the items that some of the wanted ones depend on."""
    found: set[int] = set()
    for number in range(len(items.all) - 1, -1, -1):
        if number in found or number in wanted:
            found.add(number)
            found.update(items.all[number].inputs)
    return found


def fuse(items: Items, inputs: Sequence[int], outputs: Sequence[int], constants: Sequence[int],
         ) -> tuple[Program, dict[int, int]]:
    """Return the program of the items, and their buffers; outputs come in the order given, each in a buffer of its own."""
    results = [own_output(items, number, outputs[:k]) for k, number in enumerate(outputs)]
    fuser = Fuser(items, results)
    for number in inputs:
        fuser.buffer(number, "input", f"%{items.all[number].node}")
    for number in constants:
        fuser.buffer(number, "constant", f"%{items.all[number].node}")
    for number in results:
        fuser.buffer(number, "output", f"%{items.all[number].node}")
    fuser.sort(live_items(items, results))
    fuser.find_needed()
    instructions = fuser.instructions()
    places = tuple(fuser.buffer_of[n] for n in inputs), tuple(fuser.buffer_of[n] for n in results)
    return Program(tuple(fuser.buffers), tuple(instructions), *places), fuser.buffer_of


def own_output(items: Items, number: int, earlier: Sequence[int]) -> int:
    """Return an item that computes the output into memory of its own: a copy, where it only shows other numbers."""
    item = items.all[number]
    if item.form in {"point", "fold", "take", "part", "scatter", "assembled", *ALONE} and number not in earlier:
        return number
    copy = Item("point", "copy", (number,), item.kind, item.shape, item.node, ("output", len(items.all)))
    return items.add(copy)
