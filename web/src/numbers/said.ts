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

/** A reading on one line; a single number in full unless `digits` says otherwise. */
export function said(reading: Reading | null, digits?: number): string {
  if (!reading) return "–";
  if (reading.shape.length === 0) return element(reading, 0, digits);
  return inline(reading.numbers, reading.shape, digits ?? 4, 6, width(reading));
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
