// Maps of colours on bitmaps: a cell for each array that is in sight, painted again when its numbers change.
//
// A browser copies a whole bitmap when it is drawn from after a change, so all cells of a frame are brought up to date
// (`refresh`) before the first is drawn, and the bitmaps are small: a picture with few arrays pays for few.

import type { Reading } from "../numbers/block";
import { heat } from "./inks";

const CELL = 32; // rows and columns; larger matrices are thinned out to this
const SIDE = 16; // cells along a sheet
const SHEETS = 12;

export interface Cell {
  readonly sheet: HTMLCanvasElement;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Entry {
  readonly slot: number;
  version: number;
  used: number;
  cell: Cell | null;
}

export class Maps {
  private readonly sheets: { readonly canvas: HTMLCanvasElement; readonly context: CanvasRenderingContext2D }[] = [];
  private readonly entries = new Map<number, Entry>();
  private clock = 0;

  /** The cell with the map of a node's numbers, as it was last brought up to date; null where it was not. */
  cell(node: number): Cell | null {
    return this.entries.get(node)?.cell ?? null;
  }

  /** Bring the maps of these nodes up to date. */
  refresh(nodes: Iterable<number>, version: number, read: (node: number) => Reading | null): void {
    this.clock += 1;
    for (const node of nodes) {
      const entry = this.entries.get(node) ?? this.claimed(node);
      if (!entry) return; // more arrays in sight than there is room for: the rest goes without
      entry.used = this.clock;
      const reading = entry.version === version ? null : read(node);
      if (!reading) continue;
      entry.cell = this.painted(entry.slot, reading);
      entry.version = version;
    }
  }

  forget(): void {
    this.entries.clear();
  }

  private claimed(node: number): Entry | null {
    let slot = this.entries.size;
    if (slot >= SIDE * SIDE * SHEETS) {
      const stale = [...this.entries].find(([, entry]) => entry.used < this.clock);
      if (!stale) return null;
      this.entries.delete(stale[0]);
      slot = stale[1].slot;
    }
    const entry: Entry = { slot, version: -1, used: 0, cell: null };
    this.entries.set(node, entry);
    return entry;
  }

  private painted(slot: number, reading: Reading): Cell | null {
    const place = Math.floor(slot / (SIDE * SIDE));
    while (this.sheets.length <= place) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = CELL * SIDE;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (!context) return null;
      this.sheets.push({ canvas, context });
    }
    const sheet = this.sheets[place];
    if (!sheet) return null;
    const image = imageOf(reading);
    const [x, y] = [(slot % SIDE) * CELL, Math.floor((slot % (SIDE * SIDE)) / SIDE) * CELL];
    sheet.context.putImageData(image, x, y);
    return { sheet: sheet.canvas, x, y, width: image.width, height: image.height };
  }
}

function imageOf(reading: Reading): ImageData {
  const { rows, columns } = matrixOf(reading.shape);
  const [down, across] = [Math.ceil(rows / CELL), Math.ceil(columns / CELL)];
  const [height, width] = [Math.ceil(rows / down), Math.ceil(columns / across)];
  const most = largest(reading.numbers);
  const image = new ImageData(width, height);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const x = reading.numbers[row * down * columns + column * across] ?? NaN;
      const [red, green, blue] = heat(Number.isFinite(x) ? (most > 0 ? x / most : 0) : NaN);
      image.data.set([red, green, blue, 255], 4 * (row * width + column));
    }
  }
  return image;
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
