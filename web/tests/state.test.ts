import { describe, expect, it } from "vitest";
import type { Event } from "../src/state/event";
import { fold, scopesOf, unfold } from "../src/state/folds";
import { neighbour, placeOf } from "../src/state/neighbours";
import { next } from "../src/state/next";
import { START, storyOf, type State } from "../src/state/state";
import { firstOf, reached, walkOf } from "../src/state/walk";
import { needed } from "../src/state/wishes";
import type { Mistake, Told } from "../src/wire";
import { DOCUMENT, GRAPH, OPENED } from "./graphs";

function after(state: State, ...events: readonly Event[]): State {
  return events.reduce(next, state);
}

const ASKED: Event = { type: "asked", id: 1, purpose: { about: "open" } };
const READY = after(START, { type: "load", document: DOCUMENT }, { type: "link", link: "up" }, ASKED, { type: "news", news: OPENED }, { type: "news", news: GRAPH });
const slide = (value: string): Event => ({ type: "values", values: { x: value }, mark: "value:x" });

describe("groups", () => {
  const none = { folded: [], unfolded: [] };
  const cards = GRAPH.cards.map((card) => ({ ...card, scope: ["", "", "f", "", "f/g"][card.node] ?? "", output: false }));

  it("offers the scopes that hold another operation too, the innermost first", () => {
    expect(cards.map((card) => scopesOf(card, cards))).toEqual([[], [], ["f"], [], ["f"]]);
  });

  it("folds and unfolds a scope, and leaves it to the size of the picture again", () => {
    expect(fold(none, "f")).toEqual({ folded: ["f"], unfolded: [] });
    expect(unfold(fold(none, "f"), "f")).toEqual(none);
    expect(unfold(fold(none, "f"), "f/g")).toEqual(none); // the card of a group has the scope of what leaves it
    expect(unfold(none, "f")).toEqual({ folded: [], unfolded: ["f"] });
    expect(fold(unfold(none, "f"), "f")).toEqual(none);
  });
});

describe("the document", () => {
  it("takes over the inputs that were found in the text", () => {
    expect(Object.entries(READY.document.inputs).map(([name, { value }]) => `${name} = ${value}`)).toEqual(["x = -2", "y = 5", "z = -4"]);
  });

  it("cannot be undone before anything was done", () => {
    expect(READY.past).toEqual([]);
    expect(next(READY, { type: "undo" })).toBe(READY);
  });

  it("is no lesson any more once its text is changed, and is one again after undo", () => {
    const lesson = after(READY, { type: "load", document: { ...DOCUMENT, text: "a", title: "A lesson" }, lesson: "key" });
    const own = next(lesson, { type: "text", text: "a + 1" });
    expect([own.lesson, own.document.title, next(own, { type: "undo" }).document.title]).toEqual(["", "", "A lesson"]);
    expect(after(READY, { type: "settings", change: { title: "Mine" } }, { type: "text", text: "b" }).document.title).toBe("Mine");
  });

  it("takes a drag of a slider back as one step, and on again", () => {
    const dragged = after(READY, slide("1"), slide("2"), slide("3"), { type: "settle" }, slide("4"));
    const value = (state: State): string | undefined => state.document.inputs["x"]?.value;
    expect(value(dragged)).toBe("4");
    expect(value(after(dragged, { type: "undo" }))).toBe("3");
    expect(value(after(dragged, { type: "undo" }, { type: "undo" }))).toBe("-2");
    expect(value(after(dragged, { type: "undo" }, { type: "undo" }, { type: "redo" }))).toBe("3");
  });

  it("forgets the way forward once something else is done", () => {
    const changed = after(READY, slide("1"), { type: "undo" }, { type: "text", text: "x" });
    expect(changed.future).toEqual([]);
    expect(next(changed, { type: "redo" })).toBe(changed);
  });

  it("keeps where one looks through undo", () => {
    const state = after(READY, slide("1"), { type: "select", node: 2 }, { type: "camera", camera: { x: 1, y: 2, zoom: 3 } }, { type: "undo" });
    expect(state.document.look).toMatchObject({ selected: 2, x: 1, y: 2, zoom: 3 });
  });

  it("remembers two hundred steps and no more", () => {
    let state = READY;
    for (let i = 0; i < 300; i += 1) state = after(state, slide(String(i)), { type: "settle" });
    expect(state.past.length).toBe(200);
  });
});

