// A reading in words: a number in full, an array on a line or as rows.

import type { Reading } from "./block";
import { figure, inline, type Width } from "./figures";

export function width(reading: Reading): Width {
  return reading.dtype === "float32" ? "float32" : reading.dtype === "float64" ? "float64" : "other";
}

/** One number of a reading. */
export function element(reading: Reading, at: number, digits?: number): string {
  const x = reading.numbers[at] ?? NaN;
  if (reading.dtype === "bool") return x ? "true" : "false";
  return figure(x, reading.dtype === "int64" || reading.dtype === "int32" ? undefined : digits, width(reading));
}

/** A reading on one line; a single number in full unless `digits` says otherwise. With a place, the number there. */
export function said(reading: Reading | null, digits?: number, at = -1): string {
  if (!reading) return "–";
  if (at >= 0) return element(reading, at, digits);
  if (reading.shape.length === 0) return element(reading, 0, digits);
  return inline(reading.numbers, reading.shape, digits ?? 4, 6, width(reading));
}

/** `[2, 1]`: which number of an array, counted from 0 as in the text. */
export function subscript(element: readonly number[]): string {
  return element.length > 0 ? `[${element.join(", ")}]` : "";
}

/** Where one number of an array lies, counted row after row; -1 for one that is not there, and for none. */
export function placeIn(shape: readonly number[], element: readonly number[]): number {
  if (element.length !== shape.length || element.length === 0) return -1;
  return element.reduce((at, i, axis) => (at < 0 || i < 0 || i >= (shape[axis] ?? 0) ? -1 : at * (shape[axis] ?? 0) + i), 0);
}

/** The indices of the number at a place. */
export function elementAt(shape: readonly number[], at: number): readonly number[] {
  let left = at;
  const found = [...shape].reverse().map((size) => {
    const i = left % size;
    left = Math.floor(left / size);
    return i;
  });
  return found.reverse();
}

export type Health = "well" | "zero" | "nan" | "infinite";

/** What is wrong with some numbers at a glance: the page shows it by a mark, the session says why. */
export function health(reading: Reading | null): Health {
  if (!reading || reading.numbers.length === 0) return "well";
  let zero = true;
  let infinite = false;
  for (const x of reading.numbers) {
    if (Number.isNaN(x)) return "nan";
    if (x !== 0) zero = false;
    if (x === Infinity || x === -Infinity) infinite = true;
  }
  return infinite ? "infinite" : zero ? "zero" : "well";
}
