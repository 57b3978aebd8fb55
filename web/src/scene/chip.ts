// What a chip says: the name of its node and, as far as there is room, its value and its gradient.

import type { Reading } from "../numbers/block";
import { inline } from "../numbers/figures";
import { said, width } from "../numbers/said";
import type { Card } from "../wire";
import type { Size } from "./camera";
import { short, type Tone } from "./card";

export const CHIP_PX = 11; // the size of its letters in the window, however far away the sheet is
export const CHIP_ROW_PX = 13;
export const CHIP_LETTER_PX = CHIP_PX * 0.602;

export interface ChipLine {
  readonly text: string;
  readonly tone: Tone;
}

/** Whether an array is better shown as a map of colours than as the little of it that fits into words. */
export function mapped(reading: Reading | "?" | null): reading is Reading {
  return reading !== null && reading !== "?" && (reading.shape.length > 1 || (reading.shape.length === 1 && reading.numbers.length > 3));
}

/** The lines for so much room, in pixels of the window. */
export function chipLines(card: Card, value: Reading | "?" | null, gradient: Reading | "?" | null, room: Size): readonly ChipLine[] {
  const rows = Math.max(1, Math.floor((room.height - 3) / CHIP_ROW_PX));
  const letters = Math.floor((room.width - 6) / CHIP_LETTER_PX);
  const up = value && card.kind !== "constant" ? `↑ ${value === "?" ? "?" : fitting(value, letters - 2)}` : "";
  const down = gradient ? `↓ ${gradient === "?" ? "?" : fitting(gradient, letters - 2)}` : "";
  const lines: ChipLine[] = [{ text: card.name, tone: "strong" }];
  if (up === "") return lines;
  if (rows >= 3 || (rows === 2 && down === "")) {
    lines.push({ text: up, tone: "forward" });
    if (down) lines.push({ text: down, tone: "backward" });
    return lines;
  }
  if (rows === 2) {
    const both = `${card.name} ${up}`;
    return both.length <= letters ? [{ text: both, tone: "forward" }, { text: down, tone: "backward" }] : [...lines, { text: up, tone: "forward" }];
  }
  const first = `${card.name} ${up}`;
  return first.length <= letters ? [{ text: first, tone: "forward" }] : lines;
}

/** A reading in so many letters, with fewer digits if need be: a number that is cut is another number. */
function fitting(reading: Reading, letters: number): string {
  const one = reading.shape.length === 0;
  const tries = [short(reading), ...(one ? [5, 4, 3, 2] : [2]).map((digits) => (one ? said(reading, digits) : inline(reading.numbers, reading.shape, digits, 3, width(reading))))];
  return tries.find((text) => text.length <= letters) ?? (one ? "…" : (tries[0] ?? ""));
}

/** As many letters of a line as there is room for. */
export function cut(text: string, letters: number): string {
  return text.length <= letters ? text : letters < 2 ? text.slice(0, 1) : `${text.slice(0, letters - 1)}…`;
}
