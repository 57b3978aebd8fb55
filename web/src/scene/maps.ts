// Maps of colours in one bitmap: a cell for each array that is in sight, painted again when its numbers change.

import type { Reading } from "../numbers/block";
import { heat } from "./inks";

const CELL = 64; // rows and columns; larger matrices are thinned out to this
const SIDE = 16; // cells along the atlas

export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Entry {
  readonly slot: number;
  version: number;
  used: number;
  cell: Cell;
}

export class Maps {
  readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D | null;
  private readonly entries = new Map<number, Entry>();
  private clock = 0;

  constructor() {
    this.canvas = document.createElement("canvas");
    this.canvas.width = CELL * SIDE;
    this.canvas.height = CELL * SIDE;
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  /** The cell with the map of a node's numbers as they are at this version. */
  cell(node: number, version: number, reading: Reading): Cell {
    this.clock += 1;
    const entry = this.entries.get(node) ?? this.claimed(node);
    entry.used = this.clock;
    if (entry.version !== version) {
      entry.cell = this.painted(entry.slot, reading);
      entry.version = version;
    }
    return entry.cell;
  }

  forget(): void {
    this.entries.clear();
  }

  private claimed(node: number): Entry {
    let slot = this.entries.size;
    if (slot >= SIDE * SIDE) {
      const [oldest, entry] = [...this.entries].reduce((a, b) => (a[1].used <= b[1].used ? a : b));
      this.entries.delete(oldest);
      slot = entry.slot;
    }
    const entry: Entry = { slot, version: -1, used: 0, cell: { x: 0, y: 0, width: 1, height: 1 } };
    this.entries.set(node, entry);
    return entry;
  }

  private painted(slot: number, reading: Reading): Cell {
    const { rows, columns } = matrixOf(reading.shape);
    const [down, across] = [Math.ceil(rows / CELL), Math.ceil(columns / CELL)];
    const [height, width] = [Math.ceil(rows / down), Math.ceil(columns / across)];
    const most = largest(reading.numbers);
    const image = new ImageData(width, height);
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const x = reading.numbers[row * down * columns + column * across] ?? NaN;
        const [red, green, blue] = heat(Number.isFinite(x) ? (most > 0 ? x / most : 0) : NaN);
        const at = 4 * (row * width + column);
        image.data[at] = red;
        image.data[at + 1] = green;
        image.data[at + 2] = blue;
        image.data[at + 3] = 255;
      }
    }
    const [x, y] = [(slot % SIDE) * CELL, Math.floor(slot / SIDE) * CELL];
    this.context?.putImageData(image, x, y);
    return { x, y, width, height };
  }
}

/** How an array of any rank is laid out as rows and columns. */
export function matrixOf(shape: readonly number[]): { readonly rows: number; readonly columns: number } {
  const columns = shape[shape.length - 1] ?? 1;
  return { rows: shape.slice(0, -1).reduce((product, n) => product * n, 1), columns };
}

/** The largest magnitude among the finite numbers. */
export function largest(numbers: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < numbers.length; i += 1) {
    const size = Math.abs(numbers[i] ?? 0);
    if (size > most && size !== Infinity) most = size;
  }
  return most;
}
