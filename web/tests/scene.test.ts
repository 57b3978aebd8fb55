import { describe, expect, it } from "vitest";
import { between, fitted, inWindow, onSheet, panned, revealing, visible, zoomed } from "../src/scene/camera";
import { cellsOf, onMap } from "../src/scene/cells";
import { chipLines } from "../src/scene/chip";
import { close } from "../src/scene/close";
import { detail, distances } from "../src/scene/detail";
import { Places } from "../src/scene/places";
import { grown, roomsOf } from "../src/scene/rooms";
import { plansOf } from "../src/scene/scene";
import { pointAt } from "../src/scene/ways";
import { powersOf, scaleOf, ticksOf } from "../src/plot/scale";

import { bracketed } from "../src/numbers/figures";
import { elementAt, placeIn } from "../src/numbers/said";
import { GRAPH } from "./graphs";

const WINDOW = { width: 800, height: 600 };

describe("the numbers on a card", () => {
  const numbers = Float64Array.from({ length: 70 }, (_, i) => i - 30);

  it("are found where they are written, and nothing where numbers are left out", () => {
    const lines = bracketed(numbers, [10, 7], 4, 5);
    const found = lines.map((line, row) => cellsOf(line, [0, 1, -1, 9][row] ?? -1, [0, 1, -1, 5, 6], 7).map(({ at, from, to }) => [numbers[at], line.slice(from, to)]));
    expect(found.flat().every(([x, text]) => String(x) === text)).toBe(true);
    expect(found.map((line) => line.length)).toEqual([4, 4, 0, 4]);
  });

  it("are found on the map of colours", () => {
    expect([onMap([2, 3], 1, 1), onMap([2, 3], 25, 13), onMap([2, 3], 37, 1), onMap([2, 3], -1, 1), onMap([5], 49, 2)]).toEqual([0, 5, -1, -1, 4]);
  });

  it("have a place by their indices, and indices by their place", () => {
    expect([0, 5, 23].map((at) => placeIn([2, 3, 4], elementAt([2, 3, 4], at)))).toEqual([0, 5, 23]);
    expect([placeIn([2, 3], [2, 0]), placeIn([2, 3], [1]), placeIn([], []), placeIn([2], [-1])]).toEqual([-1, -1, -1, -1]);
  });
});

describe("a picture seen from afar", () => {
  const worded = { ...GRAPH, height: 400, cards: GRAPH.cards.map((card) => ({ ...card, y: card.y * 1.8 + 20 })), routes: GRAPH.routes.map((route) => ({ ...route, label: [50, 120, 60, 30] })) };

  it("has its layers closer together, and every height leads back to where it was", () => {
    const moved = close(worded);
    expect(moved?.graph.height).toBeLessThan(worded.height - 60);
    for (let y = -50; y <= 450; y += 3.7) expect(moved?.drop(moved.lift(y))).toBeCloseTo(y, 9);
    const heights = [...worded.cards].sort((a, b) => a.y - b.y).map(({ y }) => moved?.lift(y) ?? NaN);
    expect([...heights].sort((a, b) => a - b)).toEqual(heights);
    const tops = new Set(moved?.graph.cards.map(({ y, height }) => y - height / 2));
    expect([...tops].sort((a, b) => a - b).slice(1).every((top, at) => top - ([...tops].sort((a, b) => a - b)[at] ?? 0) - 40 <= 34)).toBe(true);
    expect(close(GRAPH)).toBe(null);
  });

  it("is one plan where no words stand on its edges, and two where they do", () => {
    const one = plansOf(GRAPH);
    expect(one.near).toBe(one.far);
    const { near, far } = plansOf(worded);
    expect([near.of, far.of, near.graph]).toEqual([worded, worded, worded]);
    expect(far.whole.height).toBeLessThan(near.whole.height);
  });

  it("lets boxes grow towards each other, but not over each other, nor over an edge that goes by", () => {
    const boxes = [0, 100, 400].map((left) => ({ left, right: left + 60, top: 0, bottom: 40 }));
    const way = [300, -100, 300, 100];
    const rooms = roomsOf(boxes, [way], [], { width: 500, height: 40 });
    const all = boxes.map((box, at) => grown(box, rooms[at] ?? box, 1000, 10, 0));
    expect(all[0]?.right).toBeLessThan(all[1]?.left ?? 0);
    expect(all[1]?.right).toBeLessThan(300);
    expect(all[2]?.left).toBeGreaterThan(300);
    const some = grown(boxes[1] ?? all[0]!, rooms[1] ?? all[0]!, 90, 50, 0);
    expect([some.right - some.left, some.bottom - some.top]).toEqual([90, 50]);
  });

  it("says a number with fewer digits rather than cut it, which would make it another", () => {
    const reading = { numbers: Float64Array.of(-0.00067025), shape: [], dtype: "float64" };
    const [card] = GRAPH.cards;
    if (!card) throw new Error("there is a card");
    const words = [200, 76, 70, 62].map((width) => chipLines({ ...card, kind: "operation" }, reading, null, { width, height: 30 })[1]?.text);
    expect(words).toEqual(["↑ -0.00067025", "↑ -0.00067", "↑ …", "↑ …"]);
  });
});

