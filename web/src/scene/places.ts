// What lies where: boxes and routes of a picture in cells of a grid, so that a window onto 20,000 of them is found at once.

import type { Area } from "./camera";

export interface Box extends Area {
  readonly index: number;
}

const CELL_PX = 640;

export class Places {
  private readonly cells = new Map<number, number[]>();
  private readonly areas: readonly Area[];
  private readonly stamps: Uint32Array;
  private stamp = 0;

  constructor(areas: readonly Area[]) {
    this.areas = areas;
    this.stamps = new Uint32Array(areas.length);
    areas.forEach((area, index) => {
      for (const key of keys(area)) {
        const cell = this.cells.get(key);
        if (cell) cell.push(index);
        else this.cells.set(key, [index]);
      }
    });
  }

  /** Indices of the areas that meet this one, in their order. */
  within(area: Area): number[] {
    this.stamp += 1;
    const found: number[] = [];
    for (const key of keys(area, this.cells)) {
      for (const index of this.cells.get(key) ?? []) {
        if (this.stamps[index] === this.stamp) continue;
        this.stamps[index] = this.stamp;
        const other = this.areas[index];
        if (other && meets(area, other)) found.push(index);
      }
    }
    return found.sort((a, b) => a - b);
  }

  /** The last one that holds a point, or -1. */
  at(x: number, y: number): number {
    const found = this.within({ left: x, right: x, top: y, bottom: y });
    return found[found.length - 1] ?? -1;
  }
}

function meets(a: Area, b: Area): boolean {
  return a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
}

/** The cells that an area touches; where it is larger than all of them together, those that there are. */
function* keys(area: Area, there?: ReadonlyMap<number, unknown>): Generator<number> {
  const [left, right] = [Math.floor(area.left / CELL_PX), Math.floor(area.right / CELL_PX)];
  const [top, bottom] = [Math.floor(area.top / CELL_PX), Math.floor(area.bottom / CELL_PX)];
  if (there && (right - left + 1) * (bottom - top + 1) > there.size) {
    yield* there.keys();
    return;
  }
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) yield row * 0x100000 + column;
  }
}
