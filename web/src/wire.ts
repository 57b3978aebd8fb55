// What a page and a session say to each other. Written by tools/wire_types.py from src/backlight/live: change it there.

export const VERSION = 1;

/** A float as JSON writes it. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";

/** The number behind a `Real`. */
export function real(x: Real): number {
  return typeof x === "number" ? x : x === "NaN" ? NaN : x === "Infinity" ? Infinity : -Infinity;
}

/** What an input is bound to. value is what a person would type: 2, [[1, 2], [3, 4]], normal(5, 10, seed=1). */
export interface Binding {
  readonly value: string;
  readonly parameter: boolean;
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

/** All that changes the picture. of is the name of what is differentiated (empty: the output). */
export interface Document {
  readonly text: string;
  readonly inputs: Readonly<Record<string, Binding>>;
  readonly title: string;
  readonly of: string;
  readonly rate: number;
  readonly optimizer: string;
  readonly dtype: "float64" | "float32";
  readonly look: Look;
  readonly hidden: readonly string[];
  readonly asked: readonly Question[];
  readonly version: number;
}

/** How the graph is looked at. opened are nodes replaced by their definitions, each numbered as in the graph before. unfolded and folded are scopes that are drawn open, or as one card, whatever the size of the graph. near is empty, or a node and how many edges up and down are shown. step is the place in the walk through forward, backward and update; -1 shows everything. element is empty, or which number of the selected node is chosen. The camera is the page's own affair. */
export interface Look {
  readonly shape: "shared" | "tree";
  readonly direction: "up" | "down" | "left" | "right";
  readonly opened: readonly number[];
  readonly unfolded: readonly string[];
  readonly folded: readonly string[];
  readonly near: readonly number[];
  readonly selected: number;
  readonly element: readonly number[];
  readonly wrt: number;
  readonly step: number;
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** A number, sign or shape that is hidden and asked for. */
export interface Question {
  readonly node: number;
  readonly part: "value" | "gradient" | "sign" | "shape";
}

/** What a session may ask for. */
export interface Limits {
  readonly characters: number;
  readonly nodes: number;
  readonly block_bytes: number;
  readonly seconds: number;
  readonly wishes_a_second: number;
}

/** There is no Code for this graph, and why: the page sends Move instead. */
export interface Absent {
  readonly kind: "absent";
  readonly revision: number;
  readonly reason: string;
  readonly to: number;
}

/** Where the module keeps the value of a node, in bytes of its memory. */
export interface Address {
  readonly node: number;
  readonly start: number;
}

/** A box of the picture; x and y are its middle. Several may show one node: in a tree, or as a chip of a shared leaf. gradient is the node that holds its gradient (-1: none). math is its operation on its operands in MathML. step counts from the leaves, for walking layer by layer. */
export interface Card {
  readonly node: number;
  readonly name: string;
  readonly type: string;
  readonly op: string;
  readonly signature: string;
  readonly shape: string;
  readonly kind: "parameter" | "input" | "constant" | "operation" | "group";
  readonly output: boolean;
  readonly chip: boolean;
  readonly openable: boolean;
  readonly gradient: number;
  readonly scope: string;
  readonly math: string;
  readonly place: Place | null;
  readonly step: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A copy that a step of descent makes: the value of a node becomes the value of an input. */
export interface Carry {
  readonly source: number;
  readonly target: number;
}

/** The same graph as WebAssembly. The bytes are the module (code_bytes of them), then those of fillings, in order. Imports: env.__linear_memory of pages pages, env.__stack_pointer, a mutable i32 that starts at stack. run() reads the values at inputs and writes those at outputs; every node that the picture shows is among the two or a constant. */
export interface Code {
  readonly kind: "code";
  readonly revision: number;
  readonly code_bytes: number;
  readonly pages: number;
  readonly stack: number;
  readonly inputs: readonly Address[];
  readonly outputs: readonly Address[];
  readonly fillings: readonly Filling[];
  readonly to: number;
}

/** The loss over two numbers as lines of equal height, and the path of descent from here: x, y, x, y, … */
export interface Contour {
  readonly kind: "contour";
  readonly revision: number;
  readonly names: readonly [string, string];
  readonly lines: readonly Line[];
  readonly path: readonly Real[];
  readonly losses: readonly Real[];
  readonly to: number;
}

/** New values of the parameters, as texts for their bindings, the losses on the way, and the arithmetic of the last step. */
export interface Descended {
  readonly kind: "descended";
  readonly revision: number;
  readonly values: Readonly<Record<string, string>>;
  readonly losses: readonly Real[];
  readonly state: string;
  readonly steps: readonly Step[];
  readonly to: number;
}

/** A file to keep. The bytes follow the header. */
export interface File {
  readonly kind: "file";
  readonly name: string;
  readonly media: string;
  readonly to: number;
}

/** Bytes that the page writes into the memory once: size of those that follow the code, at start. */
export interface Filling {
  readonly start: number;
  readonly size: number;
}

/** The text typeset, a formula a line. */
export interface Formula {
  readonly kind: "formula";
  readonly lines: readonly string[];
  readonly to: number;
}

/** The nodes that a search found, best first, with a word on each. */
export interface Found {
  readonly kind: "found";
  readonly nodes: readonly number[];
  readonly words: readonly string[];
  readonly note: string;
  readonly to: number;
}

/** The picture, and where every number of it lies in the block: slots[node]. forward is how many nodes came from the text; the others are gradients and updates. rate is the input that holds η (-1: there are no updates). A step of descent copies all carries at once and runs; state are the inputs that the optimiser remembers things in, all zero at first. */
export interface Graph {
  readonly kind: "graph";
  readonly revision: number;
  readonly width: number;
  readonly height: number;
  readonly cards: readonly Card[];
  readonly routes: readonly Route[];
  readonly sums: readonly Sum[];
  readonly slots: readonly Slot[];
  readonly block_bytes: number;
  readonly forward: number;
  readonly outputs: readonly number[];
  readonly differentiated: number;
  readonly rate: number;
  readonly updates: readonly Update[];
  readonly carries: readonly Carry[];
  readonly state: readonly number[];
  readonly to: number;
}

/** How a way grows: one number for each of counts parameters; None where it was not run. */
export interface Growth {
  readonly name: string;
  readonly counts: readonly number[];
  readonly operations: readonly number[];
  readonly sizes: readonly (number | null)[];
  readonly seconds: readonly (Real | null)[];
}

/** One more hint, and how many are left. */
export interface Hint {
  readonly kind: "hint";
  readonly step: Step;
  readonly left: number;
  readonly to: number;
}

/** An input as it stands: the binding, given or proposed, and what it makes. */
export interface Input {
  readonly name: string;
  readonly node: number;
  readonly binding: Binding;
  readonly shape: readonly number[];
  readonly proposed: boolean;
}

/** The loss along one number, and the local view that descent has: point, slope, step, where that leads; and in words. */
export interface Landscape {
  readonly kind: "landscape";
  readonly revision: number;
  readonly name: string;
  readonly xs: readonly Real[];
  readonly heights: readonly Real[];
  readonly x: Real;
  readonly loss: Real;
  readonly slope: Real;
  readonly new_x: Real;
  readonly foretold: Real;
  readonly real: Real;
  readonly said: readonly (readonly Piece[])[];
  readonly to: number;
}

/** A document to begin with, and why it behaves so. group is the shelf that it stands on. */
export interface Lesson {
  readonly key: string;
  readonly title: string;
  readonly group: string;
  readonly document: Document;
  readonly commentary: string;
  readonly tries: readonly string[];
}

/** A line of equal height: x, y, x, y, … */
export interface Line {
  readonly height: Real;
  readonly points: readonly Real[];
}

/** Whether a prediction is right, in words, and what the engine has. */
export interface Marked {
  readonly kind: "marked";
  readonly right: boolean;
  readonly said: string;
  readonly truth: string;
  readonly to: number;
}

/** A wish that could not be granted, in words. about says where it belongs: "text", "input:W", "limit", or the wish's kind. */
export interface Mistake {
  readonly kind: "mistake";
  readonly message: string;
  readonly about: string;
  readonly place: Place | null;
  readonly to: number;
}

/** What is special about a node at these values, a corner, a tie, a jump or a pole, and what Python asked of it. */
export interface Note {
  readonly node: number;
  readonly said: readonly string[];
}

/** The document was understood. inputs are in order of first appearance; those that were proposed are new. */
export interface Opened {
  readonly kind: "opened";
  readonly revision: number;
  readonly inputs: readonly Input[];
  readonly spans: readonly Span[];
  readonly note: string;
  readonly to: number;
}

/** A part of a line: words, a formula in MathML, the number of a node as it now is, or one that holds for this moment. node (-1: none) is where the number lies, for "value", in the block, and at the place of one number of an array (-1: all of it); for all kinds, to is the node it leads to, and element the number there, or empty. */
export interface Piece {
  readonly kind: "words" | "math" | "value" | "moment";
  readonly text: string;
  readonly node: number;
  readonly to: number;
  readonly at: number;
  readonly element: readonly number[];
}

/** A stretch of the text: line and columns from 1; end is the column behind it. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly end: number;
}

/** An edge, from the lower side of consumer to the upper side of operand (places in cards), operands from 1. points is x, y, x, y, … upstream, local, downstream are the nodes whose product it carries (-1: none). label is the middle, width and height of the room kept for its words, or empty. */
export interface Route {
  readonly consumer: number;
  readonly operand: number;
  readonly number: number;
  readonly points: readonly number[];
  readonly upstream: number;
  readonly local: number;
  readonly downstream: number;
  readonly label: readonly number[];
}

/** Where a node's value lies in the block: byte offset (-1: nowhere), dtype, shape. */
export interface Slot {
  readonly start: number;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** How a stretch of the text is coloured: offsets in characters. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind: "number" | "name" | "function" | "operator" | "bracket" | "comment" | "text";
}

/** One step of an explanation: a title, lines of pieces, and the node it is about (-1: none). */
export interface Step {
  readonly title: string;
  readonly lines: readonly (readonly Piece[])[];
  readonly node: number;
}

/** The nodes that add up to the gradient of a node, in the order of its consumers, where several do. */
export interface Sum {
  readonly node: number;
  readonly arrivals: readonly number[];
}

/** An explanation. way are the nodes from the output to the input in question; latex, mathml and text are to copy. moment says that it may be another one at other values. */
export interface Told {
  readonly kind: "told";
  readonly revision: number;
  readonly title: string;
  readonly steps: readonly Step[];
  readonly way: readonly number[];
  readonly latex: string;
  readonly mathml: string;
  readonly text: string;
  readonly moment: boolean;
  readonly to: number;
}

/** One step of the optimiser on a parameter, as nodes: value + change. Of plain descent, change is −η · gradient. */
export interface Update {
  readonly parameter: number;
  readonly change: number;
  readonly updated: number;
}

/** The block of a run. The bytes follow the header; slots say where each node's value lies. To be acknowledged. */
export interface Values {
  readonly kind: "values";
  readonly revision: number;
  readonly frame: number;
  readonly to: number;
}

/** Something wrong at a node, and in which pass it happened; helps says what may mend it. */
export interface Verdict {
  readonly node: number;
  readonly kind: string;
  readonly backward: boolean;
  readonly sentence: string;
  readonly helps: string;
}

/** All that is wrong with the run; nothing, where the list is empty. notes are no faults, but true for these values only. */
export interface Verdicts {
  readonly kind: "verdicts";
  readonly revision: number;
  readonly found: readonly Verdict[];
  readonly notes: readonly Note[];
  readonly to: number;
}

/** One way to differentiate; gradients is empty where it was too large to run. */
export interface Way {
  readonly name: string;
  readonly gradients: readonly Real[];
  readonly error: Real | null;
  readonly operations: number;
  readonly size: number | null;
  readonly seconds: Real | null;
  readonly note: string;
}

/** Every way side by side, by the first of total parameters. */
export interface Ways {
  readonly kind: "ways";
  readonly revision: number;
  readonly parameters: readonly string[];
  readonly total: number;
  readonly value: Real;
  readonly reference: string;
  readonly ways: readonly Way[];
  readonly growth: readonly Growth[];
  readonly to: number;
}

/** The first news. document is what the host was started with, or None. makers are what values of inputs are made with; their insert has the holes {shape} and, where they draw, {seed}. */
export interface Welcome {
  readonly kind: "welcome";
  readonly version: number;
  readonly words: readonly Word[];
  readonly makers: readonly Word[];
  readonly lessons: readonly Lesson[];
  readonly optimizers: readonly Word[];
  readonly limits: Limits;
  readonly document: Document | null;
  readonly to: number;
}

/** One name of the language, for completion and help: insert is typed, label is shown, docs explains. */
export interface Word {
  readonly name: string;
  readonly label: string;
  readonly insert: string;
  readonly docs: string;
  readonly rule: string;
  readonly group: string;
}

/** A frame of values was shown; the next may come. */
export interface Ack {
  readonly kind: "ack";
  readonly frame: number;
  readonly id: number;
}

/** A prediction, to be marked. element picks one number of an array. Answered by Marked. */
export interface Answer {
  readonly kind: "answer";
  readonly node: number;
  readonly part: "value" | "gradient" | "sign" | "shape";
  readonly text: string;
  readonly element: readonly number[];
  readonly id: number;
}

/** The next hint for a question; given hints are known already. Answered by Hint. */
export interface Ask {
  readonly kind: "ask";
  readonly node: number;
  readonly part: "value" | "gradient" | "sign" | "shape";
  readonly given: number;
  readonly id: number;
}

/** The loss over two single numbers, with the path of descent. Answered by Contour. */
export interface Chart {
  readonly kind: "chart";
  readonly names: readonly [string, string];
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
  readonly steps: number;
  readonly id: number;
}

/** The verdicts for the values as they are now. Answered by Verdicts. */
export interface Check {
  readonly kind: "check";
  readonly id: number;
}

/** All ways to differentiate side by side. Answered by Ways. */
export interface Compare {
  readonly kind: "compare";
  readonly id: number;
}

/** The gradient by an input, path by path. Answered by Told, with the way from the output. */
export interface Derive {
  readonly kind: "derive";
  readonly wrt: number;
  readonly id: number;
}

/** So many updates of the parameters. state is what Descended gave before, or empty. Answered by Descended. */
export interface Descend {
  readonly kind: "descend";
  readonly steps: number;
  readonly state: string;
  readonly id: number;
}

/** The document in another form. Answered by File. */
export interface Export {
  readonly kind: "export";
  readonly form: "svg" | "png" | "html" | "latex" | "mathml" | "json" | "dot" | "text" | "numpy" | "torch" | "jax";
  readonly id: number;
}

/** Backpropagation in matrix form, for layered networks. Answered by Told. */
export interface Matrix {
  readonly kind: "matrix";
  readonly id: number;
}

/** Other values for some inputs of the open document. Answered by Values; the newest one wins where several wait. */
export interface Move {
  readonly kind: "move";
  readonly values: Readonly<Record<string, string>>;
  readonly id: number;
}

/** The document as it now is. Answered by Opened, Formula, Graph, Values, Verdicts and Code, or a Mistake. known is the revision whose graph the page still has, or 0: while text, shapes and look stay the same, only what changed is sent again. */
export interface Open {
  readonly kind: "open";
  readonly document: Document;
  readonly known: number;
  readonly id: number;
}

/** Nodes by name, operation, shape, grad > 1e3, nan. Answered by Found. */
export interface Search {
  readonly kind: "search";
  readonly query: string;
  readonly id: number;
}

/** What happens at a node: letters, then numbers; with element, where one number of an array comes from. Answered by Told; its numbers are read from the block, so it stays true, but for those that it calls of the moment. */
export interface Story {
  readonly kind: "story";
  readonly node: number;
  readonly element: readonly number[];
  readonly id: number;
}

/** The loss over one input (or one number of it). Answered by Landscape. */
export interface Survey {
  readonly kind: "survey";
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly element: readonly number[];
  readonly id: number;
}

/** Compare every rule with small steps. Answered by Told. */
export interface Trust {
  readonly kind: "trust";
  readonly id: number;
}

/** Why a gradient is zero or where numbers are lost. Answered by Told. */
export interface Why {
  readonly kind: "why";
  readonly node: number;
  readonly id: number;
}

export type Wish =
  | Open | Move | Ack | Story | Derive | Matrix | Why | Trust | Compare | Survey | Chart | Descend | Answer | Ask |
    Search | Export | Check;

export type News =
  | Welcome | Mistake | Opened | Formula | Graph | Values | Code | Absent | Verdicts | Told | Ways | Landscape | Contour
    | Descended | Marked | Hint | Found | File;

export const NEW_BINDING: Binding = {"value": "1", "parameter": false, "low": -5.0, "high": 5.0, "step": 0.01};
export const NEW_LOOK: Look = {"shape": "shared", "direction": "up", "opened": [], "unfolded": [], "folded": [], "near": [], "selected": -1, "element": [], "wrt": -1, "step": -1, "x": 0.0, "y": 0.0, "zoom": 0.0};
export const NEW_DOCUMENT: Document = {"text": "", "inputs": {}, "title": "", "of": "", "rate": 0.1, "optimizer": "descent", "dtype": "float64", "look": {"shape": "shared", "direction": "up", "opened": [], "unfolded": [], "folded": [], "near": [], "selected": -1, "element": [], "wrt": -1, "step": -1, "x": 0.0, "y": 0.0, "zoom": 0.0}, "hidden": [], "asked": [], "version": 1};