describe("the camera", () => {
  it("fits all of a sheet into the window, and enlarges no small one beyond use", () => {
    const wide = fitted({ width: 8000, height: 100 }, WINDOW);
    expect(wide.zoom * 8000).toBeLessThan(800);
    expect(fitted({ width: 10, height: 10 }, WINDOW).zoom).toBe(1.25);
  });

  it("keeps the point under the hand where it is while zooming", () => {
    const camera = { x: 10, y: 20, zoom: 0.7 };
    const before = onSheet(camera, 123, 456, WINDOW);
    const after = inWindow(zoomed(camera, 3.1, 123, 456, WINDOW), before.x, before.y, WINDOW);
    expect(after.x).toBeCloseTo(123, 9);
    expect(after.y).toBeCloseTo(456, 9);
  });

  it("moves the sheet as far as the hand went", () => {
    const camera = { x: 0, y: 0, zoom: 2 };
    expect(inWindow(panned(camera, 30, -10), 0, 0, WINDOW)).toEqual({ x: 430, y: 290 });
  });

  it("reveals with the least movement, and not at all what is in sight", () => {
    const camera = { x: 0, y: 0, zoom: 1 };
    expect(revealing(camera, { left: -10, right: 10, top: -10, bottom: 10 }, WINDOW)).toEqual(camera);
    const moved = revealing(camera, { left: 500, right: 600, top: 0, bottom: 10 }, WINDOW);
    expect(visible(moved, WINDOW).right).toBe(640);
    expect(moved.y).toBe(0);
  });

  it("glides from one place to another", () => {
    const [from, to] = [{ x: 0, y: 0, zoom: 1 }, { x: 10, y: 20, zoom: 4 }];
    expect(between(from, to, 0)).toEqual(from);
    expect(between(from, to, 0.5).zoom).toBeCloseTo(2, 12);
    expect(between(from, to, 1).x).toBe(10);
  });
});

describe("places", () => {
  it("find what a plain search finds", () => {
    let seed = 3;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const areas = Array.from({ length: 400 }, () => {
      const [left, top] = [random() * 9000 - 3000, random() * 9000 - 3000];
      return { left, top, right: left + random() * 900, bottom: top + random() * 200 };
    });
    const places = new Places(areas);
    for (let i = 0; i < 50; i += 1) {
      const [left, top] = [random() * 9000 - 3000, random() * 9000 - 3000];
      const area = { left, top, right: left + random() * 9000, bottom: top + random() * 2000 };
      const plain = areas.flatMap((a, at) => (a.left <= area.right && area.left <= a.right && a.top <= area.bottom && area.top <= a.bottom ? [at] : []));
      expect(places.within(area)).toEqual(plain);
    }
  });

  it("give the topmost under a point, or none", () => {
    const places = new Places([{ left: 0, right: 10, top: 0, bottom: 10 }, { left: 5, right: 15, top: 5, bottom: 15 }]);
    expect([places.at(7, 7), places.at(1, 1), places.at(99, 99)]).toEqual([1, 0, -1]);
  });
});

describe("detail", () => {
  it("is a card near by, a chip farther off, a dot from afar, and a chip beside what is chosen", () => {
    expect([1, 0.4, 0.05].map((zoom) => detail(zoom, 220, 90, Infinity))).toEqual(["card", "chip", "dot"]);
    expect(detail(0.05, 220, 90, 1)).toBe("chip");
  });

  it("counts edges from the chosen ones", () => {
    expect([...distances(5, [[1, 0], [2, 1], [3, 2], [4, 3]], [2], 1)]).toEqual([[2, 0], [1, 1], [3, 1]]);
  });
});

it("a packet starts at the consumer and ends at the operand", () => {
  const points = [0, 0, 0, 10, 50, 40, 50, 60];
  expect(pointAt(points, 0)).toEqual({ x: 0, y: 0 });
  expect(pointAt(points, 1).x).toBe(50);
  expect(pointAt(points, 1).y).toBeCloseTo(60, 9);
});

describe("axes", () => {
  it("have ticks at round numbers", () => {
    expect(ticksOf(0, 10)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticksOf(0.46, 0.54)).toEqual([0.46, 0.48, 0.5, 0.52, 0.54]);
    expect(powersOf(0, 1)).toEqual([1, 2, 5, 10]);
    expect(powersOf(-6, -1)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]);
  });

  it("leave out what is no number", () => {
    const { y } = scaleOf([{ name: "", tone: "ink", xs: [0, 1, 2], ys: [1, NaN, 3] }], false);
    expect(y.low).toBeCloseTo(0.92, 9);
    expect(y.high).toBeCloseTo(3.08, 9);
  });
});
