// All that the page knows, as one value. Views are drawn from it, and nothing but `next` makes another.
//
// Not in it are the numbers of the run: they lie in a block of memory that changes in place (`numbers/block`). `numbers`
// counts its changes, so whoever shows some of them knows when to look again.

import {
  NEW_DOCUMENT, type Contour, type Descended, type Document, type Formula, type Graph, type Hint, type Landscape,
  type Marked, type Mistake, type Note, type Opened, type Question, type Told, type Verdict, type Ways, type Welcome,
} from "../wire";
import { NO_WALK, type Pace, type Walk } from "./walk";

export type Link = "starting" | "up" | "down" | "none";
export type Panel = "story" | "derivation" | "descent" | "landscape" | "ways" | "verdicts" | "lessons" | "share";
export type Theme = "auto" | "light" | "dark";

/** What an explanation was asked for. */
export type Purpose =
  | { readonly about: "story"; readonly node: number; readonly element: readonly number[]; readonly inputs: Document["inputs"] }
  | { readonly about: "derivation"; readonly wrt: number }
  | { readonly about: "why"; readonly node: number }
  | { readonly about: "mark" | "hint"; readonly question: Question; readonly inputs: Document["inputs"] }
  | { readonly about: "matrix" | "trust" | "ways" | "landscape" | "contour" | "descent" | "search" | "file" | "open" | "values" | "check" };

/** A story, and the inputs that what it says of the moment holds for. */
export interface Tale {
  readonly told: Told;
  readonly inputs: Document["inputs"];
}

/** What was answered to a question, and how one was helped, while the inputs are these. */
export interface Attempt {
  readonly marked: Marked | null;
  readonly hints: readonly Hint[];
  readonly inputs: Document["inputs"];
}

/** How a question is called. */
export function questionOf({ node, part }: Question): string {
  return `${node}:${part}`;
}

/** The attempt at a question, as long as it is still the same one: other inputs have another answer. */
export function attemptAt(state: State, question: Question): Attempt | null {
  const found = state.attempts.get(questionOf(question));
  return found && found.inputs === state.document.inputs ? found : null;
}

/** How the story of a node, or of one of its numbers, is called. */
export function storyOf(node: number, element: readonly number[]): string {
  return [node, ...element].join();
}

export interface Training {
  readonly losses: readonly number[];
  readonly state: string;
  readonly running: boolean;
  readonly last: Descended | null;
}

export interface Finding {
  readonly query: string;
  readonly nodes: readonly number[];
  readonly at: number;
  readonly note: string;
}

export interface State {
  readonly document: Document;
  readonly past: readonly Document[];
  readonly future: readonly Document[];
  /** The field that is being changed: its changes are one step back together. */
  readonly mark: string;

  readonly link: Link;
  readonly welcome: Welcome | null;
  readonly lesson: string;
  readonly asked: number;
  readonly counter: number;
  readonly waiting: ReadonlyMap<number, Purpose>;

  readonly opened: Opened | null;
  readonly formula: Formula | null;
  readonly graph: Graph | null;
  readonly verdicts: readonly Verdict[];
  /** What is special about nodes, and the inputs that it is said for: `notes` of `state/notes`. */
  readonly noted: { readonly inputs: Document["inputs"]; readonly found: readonly Note[] };
  readonly mistake: Mistake | null;
  readonly notice: string;
  readonly numbers: number;
  /** The newest wish that values have come for. */
  readonly heard: number;
  readonly live: boolean;
  /** Why this graph does not run in the page; empty where it does. */
  readonly absent: string;

  readonly walk: Walk;
  readonly pace: Pace;
  readonly playing: boolean;
  readonly speed: number;

  /** Nodes whose numbers stay in sight. */
  readonly watched: readonly number[];
  readonly panel: Panel;
  /** By `storyOf` a node and an element. */
  readonly stories: ReadonlyMap<string, Tale>;
  readonly derivation: Told | null;
  readonly matrix: Told | null;
  readonly trust: Told | null;
  readonly why: Told | null;
  readonly ways: Ways | null;
  readonly landscape: Landscape | null;
  readonly contour: Contour | null;
  readonly training: Training;
  /** By `questionOf` a question. */
  readonly attempts: ReadonlyMap<string, Attempt>;
  readonly finding: Finding | null;
  readonly failures: ReadonlyMap<string, string>;

  readonly help: boolean;
  readonly theme: Theme;
  readonly said: string;
}

export const IDLE: Training = { losses: [], state: "", running: false, last: null };

export const START: State = {
  document: NEW_DOCUMENT, past: [], future: [], mark: "",
  link: "starting", welcome: null, lesson: "", asked: 0, counter: 0, waiting: new Map(),
  opened: null, formula: null, graph: null, verdicts: [], noted: { inputs: {}, found: [] }, mistake: null, notice: "", numbers: 0, heard: 0, live: false, absent: "",
  walk: NO_WALK, pace: "node", playing: false, speed: 1,
  watched: [], panel: "story", stories: new Map(), derivation: null, matrix: null, trust: null, why: null, ways: null, landscape: null,
  contour: null, training: IDLE, attempts: new Map(), finding: null, failures: new Map(),
  help: false, theme: "auto", said: "",
};
