// Where the arrows lead: up to what uses a node, down to its operands, sideways along its layer.

import type { Graph } from "../wire";

export type Direction = "up" | "down" | "left" | "right";

/** The card that one comes to from a card, or the same one where the way ends. Cards by place. */
export function neighbour(graph: Graph, from: number, direction: Direction): number {
  const here = graph.cards[from];
  if (!here) return graph.cards.findIndex(({ output }) => output);
  if (direction === "up" || direction === "down") {
    const ends = graph.routes
      .filter((route) => (direction === "down" ? route.consumer : route.operand) === from)
      .sort((a, b) => a.number - b.number)
      .map((route) => (direction === "down" ? route.operand : route.consumer));
    return ends[0] ?? from;
  }
  const beside = graph.cards
    .map((card, place) => ({ card, place }))
    .filter(({ card, place }) => place !== from && Math.abs(card.y - here.y) < 1)
    .filter(({ card }) => (direction === "left" ? card.x < here.x : card.x > here.x))
    .sort((a, b) => Math.abs(a.card.x - here.x) - Math.abs(b.card.x - here.x));
  return beside[0]?.place ?? from;
}

/** The place of the card that shows a node in full, or -1. */
export function placeOf(graph: Graph, node: number): number {
  const whole = graph.cards.findIndex((card) => card.node === node && !card.chip);
  return whole >= 0 ? whole : graph.cards.findIndex((card) => card.node === node);
}

const summed = new WeakMap<Graph, ReadonlyMap<number, readonly number[]>>();

/** The nodes that add up to the gradient of a node; none where one edge brings it. */
export function arrivals(graph: Graph, node: number): readonly number[] {
  const found = summed.get(graph) ?? new Map(graph.sums.map((one) => [one.node, one.arrivals]));
  summed.set(graph, found);
  return found.get(node) ?? [];
}
