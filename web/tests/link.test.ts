import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { embeddedHost } from "../src/link/embedded";
import { FrameError, parted } from "../src/link/frame";
import type { HostNews } from "../src/link/host";
import { Block } from "../src/numbers/block";
import { open, search } from "../src/state/search";
import { AddressError, completed, documentOf, fragmentOf, pruned } from "../src/state/address";
import { Strengths } from "../src/scene/strength";
import { coloured, offsets } from "../src/text/colours";
import { completions, insertion } from "../src/text/complete";
import { START } from "../src/state/state";
import { openVerdicts } from "../src/state/secret";
import { NEW_DOCUMENT, type Document, type News, type Verdict, type Word } from "../src/wire";
import { DOCUMENT, GRAPH, OPENED, VALUES } from "./graphs";

interface Fixture {
  readonly fragment: string;
  readonly document: Document;
}

const fixtures = JSON.parse(readFileSync(new URL("../../tests/live/addresses.json", import.meta.url), "utf-8")) as readonly Fixture[];

function framed(header: string, bytes: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(header);
  const whole = new Uint8Array(4 + text.length + bytes.length);
  new DataView(whole.buffer).setUint32(0, text.length, true);
  whole.set(text, 4);
  whole.set(bytes, 4 + text.length);
  return whole.buffer;
}

describe("frames", () => {
  it("are a header and bytes", () => {
    const { header, bytes } = parted(framed('{"kind":"values"}', new Uint8Array([1, 2, 3])));
    expect(header).toEqual({ kind: "values" });
    expect([...bytes]).toEqual([1, 2, 3]);
  });

  it("say what is wrong with them", () => {
    expect(() => parted(new ArrayBuffer(2))).toThrow(new FrameError("a frame has at least 4 bytes, and this one has 2"));
    const cut = framed("{}", new Uint8Array()).slice(0, 5);
    expect(() => parted(cut)).toThrow(new FrameError("the header of this frame takes 2 bytes, and only 1 follow"));
  });
});

describe("the block", () => {
  const block = new Block();
  block.open(GRAPH);

  it("knows nothing before it is filled", () => expect(block.read(0)).toBeNull());

  it("gives each node its number", () => {
    block.fill(new Uint8Array(VALUES.buffer), true);
    expect([0, 4, 8].map((node) => block.read(node)?.numbers[0])).toEqual([-2, -12, 3]);
    expect(block.read(99)).toBeNull();
  });

  it("is not changed by hand without a module", () => expect(block.set(new Map([[0, [1]]]))).toBe(false));

  it("is searched by words and by conditions", () => {
    const read = open({ document: DOCUMENT, graph: GRAPH }, block);
    const nodes = (query: string): readonly number[] => search(GRAPH, read, query).nodes;
    expect(nodes("x")).toEqual([0, 2, 4]);
    expect(nodes("parameter")).toEqual([0]);
    expect(nodes("value < -3")).toEqual([3, 4]);
    expect(nodes("grad > 2")).toEqual([3]);
    expect(nodes("|grad| >= 4")).toEqual([0, 1, 2]);
    expect(nodes("nan")).toEqual([]);
    expect(search(GRAPH, read, "grad > much")).toEqual({ nodes: [], note: '"much" is no number' });
  });

  it("is not searched by numbers that are hidden", () => {
    const found = (hiding: Partial<Document>, query: string): readonly number[] => search(GRAPH, open({ document: { ...DOCUMENT, ...hiding }, graph: GRAPH }, block), query).nodes;
    expect(found({ hidden: ["gradients"] }, "grad > 2")).toEqual([]);
    expect(found({ hidden: ["gradients"] }, "grad < 2")).toEqual([]);
    expect(found({ hidden: ["gradients"] }, "value < -3")).toEqual([3, 4]);
    expect(found({ asked: [{ node: 3, part: "sign" }] }, "grad > 2")).toEqual([]);
    expect(found({ hidden: ["values"] }, "value < -3")).toEqual([3]); // an input: nobody computed it
  });

  it("says each verdict once, and none that tells what is hidden", () => {
    const dead: Verdict = { node: 2, kind: "not chosen", backward: true, sentence: "blocked at node 2", helps: "" };
    const verdicts = [dead, { ...dead }, { ...dead, node: 4, kind: "NaN", backward: false }];
    const said = (hidden: readonly string[]): readonly number[] => openVerdicts({ ...START, graph: GRAPH, document: { ...DOCUMENT, hidden }, verdicts }).map(({ node }) => node);
    expect(said([])).toEqual([2, 4]);
    expect(said(["gradients"])).toEqual([4]);
    expect(said(["values"])).toEqual([2]);
  });

  it("draws edges as wide as their gradients, and those that are hidden all alike", () => {
    const strengths = new Strengths();
    const widths = (secret: readonly string[]): readonly number[] => {
      strengths.measure(GRAPH, block, 1, new Set(secret));
      return GRAPH.routes.map((_, at) => strengths.share(at));
    };
    const all = widths([]);
    expect(Math.max(...all)).toBe(1);
    expect(new Set(all).size).toBeGreaterThan(1);
    const none = widths(GRAPH.cards.map(({ node }) => `${node}:gradient`));
    expect(new Set(none).size).toBe(1);
  });
});

