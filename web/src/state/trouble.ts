// The shape of a node's health: what the verdicts of the session come down to on the picture.

import type { Verdict } from "../wire";

export type Trouble = "nan" | "infinite" | "zero" | "other";

export function troubles(verdicts: readonly Verdict[]): ReadonlyMap<number, Trouble> {
  return new Map(verdicts.map(({ node, kind }) => [node, shapeOf(kind)] as const));
}

function shapeOf(kind: string): Trouble {
  if (/nan|number/i.test(kind)) return "nan";
  if (/inf/i.test(kind)) return "infinite";
  return /zero|none|path|dead|chosen|saturat/i.test(kind) ? "zero" : "other";
}
