"""A program as text: what became one loop, what goes through memory, where it lies."""

from __future__ import annotations

from backlight.core.graph import Graph
from backlight.run.lower.fallback import reason
from backlight.run.lower.program import (
    Apply,
    Buffer,
    Call,
    Choose,
    Contract,
    Fold,
    Inner,
    Instruction,
    Literal,
    Multiply,
    Nest,
    Place,
    Position,
    Program,
    Read,
    Repeat,
    Scan,
    Sort,
    Step,
)


def listing(program: Program, graph: Graph) -> str:
    """Return the instructions, one after the other, then the memory."""
    return "\n".join(program_lines(program, graph))


def program_lines(program: Program, graph: Graph) -> list[str]:
    """Return the lines of a program."""
    lines: list[str] = []
    buffers = {b.number: b for b in program.buffers}
    for number, instruction in enumerate(program.instructions):
        lines += [f"{number:3} {heading(instruction)}    {origin(instruction, graph)}"]
        lines += ["      " + line for line in body(instruction, buffers, graph)]
    alone = sum(b.bytes for b in program.buffers if b.role == "arena")
    lines.append(f"arena {program.arena} bytes, for {alone} bytes of buffers")
    for buffer in program.buffers:
        where = f"at {program.offsets[buffer.number]}" if buffer.number in program.offsets else buffer.role
        lines.append(f"      b{buffer.number} {buffer.kind} × {buffer.size}  {where}  {buffer.label}")
    return lines


def heading(instruction: Instruction) -> str:
    """Return what kind of instruction it is, and over what."""
    match instruction:
        case Nest(sizes=sizes, chunk=chunk):
            parts = f" in chunks of {chunk}" if chunk else ""
            return "loop " + " × ".join(map(str, sizes)) + parts if sizes else "once"
        case Multiply(m=m, n=n, k=k, batch=batch, after=after):
            times = "".join(f"{size} × " for size in batch)
            fused = "" if after is None else ", fused into it: " + ", ".join(done(after))
            return f"product {times}({m} × {k}) ({k} × {n}){fused}"
        case Contract(m=m, n=n, k=k, batch=batch):
            times = "".join(f"{size} × " for size in batch)
            return f"product {times}({sizes_text(m)} × {sizes_text(k)}) ({sizes_text(k)} × {sizes_text(n)})"
        case Scan(how=how, sizes=sizes):
            return f"running {how} " + " × ".join(map(str, sizes))
        case Sort(sizes=sizes):
            return "order of " + " × ".join(map(str, sizes))
        case Repeat(count=count, backwards=backwards):
            if count < 0:
                return "loop as long as its test holds"
            return f"loop of {count} steps" + ", the last slice first" * backwards
        case Choose(question=question):
            return "block" if question is None else "choice"
        case Call(op=op):
            why = reason(op.name, [*instruction.types, *instruction.results])
            return f"reference {op.name}" + (f" ({why})" if why else "")


def done(nest: Nest) -> list[str]:
    """Return the names of what a nest does, each once."""
    return list(dict.fromkeys([*(s.op for s in nest.steps if isinstance(s, Apply)), *(f.how for f in nest.folds)])) or ["copy"]


def sizes_text(sizes: tuple[int, ...]) -> str:
    """Return the sizes of several axes that are walked through as one."""
    return "·".join(map(str, sizes)) or "1"


def origin(instruction: Instruction, graph: Graph) -> str:
    """Return the nodes that an instruction computes."""
    def called(number: int) -> str:
        node = graph.nodes[number]
        return f"%{number} {node.name or node.op.name}"

    return "; ".join(called(n) for n in instruction.nodes)


