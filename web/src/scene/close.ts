// The picture seen from afar, moved together: where the words on the edges are not written their room is not needed, and a
// deep graph fits into a window larger by as much.
//
// Only heights change, and only where no card stands, so that everything keeps its order. `lift` takes a height of the sheet as
// it was laid out to this one, `drop` back: what a link says of the camera is always in the former.

import type { Graph } from "../wire";

export interface Close {
  readonly graph: Graph;
  readonly lift: (y: number) => number;
  readonly drop: (y: number) => number;
}

const GAP = 34; // of what lies between two layers: room for the tip of an arrow and a number beside it

/** The picture with its layers closer together; null where its edges have no words. */
export function close(graph: Graph): Close | null {
  if (!graph.routes.some(({ label }) => label.length > 0)) return null;
  const taken = graph.cards.map(({ y, height }) => [y - height / 2, y + height / 2] as const).sort((a, b) => a[0] - b[0]);
  const from = [0];
  const to = [0];
  const step = (y: number, gap: boolean): void => {
    const far = y - (from[from.length - 1] ?? 0);
    if (far <= 0) return;
    from.push(y);
    to.push((to[to.length - 1] ?? 0) + (gap ? Math.min(far, GAP) : far));
  };
  for (const [top, bottom] of taken) {
    step(top, true);
    step(bottom, false);
  }
  step(graph.height, true);
  const lift = along(from, to);
  return {
    lift, drop: along(to, from),
    graph: {
      ...graph, height: lift(graph.height),
      cards: graph.cards.map((card) => ({ ...card, y: lift(card.y) })),
      routes: graph.routes.map((route) => ({
        ...route, points: route.points.map((value, at) => (at % 2 === 1 ? lift(value) : value)),
        label: route.label.map((value, at) => (at === 1 ? lift(value) : value)),
      })),
    },
  };
}

/** The function that is straight between these points, and of slope 1 beyond them. */
function along(xs: readonly number[], ys: readonly number[]): (x: number) => number {
  return (x) => {
    let [low, high] = [0, xs.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((xs[middle] ?? 0) <= x) low = middle;
      else high = middle;
    }
    const [x0, x1, y0, y1] = [xs[low] ?? 0, xs[high] ?? 0, ys[low] ?? 0, ys[high] ?? 0];
    if (x <= x0) return y0 + x - x0;
    if (x >= x1) return y1 + x - x1;
    return y0 + ((x - x0) * (y1 - y0)) / (x1 - x0);
  };
}