describe("news", () => {
  const mistake: Mistake = { kind: "mistake", message: "nothing to multiply after '*'", about: "text", place: { line: 1, column: 5, end: 6 }, to: 1 };

  it("of an older wish are dropped", () => {
    const typing = after(READY, { type: "text", text: "x*" }, { type: "asked", id: 2, purpose: { about: "open" } });
    expect(next(typing, { type: "news", news: { ...OPENED, to: 1, revision: 9 } })).toBe(typing);
    expect(next(typing, { type: "news", news: mistake }).mistake).toBeNull();
  });

  it("of a mistake keep the picture, and the next good text takes the mistake away", () => {
    const wrong = next(READY, { type: "news", news: mistake });
    expect(wrong.mistake).toBe(mistake);
    expect(wrong.graph).toBe(GRAPH);
    expect(next(wrong, { type: "text", text: "x" }).mistake).toBeNull();
  });

  it("of a mistake stay through changes elsewhere, and through undo of them", () => {
    const wrong = next(READY, { type: "news", news: mistake });
    const state = after(wrong, slide("1"), { type: "undo" }, { type: "look", change: { shape: "tree" } });
    expect(state.mistake).toBe(mistake);
    const input = next(READY, { type: "news", news: { ...mistake, about: "input:x" } });
    expect([input.mistake?.about, next(input, slide("1")).mistake]).toEqual(["input:x", null]);
  });

  it("of values answer every wish for values before them", () => {
    const state = after(READY, { type: "asked", id: 5, purpose: { about: "values" } }, { type: "asked", id: 6, purpose: { about: "open" } });
    expect(next(state, { type: "news", news: { kind: "values", revision: 1, frame: 1, to: 6 } }).waiting.size).toBe(0);
  });

  it("of a mistake in an explanation stay beside the explanation", () => {
    const state = after(READY, { type: "asked", id: 7, purpose: { about: "ways" } }, { type: "news", news: { ...mistake, about: "compare", message: "too large", to: 7 } });
    expect([state.mistake, state.failures.get("ways")]).toEqual([null, "too large"]);
  });

  it("of a story that failed are forgotten when something else is chosen", () => {
    const asking = next(READY, { type: "asked", id: 8, purpose: { about: "story", node: 2, element: [], inputs: {} } });
    const failed = next(asking, { type: "news", news: { ...mistake, about: "story", message: "too large", to: 8 } });
    expect([failed.failures.get("story"), next(failed, { type: "select", node: 3 }).failures.size]).toEqual(["too large", 0]);
  });

  it("tell the story of the node that was asked for, of this picture only", () => {
    const told: Told = { kind: "told", revision: 1, title: "", steps: [], way: [], latex: "", mathml: "", text: "", moment: false, to: 8 };
    const asking = next(READY, { type: "asked", id: 8, purpose: { about: "story", node: 2, element: [1], inputs: {} } });
    expect(next(asking, { type: "news", news: told }).stories.get(storyOf(2, [1]))?.told).toBe(told);
    const stale = next(asking, { type: "news", news: { ...told, revision: 5 } });
    expect([stale.stories.size, stale.waiting.size]).toEqual([0, 0]);
  });

  it("of another picture forget what was explained, and a choice that is not in it", () => {
    const chosen = after(READY, { type: "select", node: 4 }, { type: "asked", id: 2, purpose: { about: "open" } });
    const smaller = { ...GRAPH, revision: 2, forward: 3, cards: GRAPH.cards.slice(0, 3), routes: GRAPH.routes.slice(0, 2), to: 2 };
    const state = next(chosen, { type: "news", news: smaller });
    expect([state.document.look.selected, state.stories.size, state.live]).toEqual([-1, 0, false]);
  });
});