def body(instruction: Instruction, buffers: dict[int, Buffer], graph: Graph) -> list[str]:
    """Return the steps of an instruction."""
    match instruction:
        case Nest(steps=steps, writes=writes, folds=folds):
            others = {k: f", together with v{pair.first + pair.second - k}" for k, pair in instruction.together().items()}
            lines = [f"v{k} = {step_text(s)}{others.get(k, '')}" for k, s in enumerate(steps)]
            lines += [f"{place_text(w.place)} = v{w.value}" for w in writes]
            return lines + [f"{place_text(f.place)} {SIGNS[f.how]} v{f.value}{beyond(f)}" for f in folds]
        case Multiply(a=a, b=b, c=c, add=add, after=after, strewn=strewn, sparse=sparse):
            rows = " (rows read where they lie)" if strewn else ""
            names = " or ".join(f"b{(a if name == 'a' else b).buffer}" for name in sparse)
            zeros = f"  (zeros of {names} left out, if they are many)" if sparse else ""
            lines = [f"{place_text(c)} {'+=' if add else '='} {place_text(a)}{rows} @ {place_text(b)}{zeros}"]
            return lines + (body(after, buffers, graph) if after is not None else [])
        case Contract(a=a, b=b, c=c):
            return [f"{place_text(c)} = {place_text(a)} @ {place_text(b)}"]
        case Scan(x=x, a=factors, z=z, exclusive=exclusive):
            by = f", {place_text(factors)}" if factors is not None else ""
            return [f"{place_text(z)} = scan({place_text(x)}{by}){' without itself' if exclusive else ''}"]
        case Sort(x=x, z=z, room=room, descending=descending):
            return [f"{place_text(z)} = order({place_text(x)}){' descending' if descending else ''}, by way of b{room}"]
        case Repeat():
            return repeat_lines(instruction, graph)
        case Choose(question=question, branches=branches):
            heads = [""] if question is None else [f"if b{question}", "else"]
            return [line for head, branch in zip(heads, branches, strict=True) for line in inner_lines(head, branch, graph)]
        case Call(inputs=inputs, outputs=outputs):
            return [", ".join(f"b{b}" for b in outputs) + " = f(" + ", ".join(f"b{b}" for b in inputs) + ")"]


def repeat_lines(x: Repeat, graph: Graph) -> list[str]:
    """Return what goes from step to step of a loop, and what is done in each."""
    lines = []
    for carry in x.carried:
        way = "written over" if carry.spare is None else f"and b{carry.spare}, by turns"
        lines.append(f"carried from b{carry.begin} to b{carry.end}: {named(carry.input)} becomes {named(carry.output)}, {way}")
    lines += [f"{named(buffer)} = b{outside}[step]" for outside, buffer, _ in x.slices]
    lines += [f"b{outside}[step] = {named(buffer)}" for buffer, outside, _ in x.kept]
    if x.test is not None:
        lines += inner_lines(f"as long as {named(x.test.program.outputs[0])}", x.test, graph)
    if x.steps is not None:
        lines.append(f"b{x.steps} = steps")
    return lines + inner_lines("each step", x.step, graph)


def named(buffer: int) -> str:
    """Return a buffer of a program inside: its numbers are its own."""
    return f"inner b{buffer}"


def inner_lines(head: str, x: Inner, graph: Graph) -> list[str]:
    """Return a program inside, under a heading: what it is given, its instructions, its memory."""
    lines = [f"{named(buffer)} = b{outside}" for outside, buffer in x.given]
    lines += [f"b{outside} = {named(buffer)}" for buffer, outside in x.results]
    lines += program_lines(x.program, graph if x.graph is None else x.graph)
    return [f"{head}:"] * bool(head) + ["  " + line for line in lines]


SIGNS = {"sum": "+=", "product": "*=", "largest": "max=", "smallest": "min="}


def beyond(fold: Fold) -> str:
    """Return where the chunks of a fold go."""
    return "" if fold.partials is None else f", chunk by chunk through b{fold.partials}"


def step_text(step: Step) -> str:
    """Return one step."""
    match step:
        case Literal(value=value):
            return repr(value)
        case Position(offset=offset, strides=strides):
            return f"position {offset} + {strides}"
        case Read(place=place, index=index):
            moved = "".join(f" + {stride}·v{value}" for value, stride in index)
            return place_text(place, moved)
        case Apply(op=op, operands=operands):
            return f"{op}(" + ", ".join(f"v{v}" for v in operands) + ")"


def place_text(place: Place, moved: str = "") -> str:
    """Return a place: buffer, offset, strides."""
    offset = f"{place.offset} + " if place.offset else ""
    inside = ", ".join(map(str, place.strides))
    return f"b{place.buffer}[{offset}({inside}){moved}]"
