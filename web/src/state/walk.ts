// The walk through a graph: built from the bottom up, values going up, gradients coming down, parameters updated.
//
// A walk is a list of stages; a place in it is a number, and what is seen at a place follows from the list alone, so that
// playing, stepping back and scrubbing are all the same thing.

import type { Card, Graph } from "../wire";

export type Phase = "build" | "forward" | "backward" | "update";
export type Pace = "node" | "layer";

export interface Stage {
  readonly phase: Phase;
  readonly nodes: readonly number[];
}

export interface Walk {
  readonly stages: readonly Stage[];
  /** For each node the stage at which it, its value, its gradient, its update appears; -1 where that never happens. */
  readonly built: ReadonlyMap<number, number>;
  readonly valued: ReadonlyMap<number, number>;
  readonly graded: ReadonlyMap<number, number>;
  readonly updated: ReadonlyMap<number, number>;
}

export const NO_WALK: Walk = { stages: [], built: new Map(), valued: new Map(), graded: new Map(), updated: new Map() };

/** The stages of a graph, one node or one layer at a time. */
export function walkOf(graph: Graph, pace: Pace): Walk {
  const cards = distinct(graph.cards);
  const rising = [...cards].sort((a, b) => (pace === "layer" ? a.step - b.step : 0) || a.node - b.node);
  const falling = [...rising].reverse();
  const updates = new Set(graph.updates.map(({ parameter }) => parameter));
  const stages: Stage[] = [
    ...staged("build", rising, pace),
    ...staged("forward", rising.filter(({ kind }) => kind !== "constant"), pace),
    ...staged("backward", falling.filter(({ gradient }) => gradient >= 0), pace),
    ...staged("update", rising.filter(({ node }) => updates.has(node)), "node"),
  ];
  const when = (phase: Phase): Map<number, number> => {
    const found = new Map<number, number>();
    stages.forEach((stage, index) => {
      if (stage.phase === phase) for (const node of stage.nodes) found.set(node, index);
    });
    return found;
  };
  const valued = when("forward");
  const built = when("build");
  for (const card of cards) if (card.kind === "constant") valued.set(card.node, built.get(card.node) ?? 0);
  return { stages, built, valued, graded: when("backward"), updated: when("update") };
}

function staged(phase: Phase, cards: readonly Card[], pace: Pace): Stage[] {
  if (pace === "node") return cards.map(({ node }) => ({ phase, nodes: [node] }));
  const stages: { phase: Phase; nodes: number[]; step: number }[] = [];
  for (const card of cards) {
    const last = stages[stages.length - 1];
    if (last?.step === card.step) last.nodes.push(card.node);
    else stages.push({ phase, nodes: [card.node], step: card.step });
  }
  return stages.map(({ nodes }) => ({ phase, nodes }));
}

/** One card a node: the first that is no chip. */
export function distinct(cards: readonly Card[]): Card[] {
  const found = new Map<number, Card>();
  for (const card of cards) {
    const before = found.get(card.node);
    if (!before || (before.chip && !card.chip)) found.set(card.node, card);
  }
  return [...found.values()].sort((a, b) => a.node - b.node);
}

/** The first stage of a phase, or -1. */
export function firstOf(walk: Walk, phase: Phase): number {
  return walk.stages.findIndex((stage) => stage.phase === phase);
}

/** Whether something that appears at a stage is there at a place of the walk; at -1 all is there. */
export function reached(when: ReadonlyMap<number, number>, node: number, place: number): boolean {
  if (place < 0) return true;
  const stage = when.get(node);
  return stage !== undefined && stage <= place;
}
