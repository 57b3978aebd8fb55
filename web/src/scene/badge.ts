// Marks of health at the corner of a box: which shape, and whether it is full (born here) or hollow (come through).

import type { Health } from "../numbers/said";
import type { Trouble } from "../state/trouble";
import { FACE, type Inks } from "./inks";

/** Health by shape: a triangle for what is no number, a diamond for infinity, a ring for zero, a square for the rest. */
export function badge(context: CanvasRenderingContext2D, inks: Inks, trouble: Trouble, x: number, y: number, scale: number, hollow = false): void {
  const r = 8 * scale;
  context.beginPath();
  if (trouble === "nan") {
    context.moveTo(x, y - r);
    context.lineTo(x + r, y + r * 0.8);
    context.lineTo(x - r, y + r * 0.8);
    context.closePath();
  } else if (trouble === "infinite") {
    context.moveTo(x, y - r);
    context.lineTo(x + r, y);
    context.lineTo(x, y + r);
    context.lineTo(x - r, y);
    context.closePath();
  } else if (trouble === "zero") context.arc(x, y, r * 0.8, 0, 2 * Math.PI);
  else context.rect(x - r * 0.8, y - r * 0.8, r * 1.6, r * 1.6);
  const open = hollow || trouble === "zero";
  context.fillStyle = open ? inks.paper : inks.output;
  context.fill();
  context.strokeStyle = inks.output;
  context.lineWidth = 2 * scale;
  context.stroke();
  context.fillStyle = open ? inks.output : inks.paper;
  context.font = `bold ${11 * scale}px ${FACE}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(trouble === "zero" ? "0" : trouble === "infinite" ? "∞" : "!", x, y + (trouble === "nan" ? 2 * scale : 0));
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
}

/** A node that stands at a corner, a tie, a jump or a pole: a bend in a small round field. */
export function bend(context: CanvasRenderingContext2D, inks: Inks, x: number, y: number, scale: number): void {
  const r = 7.5 * scale;
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = inks.paper;
  context.fill();
  context.strokeStyle = inks.ink;
  context.lineWidth = 1.2 * scale;
  context.stroke();
  context.beginPath();
  context.moveTo(x - 4.5 * scale, y + 2 * scale);
  context.lineTo(x, y + 2 * scale);
  context.lineTo(x + 3.5 * scale, y - 3.5 * scale);
  context.lineWidth = 1.8 * scale;
  context.stroke();
}

export function worst(a: Health, b: Health): "nan" | "infinite" | null {
  return a === "nan" || b === "nan" ? "nan" : a === "infinite" || b === "infinite" ? "infinite" : null;
}
