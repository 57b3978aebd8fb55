// The inks of the picture, for light and dark. Forward is blue, backward vermillion; every meaning has a mark as well.

export interface Inks {
  readonly paper: string;
  readonly ink: string;
  readonly quiet: string;
  readonly card: string;
  readonly frame: string;
  readonly forward: string;
  readonly backward: string;
  readonly edge: string;
  readonly parameter: string;
  readonly output: string;
  readonly way: string;
}

export const LIGHT: Inks = {
  paper: "#ffffff", ink: "#1b1b1b", quiet: "#5f5f5f", card: "#fafafa", frame: "#8a8a8a", forward: "#0072b2",
  backward: "#b84a00", edge: "#d55e00", parameter: "#fff3b0", output: "#c00000", way: "#fbe3cf",
};

export const DARK: Inks = {
  paper: "#16181c", ink: "#ececec", quiet: "#a8adb5", card: "#20242a", frame: "#7d858f", forward: "#5ab4e5",
  backward: "#ff9a55", edge: "#e8702a", parameter: "#4d4413", output: "#ff6b6b", way: "#4a3322",
};

export const FACE = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,monospace";

export type Rgb = readonly [number, number, number];
const BLUE: Rgb = [0, 114, 178];
const VERMILLION: Rgb = [213, 94, 0];

/** The colour of a number in a map, `share` of the largest magnitude: blue below zero, vermillion above, white at zero. */
export function heat(share: number): Rgb {
  if (Number.isNaN(share)) return [0, 0, 0];
  const end = share < 0 ? BLUE : VERMILLION;
  const part = Math.min(1, Math.abs(share));
  return [255 + (end[0] - 255) * part, 255 + (end[1] - 255) * part, 255 + (end[2] - 255) * part];
}
