// What is special about a node where it was evaluated: true for the inputs that it was said for, and not shown for others.

import type { Document, Note } from "../wire";
import type { State } from "./state";

/** The notes that hold for the values as they are. */
export function notes(state: State): readonly Note[] {
  return same(state.noted.inputs, state.document.inputs) ? state.noted.found : [];
}

/** What is said about one node. */
export function notesOf(state: State, node: number): readonly string[] {
  return notes(state).find((note) => note.node === node)?.said ?? [];
}

function same(before: Document["inputs"], after: Document["inputs"]): boolean {
  return before === after || Object.entries(after).every(([name, { value }]) => before[name]?.value === value);
}
