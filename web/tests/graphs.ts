// A small picture as a session would send it: (x + y)·z at x = −2, y = 5, z = −4, with its gradients and an update of x.

import { NEW_DOCUMENT, type Card, type Document, type Graph, type Opened, type Route, type Slot } from "../src/wire";

const AT: readonly (readonly [number, number])[] = [[0, 200], [100, 200], [50, 100], [150, 100], [100, 0]];
const NAMES = ["x", "y", "x + y", "z", "(x + y)·z"];

function card(node: number): Card {
  const [x, y] = AT[node] ?? [0, 0];
  const leaf = [0, 1, 3].includes(node);
  return {
    node, name: NAMES[node] ?? "", type: "Float64", op: leaf ? "input" : "made", signature: "a → a", shape: "()", kind: node === 0 ? "parameter" : leaf ? "input" : "operation",
    output: node === 4, chip: false, openable: false, gradient: 5 + node, scope: "", math: "", place: null, step: [0, 0, 1, 0, 2][node] ?? 0,
    x, y, width: 80, height: 40,
  };
}

function route(consumer: number, operand: number, number: number, upstream: number, local: number, downstream: number): Route {
  const [from, to] = [AT[consumer] ?? [0, 0], AT[operand] ?? [0, 0]];
  return { consumer, operand, number, points: [from[0], from[1] + 20, to[0], to[1] - 20], upstream, local, downstream, label: [] };
}

const slots: readonly Slot[] = Array.from({ length: 15 }, (_, node) => ({ start: 8 * node, dtype: "float64", shape: [] }));

export const GRAPH: Graph = {
  kind: "graph", revision: 1, width: 200, height: 220, cards: [0, 1, 2, 3, 4].map(card),
  routes: [route(2, 0, 1, 7, 10, 5), route(2, 1, 2, 7, 10, 6), route(4, 2, 1, 9, 3, 7), route(4, 3, 2, 9, 2, 8)],
  sums: [], slots, block_bytes: 120, forward: 5, outputs: [4], differentiated: 4, rate: 11, updates: [{ parameter: 0, change: 12, updated: 13 }],
  carries: [{ source: 13, target: 0 }], state: [], to: 1,
};

/** x y x+y z out | gradients of those | one, η, −η·gradient, updated, unused. */
export const VALUES = new Float64Array([-2, 5, 3, -4, -12, -4, -4, -4, 3, 1, 1, 0.1, 0.4, -1.6, 0]);

export const DOCUMENT: Document = { ...NEW_DOCUMENT, text: "(x + y)*z" };

export const OPENED: Opened = {
  kind: "opened", revision: 1, spans: [], note: "", to: 1,
  inputs: [["x", 0, "-2"], ["y", 1, "5"], ["z", 3, "-4"]].map(([name, node, value]) => ({
    name: String(name), node: Number(node), shape: [], proposed: true, binding: { value: String(value), parameter: name === "x", low: -5, high: 5, step: 0.01 },
  })),
};
