// Which number of an array is written where on a card, so that a hand can ask about a single one, on the picture too.

import { matrixOf } from "./maps";

/** A number on a line: its place in the array, and the letters that it stands on, the second one excluded. */
export interface Cell {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export const LETTER = 7.3; // px of a letter of the size that cards are written in
export const PAD = 10;
export const ROW = 17;
export const MAP = 52; // px that a map of colours has at most
const SIDE = 12; // px of a number on it at most

/** The numbers on a line of words that shows this row (-1: none) and these columns of an array, between brackets. */
export function cellsOf(text: string, row: number, columns: readonly number[], wide: number): readonly Cell[] {
  if (row < 0) return [];
  const words = [...text.matchAll(/[^\s\[\]⎡⎤⎢⎥⎣⎦]+/g)];
  const shown = words.slice(0, columns.length);
  if (shown.length < columns.length) return [];
  return columns.flatMap((column, k) => {
    const word = shown[k];
    return column < 0 || !word ? [] : [{ at: row * wide + column, from: word.index, to: word.index + word[0].length }];
  });
}

/** The number on a map of colours at a place in it, or -1. */
export function onMap(shape: readonly number[], x: number, y: number): number {
  const { rows, columns } = matrixOf(shape);
  const side = Math.min(MAP / Math.max(columns, 1), MAP / Math.max(rows, 1), SIDE);
  const [column, row] = [Math.floor(x / side), Math.floor((rows === 1 ? y / Math.max(side, 6) : y / side))];
  return x < 0 || y < 0 || row >= rows || column >= columns ? -1 : row * columns + column;
}
