// The numbers of the picture: every node's value at its place in one block of memory.
//
// The block comes from the session. Where the graph came as WebAssembly too, the module's memory is the block: the page
// writes an input, calls `run()`, and reads every value and gradient of the same graph that Python ran. Nothing is computed
// here; what the screen shows is what ran.

import type { Address, Code, Graph, Slot } from "../wire";

export type Numbers = Float64Array | Float32Array | Uint8Array | Int32Array;

export interface Reading {
  readonly numbers: Numbers;
  readonly shape: readonly number[];
  readonly dtype: string;
}

interface Module {
  readonly memory: WebAssembly.Memory;
  readonly starts: ReadonlyMap<number, number>;
  readonly inputs: ReadonlySet<number>;
  readonly run: () => void;
}

const BYTES: Readonly<Record<string, number>> = { float64: 8, float32: 4, int64: 8, int32: 4, uint8: 1, bool: 1 };

export class Block {
  private slots: readonly Slot[] = [];
  private bytes: ArrayBuffer | null = null;
  private module: Module | null = null;
  private revision = 0;
  private memory: readonly number[] = []; // inputs that an optimiser remembers things in: they are the page's own

  /** Whether sliders are answered here, without the session. */
  get live(): boolean {
    return this.module !== null;
  }

  /** A new picture: what was known of the old one is forgotten. */
  open(graph: Graph): void {
    if (graph.revision !== this.revision) {
      this.module = null;
      this.bytes = null;
    }
    this.revision = graph.revision;
    this.slots = graph.slots;
    this.memory = graph.state;
  }

  /** The values of a run. With `current`, they are of the inputs as they stand, and a module goes on from them. */
  fill(bytes: Uint8Array, current: boolean): void {
    this.bytes = bytes.slice().buffer;
    if (this.module && current) {
      for (const node of this.module.inputs) if (!this.memory.includes(node)) this.copy(node);
      this.module.run();
    }
  }

  /** What the optimiser remembers, to be put back when its step is undone. */
  remembered(): ReadonlyMap<number, readonly number[]> {
    return new Map(this.memory.map((node) => [node, [...(this.read(node)?.numbers ?? [])]]));
  }

  /** Start the module of this picture; false where the browser will not, or where the picture has changed meanwhile. */
  async start(code: Code, bytes: Uint8Array): Promise<boolean> {
    const memory = new WebAssembly.Memory({ initial: code.pages });
    const stack = new WebAssembly.Global({ value: "i32", mutable: true }, code.stack);
    let instance: WebAssembly.Instance;
    try {
      const compiled = await WebAssembly.compile(bytes.slice(0, code.code_bytes));
      instance = await WebAssembly.instantiate(compiled, { env: { __linear_memory: memory, __stack_pointer: stack } });
    } catch {
      return false;
    }
    const run = instance.exports["run"];
    if (code.revision !== this.revision || typeof run !== "function") return false;
    let at = code.code_bytes;
    for (const { start, size } of code.fillings) {
      new Uint8Array(memory.buffer, start, size).set(bytes.subarray(at, at + size));
      at += size;
    }
    const pair = ({ node, start }: Address): [number, number] => [node, start];
    this.module = {
      memory,
      starts: new Map([...code.outputs.map(pair), ...code.inputs.map(pair)]),
      inputs: new Set(code.inputs.map(({ node }) => node)),
      run: run as () => void,
    };
    for (const node of this.module.inputs) this.copy(node);
    this.module.run();
    return true;
  }

  /** Set an input and run; false where there is no module that could. */
  set(values: ReadonlyMap<number, readonly number[]>): boolean {
    if (!this.module || this.bytes === null) return false;
    for (const [node, numbers] of values) {
      const target = this.module.inputs.has(node) ? this.read(node) : null;
      if (!target || target.numbers.length !== numbers.length) return false;
    }
    for (const [node, numbers] of values) this.read(node)?.numbers.set(numbers);
    this.module.run();
    return true;
  }

  /** Run the module with one input changed, hand every answer to `look`, and put things back as they were. */
  trying(node: number, at: number, candidates: readonly number[], look: (candidate: number) => void): boolean {
    const target = this.module?.inputs.has(node) ? this.read(node) : null;
    if (!this.module || !target) return false;
    const before = target.numbers[at] ?? NaN;
    for (const candidate of candidates) {
      target.numbers[at] = candidate;
      this.module.run();
      look(candidate);
    }
    target.numbers[at] = before;
    this.module.run();
    return true;
  }

  /** The value of a node as it now is, or null where nobody knows it. */
  read(node: number): Reading | null {
    const slot = this.slots[node];
    if (!slot || this.bytes === null) return null;
    const start = this.module?.starts.get(node);
    if (this.module && start !== undefined) return laid(this.module.memory.buffer, start, slot);
    return slot.start < 0 ? null : laid(this.bytes, slot.start, slot);
  }

  private copy(node: number): void {
    const slot = this.slots[node];
    const start = this.module?.starts.get(node);
    if (!slot || !this.module || start === undefined || this.bytes === null || slot.start < 0) return;
    const size = (BYTES[slot.dtype] ?? 8) * count(slot.shape);
    new Uint8Array(this.module.memory.buffer, start, size).set(new Uint8Array(this.bytes, slot.start, size));
  }
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** A window on a value, or null for a kind of number that a page cannot show. */
function laid(buffer: ArrayBuffer, start: number, slot: Slot): Reading | null {
  const n = count(slot.shape);
  const { dtype, shape } = slot;
  switch (dtype) {
    case "float64":
      return { numbers: new Float64Array(buffer, start, n), shape, dtype };
    case "float32":
      return { numbers: new Float32Array(buffer, start, n), shape, dtype };
    case "int32":
      return { numbers: new Int32Array(buffer, start, n), shape, dtype };
    case "uint8":
    case "bool":
      return { numbers: new Uint8Array(buffer, start, n), shape, dtype };
    case "int64":
      return { numbers: Float64Array.from(new BigInt64Array(buffer, start, n), Number), shape, dtype };
    default:
      return null;
  }
}
