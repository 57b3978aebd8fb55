// All that a picture is painted from. What of it is fixed by the graph is worked out once, when the graph comes.

import type { Block } from "../numbers/block";
import type { Graph, Route } from "../wire";
import type { Trouble } from "../state/trouble";
import type { Walk } from "../state/walk";
import type { Area, Camera, Size } from "./camera";
import { close, type Close } from "./close";
import type { Inks } from "./inks";
import { Places } from "./places";
import { FEW, roomsOf } from "./rooms";

/** A graph with the places of its boxes and routes. */
export interface Plan {
  /** As it came; `graph` has its heights changed where layers were moved together. */
  readonly of: Graph;
  /** A height of the sheet as it came on this one, and back. */
  readonly lift: (y: number) => number;
  readonly drop: (y: number) => number;
  readonly graph: Graph;
  /** The sheet, with the words beside its edges. */
  readonly whole: Size;
  readonly boxes: readonly Area[];
  readonly cards: Places;
  readonly routes: Places;
  readonly edges: readonly (readonly [number, number])[];
  /** How far each box may grow where it is seen from afar; of large graphs none. */
  readonly rooms: readonly Area[];
  /** The points of each route, led past its words. */
  readonly ways: readonly (readonly number[])[];
}

export interface Marks {
  readonly selected: number;
  /** The place of the number that is chosen of it, or -1. */
  readonly element: number;
  /** Nodes and the routes between them that are highlighted: the path of a derivation. */
  readonly way: ReadonlySet<number>;
  readonly found: ReadonlySet<number>;
  readonly troubled: ReadonlyMap<number, Trouble>;
  /** Nodes at a corner, a tie, a jump or a pole. */
  readonly noted: ReadonlySet<number>;
  /** What must not be shown, as `node:value` and `node:gradient`. */
  readonly secret: ReadonlySet<string>;
}

export interface Scene {
  readonly plan: Plan;
  readonly camera: Camera;
  readonly window: Size;
  readonly inks: Inks;
  readonly block: Block;
  readonly version: number;
  readonly walk: Walk;
  readonly place: number;
  /** How far the packets of the current stage have come, 0 to 1; 1 where nothing moves. */
  readonly progress: number;
  readonly marks: Marks;
  readonly near: ReadonlyMap<number, number>;
}

/** The way of a route, upright through the room that its words have; they stand to its right. */
function aside({ points, label }: Route): readonly number[] {
  const [x, y, width, height] = label;
  if (x === undefined || y === undefined || width === undefined || height === undefined) return points;
  const inside = (at: number): boolean => Math.abs((points[at + 1] ?? 0) - y) <= height / 2 + 0.5 && Math.abs((points[at] ?? 0) - x) <= width / 2 + 0.5;
  return points.map((value, at) => (at % 2 === 0 && inside(at) ? x : value));
}

const same = (y: number): number => y;

/** The plan of a picture, and that for seeing it from afar: the same one where moving together gains nothing. */
export function plansOf(of: Graph): { readonly near: Plan; readonly far: Plan } {
  const near = planOf(of, { graph: of, lift: same, drop: same });
  const moved = close(of);
  return { near, far: moved ? planOf(of, moved) : near };
}

function planOf(of: Graph, { graph, lift, drop }: Close): Plan {
  const boxes = graph.cards.map(({ x, y, width, height }) => ({
    left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2,
  }));
  const ways = graph.routes.map(aside);
  const areas = graph.routes.map(({ label }, at) => {
    const points = ways[at] ?? [];
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i + 1 < points.length; i += 2) {
      const [x, y] = [points[i] ?? 0, points[i + 1] ?? 0];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    const [x, , width] = label;
    if (x !== undefined && width !== undefined) {
      right = Math.max(right, x + width);
    }
    return { left, right, top, bottom };
  });
  const whole = { width: areas.reduce((most, { right }) => Math.max(most, right), graph.width), height: graph.height };
  return {
    of, graph, lift, drop, whole, boxes, ways, rooms: graph.cards.length <= FEW ? roomsOf(boxes, ways, graph.routes, whole) : [], cards: new Places(boxes), routes: new Places(areas),
    edges: graph.routes.map(({ consumer, operand }) => [consumer, operand] as const),
  };
}
