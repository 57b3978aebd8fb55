"""What this processor can do at all, beside what we do: is a goal that was missed within reach of the machine that missed it?

    python benchmarks/limits.py                                  W4, W5, W6 and W8 on one thread and on two
    python benchmarks/limits.py W5 --threads 1 --peers jax       the goal from peers that are measured in the same run
    python benchmarks/limits.py W5 --threads 1 --peer 5.41       the goal from a peer's time, in the unit of the workload

Measured first, with loops that our own emitter writes: how many products this processor makes a second, and how many bytes it
copies, read and written, where they fit a cache and where they do not. Then each workload's own instructions are counted:

- *operations*: of products of matrices the multiplications, each with its addition, at the rate of products; the last vector
  of a row is a whole one. Of all else the instructions on vectors as they are written: multiplications, divisions, sums,
  numbers scaled or looked up, whole numbers, at the rate of a loop that is measured with as many of each, none of which waits
  for another (`together`). Comparisons, moves, loads and stores are not counted: a processor may run them
  beside, though on Zen 4 a store takes up to the time of one and a half products. Products with what a relu or a mask left count half,
  as where every second number is a zero: what a row has of them is said.
- *traffic*: the bytes that each instruction must read and write at least, at the rate of copying as many bytes as the
  workload has in all; and the minibatches, at the rate of the largest memory.

The larger of the two no program of these instructions can beat; the sum is what it takes one after the other. Where the goal
lies below the larger one it is out of reach on this processor with these instructions, whatever is done; where it lies between
the two, all traffic would have to hide behind the operations.
"""

from __future__ import annotations

import argparse
import ctypes
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from math import prod
from typing import Any

from backlight.bench import ours
from backlight.bench.contest import WORKLOADS
from backlight.bench.race import best_peer, race
from backlight.run.emit import scalar, widest
from backlight.run.emit.code import Code, Module
from backlight.run.emit.elementwise import ENTRIES
from backlight.run.emit.format import FORMATS
from backlight.run.emit.value import FLOATS, SIZES, Value
from backlight.run.lower.memory import used
from backlight.run.lower.program import Apply, Contract, Instruction, Multiply, Nest, Program
from backlight.run.native import host
from backlight.run.native.looped import Looped
from backlight.run.native.memory import memory
from backlight.run.native.plan import Plan

GOALS = {"W1": 0.15, "W2": 0.12, "W3": 0.45, "W4": 0.25, "W5": 0.75, "W6": 0.15, "W7": 0.5, "W8": 0.9}
EPOCH = {"W4": 5000}  # steps in what one call counts as
SUMS = 24  # carried by the loop of products: more than a product's latency times the products begun meanwhile


# -- what the processor can do ------------------------------------------------------------------------------------------
def compiled(write: Callable[..., None], parameters: list[tuple[str, str, int]], signature: Any) -> tuple[Any, Any]:
    """Return a function that is written here, and what holds its code."""
    module = Module(host.target())
    module.define("run", "void", parameters, "#0", write, linkage="")
    loaded = host.Loaded(host.assemble(module.text(host.attributes())), ["run"])
    return signature(loaded.addresses["run"]), loaded