describe("the walk", () => {
  const walk = walkOf(GRAPH, "node");

  it("builds from the bottom up, goes forward, comes back, and updates", () => {
    expect(walk.stages.map(({ phase, nodes }) => `${phase} ${nodes.join(",")}`)).toEqual([
      "build 0", "build 1", "build 2", "build 3", "build 4", "forward 0", "forward 1", "forward 2", "forward 3", "forward 4",
      "backward 4", "backward 3", "backward 2", "backward 1", "backward 0", "update 0",
    ]);
  });

  it("goes by layers, too", () => {
    expect(walkOf(GRAPH, "layer").stages.map(({ phase, nodes }) => `${phase} ${nodes.join(",")}`)).toEqual([
      "build 0,1,3", "build 2", "build 4", "forward 0,1,3", "forward 2", "forward 4", "backward 4", "backward 2", "backward 3,1,0", "update 0",
    ]);
  });

  it("shows what has happened, and all of it at -1", () => {
    expect([reached(walk.valued, 2, 7), reached(walk.valued, 4, 7), reached(walk.graded, 2, 11), reached(walk.graded, 2, 12)]).toEqual([true, false, false, true]);
    expect([reached(walk.graded, 0, -1), reached(walk.updated, 1, 15)]).toEqual([true, false]);
    expect(firstOf(walk, "backward")).toBe(10);
  });

  it("plays from the start, stops at the end, and never leaves its ends", () => {
    const playing = next(READY, { type: "play", playing: true });
    expect([playing.playing, playing.document.look.step, playing.document.look.selected]).toEqual([true, 0, 0]);
    const end = next(playing, { type: "place", place: 99 });
    expect([end.playing, end.document.look.step]).toEqual([false, 15]);
    expect(next(READY, { type: "place", place: -7 }).document.look.step).toBe(-1);
    expect(after(end, { type: "play", playing: true }).document.look.step).toBe(0);
  });
});

describe("arrows", () => {
  it("lead from the output down by the first operand and up again", () => {
    const way = ["down", "down", "up", "right", "left"] as const;
    let place = neighbour(GRAPH, -1, "down");
    expect(place).toBe(4);
    expect(way.map((direction) => (place = neighbour(GRAPH, place, direction)))).toEqual([2, 0, 2, 3, 2]);
    expect(neighbour(GRAPH, 0, "down")).toBe(0);
    expect(placeOf(GRAPH, 3)).toBe(3);
  });
});

describe("what is needed after a change", () => {
  const document = READY.document;
  const change = (event: Event): ReturnType<typeof needed> => needed(document, next(READY, event).document);

  it.each<readonly [string, Event, ReturnType<typeof needed>]>([
    ["another number", slide("1"), { kind: "values", values: { x: "1" } }],
    ["an array instead of a number", slide("[1, 2]"), { kind: "open" }],
    ["a draw", slide("normal(3)"), { kind: "open" }],
    ["another text", { type: "text", text: "x" }, { kind: "open" }],
    ["another rate", { type: "settings", change: { rate: 0.5 } }, { kind: "rate", rate: 0.5 }],
    ["something else to learn", { type: "binding", name: "y", change: { parameter: true } }, { kind: "open" }],
    ["another range of a slider", { type: "binding", name: "y", change: { low: -1 } }, { kind: "nothing" }],
    ["another choice", { type: "select", node: 3 }, { kind: "nothing" }],
    ["a tree", { type: "look", change: { shape: "tree" } }, { kind: "open" }],
    ["another camera", { type: "camera", camera: { x: 1, y: 1, zoom: 1 } }, { kind: "nothing" }],
  ])("%s", (_, event, need) => expect(change(event)).toEqual(need));
});

describe("what was found", () => {
  it("is walked around in a circle", () => {
    const state = after(READY, { type: "find", query: "a", nodes: [1, 3, 4] }, { type: "found", at: -1 });
    expect([state.finding?.at, state.document.look.selected]).toEqual([2, 4]);
    expect(after(state, { type: "found", at: 3 }).document.look.selected).toBe(1);
  });
});