describe("the address", () => {
  const document: Document = {
    ...DOCUMENT, title: "Schöne Grüße", rate: 0.5, inputs: { x: { value: "-2", parameter: true, low: -5, high: 5, step: 0.01 } },
    look: { ...NEW_DOCUMENT.look, selected: 3, opened: [2] }, asked: [{ node: 1, part: "gradient" }],
  };

  it("holds the whole document", async () => expect(await documentOf(`#${await fragmentOf(document)}`)).toEqual(document));

  it("leaves out what is as in a new document", () => {
    expect(pruned(document)).toEqual({
      text: "(x + y)*z", title: "Schöne Grüße", rate: 0.5, inputs: { x: { value: "-2", parameter: true } }, look: { selected: 3, opened: [2] }, asked: [{ node: 1, part: "gradient" }],
    });
    expect(completed({})).toEqual(NEW_DOCUMENT);
  });

  it.each(fixtures.map(({ fragment, document }) => [fragment.slice(0, 24), fragment, document] as const))("%s… is read as Python reads it", async (_, fragment, found) => {
    expect(await documentOf(fragment)).toEqual(found);
    expect(await documentOf(await fragmentOf(found))).toEqual(found);
  });

  it("is no document where it is empty", async () => expect(await documentOf("#")).toBeNull());

  it.each([
    ["#9abc", 'the address begins with "9abc", and this page reads addresses that begin with "1": it may come from another version'],
    ["#1q1Yq", "the address is cut off or damaged, so nothing was opened from it: ask for the link again"],
    ["#1%%%", "the address is cut off or damaged, so nothing was opened from it: ask for the link again"],
  ])("%s is refused with a reason", async (fragment, message) => {
    await expect(documentOf(fragment)).rejects.toThrow(new AddressError(message));
  });
});

describe("the text", () => {
  const words: readonly Word[] = ["alpha", "beta", "betamax", "gamma"].map((name) => ({ name, label: `${name}(x)`, insert: `${name}(`, docs: "", rule: "", group: "" }));

  it("is told apart in colours, and a mistake is marked", () => {
    const found = coloured("beta(2*q) # so", new Set(["beta"]), { line: 1, column: 7, end: 8 });
    expect(found.filter(({ kind }) => kind !== "text").map(({ text, kind, wrong }) => [text, kind, wrong])).toEqual([
      ["beta", "function", false], ["(", "bracket", false], ["2", "number", false], ["*", "operator", true], ["q", "name", false], [")", "bracket", false], ["# so", "comment", false],
    ]);
    expect(found.map(({ text }) => text).join("")).toBe("beta(2*q) # so");
  });

  it("has a place to mark behind its last letter", () => {
    expect(coloured("2*", new Set(), { line: 1, column: 3, end: 3 }).filter(({ wrong }) => wrong)).toEqual([{ text: " ", kind: "text", wrong: true }]);
  });

  it("counts characters where a place does, and units where a string does", () => {
    expect(offsets("a\n𝛼 + *", { line: 2, column: 5, end: 6 })).toEqual([7, 8]);
  });

  it("is completed by what begins like it, then by what contains it", () => {
    expect(completions("x + ma", 6, words).map(({ name }) => name)).toEqual(["betamax", "gamma"]);
    expect(completions("be", 2, words).map(({ name }) => name)).toEqual(["beta", "betamax"]);
    expect(insertion("x + be + 1", 6, "beta(")).toEqual({ text: "x + beta( + 1", caret: 9 });
    expect(insertion("be(x)", 2, "beta(")).toEqual({ text: "beta(x)", caret: 5 });
  });
});

describe("a file", () => {
  it("says what was recorded, and answers the wishes that were recorded with it", async () => {
    const heard: News[] = [];
    const told: News = { kind: "told", revision: 1, title: "x", steps: [], way: [], latex: "", mathml: "", text: "", moment: false, to: 5 };
    const host = embeddedHost({ document: DOCUMENT, news: [{ news: OPENED }, { news: GRAPH }, { news: told, wish: { kind: "story", node: 2, element: [], id: 0 } }] });
    host.listen((said: HostNews) => {
      if (said.type === "news") heard.push(said.news);
    });
    expect(heard).toEqual([OPENED, GRAPH]);
    host.send({ kind: "story", node: 2, element: [], id: 77 });
    host.send({ kind: "story", node: 3, element: [], id: 78 });
    await Promise.resolve();
    expect(heard[2]).toEqual({ ...told, to: 77 });
    expect(heard.length).toBe(3);
  });
});