def at_once(call: Callable[[int], None], threads: int) -> float:
    """Return the seconds that so many threads need for a call each, from the first's start to the last's end."""
    gate, times = threading.Barrier(threads), []

    def work(number: int) -> None:
        gate.wait()
        start = time.perf_counter()
        call(number)
        times.append((start, time.perf_counter()))

    workers = [threading.Thread(target=work, args=(k,)) for k in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return max(end for _, end in times) - min(start for start, _ in times)


def vector_products(threads: int, rounds: int) -> float:
    """Return how many vectors of floats are multiplied and added a second, all threads together."""
    steps = 400_000

    def write(c: Code, out: Value) -> None:
        lanes = c.target.lanes("float")
        starts = [c.constant(1.0 + k, "float", lanes) for k in range(SUMS)]
        factor, more = c.constant(0.999, "float", lanes), c.constant(0.001, "float", lanes)
        sums = c.loop(steps, lambda i, *s: [c.muladd(x, factor, more) for x in s], starts)
        total = sums[0]
        for x in sums[1:]:
            total = total + x
        c.store(total, out, 0)

    call, held = compiled(write, [("out", "ptr", 1)], ctypes.CFUNCTYPE(None, ctypes.c_void_p))
    rooms = [memory(64) for _ in range(threads)]
    best = min(at_once(lambda k: call(rooms[k].address), threads) for _ in range(rounds))
    assert held.addresses
    return threads * steps * SUMS / best


def bytes_copied(size: int, threads: int, rounds: int) -> float:
    """Return how many bytes a second are read and written by copies of so many bytes in all, half read and half written."""
    half = max(size // 2 // threads, 4096) // 256 * 256
    again = max(1, (1 << 26) // (half * threads))

    def write(c: Code, source: Value, to: Value) -> None:
        lanes = c.target.lanes("float")

        def once(_: Value) -> None:
            def move(i: Value) -> None:
                for k in range(0, 4 * lanes, lanes):
                    c.store(c.load(source, i + k, "float", lanes), to, i + k)

            c.loop(half // 4 // (4 * lanes) * (4 * lanes), move, step=4 * lanes)

        c.loop(again, once)

    call, held = compiled(write, [("from", "ptr", 1), ("to", "ptr", 1)], ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p))
    rooms = [(memory(half), memory(half)) for _ in range(threads)]
    for a, b in rooms:
        a.block[:], b.block[:] = 1, 1
    best = min(at_once(lambda k: call(*(x.address for x in rooms[k])), threads) for _ in range(rounds))
    assert held.addresses
    return 2 * half * again * threads / best


# Instructions on vectors, as they are written, and one of each kind on a vector of floats, its factor and what it may add.
KINDS = {
    "product": r"fmul <|call <.*@llvm\.fma\.", "division": r"fdiv <|call <.*@llvm\.sqrt\.", "sum": "fadd <|fsub <",
    "scaled": r"call <.*\.scalef\.", "shortened": r"call <.*\.range\.", "looked up": r"call <.*\.(?:permvar|vpermi2var)\.",
    "whole": "and <|or <|xor <|add <|sub <|shl <|lshr <|ashr <",
}
ONE: dict[str, Callable[[Code, Value, Value, Value], Value]] = {
    "product": lambda c, x, factor, more: c.muladd(x, factor, more),
    "division": lambda c, x, factor, more: x / factor,
    "sum": lambda c, x, factor, more: x + more,
    "scaled": lambda c, x, factor, more: widest.instruction(c, "scalef", FORMATS["float"], x, more),
    "shortened": lambda c, x, factor, more: widest.instruction(c, "range", FORMATS["float"], x, factor, 2),
    "looked up": lambda c, x, factor, more: widest.lookup(c, [1 + k / 16 for k in range(16)], x.bits()),
    "whole": lambda c, x, factor, more: (x.bits() ^ factor.bits()).as_float(),
}


def together(counts: Counter[str], threads: int, rounds: int) -> float:
    """Return the seconds that so many vectors of each kind of instruction take, where none waits for another."""
    whole = counts.total()
    if not whole:
        return 0.0
    most = max(counts.values())
    shares = {kind: round(60 * n / most) for kind, n in counts.items()}
    order = [kind for _, kind in sorted(((k + 0.5) / n, kind) for kind, n in shares.items() for k in range(n))]
    steps = 100_000

    def write(c: Code, out: Value) -> None:
        lanes = c.target.lanes("float")
        factor, more = c.load(out, 0, "float", lanes), c.load(out, lanes, "float", lanes)

        def step(_: Value, *values: Value) -> list[Value]:
            found = list(values)
            for number, kind in enumerate(order):
                place = number % SUMS
                found[place] = ONE[kind](c, found[place], factor, more)
            return found

        ends = c.loop(steps, step, [c.constant(1.0 + k / 100, "float", lanes) for k in range(SUMS)])
        for k, x in enumerate(ends):
            c.store(x, out, (k + 2) * lanes)

    call, held = compiled(write, [("out", "ptr", 1)], ctypes.CFUNCTYPE(None, ctypes.c_void_p))
    lanes, rooms = host.target().lanes("float"), [memory(4 * (SUMS + 2) * host.target().lanes("float")) for _ in range(threads)]
    for room in rooms:
        start = room.address - room.block.ctypes.data
        room.block[start:][: 8 * lanes].view("f4")[:] = [0.999] * lanes + [0.001] * lanes
    # now and then the system leaves two threads on one core for as long as some rounds take
    best = min(at_once(lambda k: call(rooms[k].address), threads) for _ in range(4 * rounds))
    assert held.addresses
    return best / (steps * len(order) * threads) * whole


# -- what a workload asks for ---------------------------------------------------------------------------------------------
@contextmanager
def caught() -> Iterator[list[Program]]:
    """Give the programs that are made meanwhile."""
    found: list[Program] = []
    looped, plan = Looped.__init__, Plan.__init__

    def of_steps(self: Looped, *args: Any, **named: Any) -> None:
        looped(self, *args, **named)
        found.append(self.program)

    def of_plan(self: Plan, *args: Any, **named: Any) -> None:
        plan(self, *args, **named)
        found.append(self.lowered.program)

    Looped.__init__, Plan.__init__ = of_steps, of_plan  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Looped.__init__, Plan.__init__ = looped, plan  # type: ignore[method-assign]


def program_of(key: str) -> Program:
    """Return the instructions of a workload: of one step, where it makes many."""
    table = import_module("backlight.bench.deep.ours").ENTRIES if key in {"W7", "W8"} else ours.ENTRIES
    with caught() as found:
        entry = table[key]()
        if not found:
            entry.call()  # what is compiled for the arrays of its first call
    return found[-1]


@cache
def written(functions: tuple[str, ...], kinds: tuple[str, ...]) -> Counter[str]:
    """Return how many vectors of each kind of instruction are written for an operation on operands of these kinds, or for
    two functions of one operand; what is written for numbers that are seldom met is left out."""
    module = Module(host.target())
    lanes = min(module.target.lanes(kind) for kind in kinds if kind in FLOATS)

    def write(c: Code, *operands: Value) -> None:
        if len(functions) == 2:
            scalar.apply_together(c, (functions[0], functions[1]), operands[0])
        else:
            ENTRIES[functions[0]](c, *operands)

    module.define("here", "void", [(f"x{k}", kind, lanes) for k, kind in enumerate(kinds)], "#0", write)
    often = [text for name, text in module.functions.items() if "cold" not in text.splitlines()[0] and "reduce_large" not in name]
    return Counter({kind: sum(len(re.findall(f"= (?:{pattern})", text)) for text in often) for kind, pattern in KINDS.items()})


@dataclass(slots=True)
class Asked:
    """Vectors multiplied in products of matrices, or left out, other instructions on vectors by their kind, bytes moved."""

    products: float = 0.0
    left_out: float = 0.0
    others: Counter[str] = field(default_factory=Counter)
    traffic: float = 0.0


def asked_of(program: Program) -> Asked:
    """Return what the instructions of a program ask for, calls of the reference machine left out."""
    sizes = {b.number: 0 if b.role == "tile" else b.bytes for b in program.buffers}
    total, lanes = Asked(), host.target().lanes
    for instruction in program.instructions:
        if isinstance(instruction, Multiply):
            vectors = -(-instruction.n // lanes(instruction.kind))
            products = prod(instruction.batch) * instruction.m * vectors * instruction.k
            masked = "b" in instruction.sparse or (instruction.sparse and instruction.a.buffer not in program.inputs)
            total.left_out += products / 2 if masked else 0
            total.products += products / 2 if masked else products
            if instruction.after is not None:
                total.others += work_of(instruction.after)
        elif isinstance(instruction, Contract):
            box = (*instruction.batch, *instruction.m, *instruction.n, *instruction.k)
            total.products += prod(box) / lanes(instruction.kind)
        elif isinstance(instruction, Nest):
            total.others += work_of(instruction)
        total.traffic += sum(sizes[b] for b in dict.fromkeys(used(instruction)))
        total.traffic += sum(sizes[b] for b in changed(instruction))
    return total


def changed(instruction: Instruction) -> list[int]:
    """Return the buffers that an instruction both reads and writes: they come and go."""
    nest = instruction.after if isinstance(instruction, Multiply) else instruction
    if not isinstance(nest, Nest):
        return [instruction.c.buffer] if isinstance(instruction, Multiply) and instruction.add else []
    read = {step.place.buffer for step in nest.steps if hasattr(step, "place")}
    return [w.place.buffer for w in nest.writes if w.place.buffer in read]


def work_of(nest: Nest) -> Counter[str]:
    """Return how many instructions on vectors of each kind a nest takes."""
    levels, pairs, total = nest.levels(), nest.together(), Counter[str]()
    for number, step in enumerate(nest.steps):
        if not isinstance(step, Apply) or step.kind not in {"float", "double"} or levels[number] < 0:
            continue
        pair = pairs.get(number)
        if pair is not None and number != pair.first:
            continue
        box = prod(nest.sizes[: levels[number] + 1])
        inner = levels[number] == len(nest.sizes) - 1
        vectors = box / (host.target().lanes(step.kind) if inner else 1)
        kinds = tuple(nest.steps[operand].kind for operand in step.operands)
        if any(kind in FLOATS for kind in kinds):
            for kind, count in written(pair.functions if pair is not None else (step.op,), kinds).items():
                total[kind] += count * vectors
    return total


# -- the table --------------------------------------------------------------------------------------------------------------
def line(key: str, threads: int, peers: list[str], peer: float | None, rounds: int) -> str:
    """Return what was found out about a workload, as lines."""
    workload, program = WORKLOADS[key], program_of(key)
    asked, steps = asked_of(program), EPOCH.get(key, 1)
    whole = sum(b.bytes for b in program.buffers if b.role in {"input", "output", "constant"}) + program.arena
    rate, copied = vector_products(threads, rounds), bytes_copied(whole, threads, rounds)
    operations = (asked.products / rate + together(asked.others, threads, rounds)) * steps
    traffic = asked.traffic / copied * steps
    if key == "W4":  # the rows of each minibatch come from an array that no cache holds
        traffic += steps * 10 * (784 + 10) * SIZES["float"] / bytes_copied(1 << 28, threads, rounds)
    runners = race(workload, ["backlight", *peers], rounds, 0.3, threads)
    medians = {r.name: statistics.median(r.times_s) for r in runners}
    mine = medians["backlight"]
    best = best_peer(workload, medians) if len(medians) > 1 else None if peer is None else peer / workload.scale

    def told(seconds: float) -> str:
        return f"{seconds * workload.scale:.3g} {workload.suffix}"

    larger, total = max(operations, traffic), operations + traffic
    lines = [
        f"{key}  {workload.title}; {workload.unit}; {threads} thread{'s' * (threads > 1)}",
        f"    operations {told(operations)} ({asked.products * steps:.3g} vectors in products of matrices, {asked.left_out * steps:.3g} more left out; {asked.others.total() * steps:.3g} instructions in all else)",
        f"    traffic    {told(traffic)} ({asked.traffic * steps / 1e6:.3g} MB at {copied / 1e9:.3g} GB/s: {whole / 1e6:.3g} MB in all)",
        f"    ours       {told(mine)}: {mine / larger:.2f} times the larger of the two, {mine / total:.2f} times their sum",
    ]
    if best is not None and key in GOALS:
        goal = best * GOALS[key]
        reach = "out of reach here" if goal < larger else "only if the traffic hides" if goal < total else "within reach"
        lines.append(f"    goal       {told(goal)}, {GOALS[key]} of {told(best)}: {goal / larger:.2f} times the larger of the two, {reach}")
    return "\n".join(lines)


def main() -> None:
    """Measure, count, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workloads", nargs="*", default=["W4", "W5", "W6", "W8"])
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--peers", default="")
    parser.add_argument("--peer", type=float)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    peers = [name for name in asked.peers.split(",") if name]
    lanes = host.target().lanes("float")
    print(host.llvm().get_host_cpu_name(), f"{8 * host.target().width}-bit vectors", time.strftime("%Y-%m-%d"))
    for threads in map(int, asked.threads.split(",")):
        rate = vector_products(threads, asked.rounds)
        print(f"{threads} thread{'s' * (threads > 1)}: {rate / 1e9:.2f} thousand million products of vectors a second, "
              f"{2 * lanes * rate / 1e9:.0f} GFLOP/s in float32; copied, read and written:")
        for size in (1 << 14, 1 << 19, 1 << 23, 1 << 28):
            print(f"    {size / 2**20:8.3g} MiB {bytes_copied(size, threads, asked.rounds) / 1e9:8.1f} GB/s")
        for key in asked.workloads:
            print(line(key, threads, peers, asked.peer, asked.rounds), flush=True)


if __name__ == "__main__":
    main()
