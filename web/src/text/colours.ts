// The text in colours as it is typed. Only the session knows what it means; this tells numbers, names and signs apart, and
// the names of operations by the table that came over the wire.

import type { Place } from "../wire";

export type Kind = "number" | "name" | "function" | "operator" | "bracket" | "comment" | "text";

export interface Stretch {
  readonly text: string;
  readonly kind: Kind;
  readonly wrong: boolean;
}

const TOKENS = /(#[^\n]*)|(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|([\p{L}_][\p{L}\p{N}_₀-₉′]*)|([()[\]{}|])|("[^"\n]*")|(\s+)|(.)/gu;

/** The text in stretches, with the place of a mistake marked. */
export function coloured(text: string, functions: ReadonlySet<string>, wrong: Place | null): readonly Stretch[] {
  const [from, to] = wrong ? offsets(text, wrong) : [-1, -1];
  const found: Stretch[] = [];
  for (const match of text.matchAll(TOKENS)) {
    const start = match.index;
    const end = start + match[0].length;
    const cuts = [start, ...[from, to].filter((cut) => cut > start && cut < end).sort((a, b) => a - b), end];
    cuts.slice(1).forEach((stop, i) => {
      const begin = cuts[i] ?? start;
      const marked = wrong !== null && begin >= from && stop <= to;
      found.push({ text: text.slice(begin, stop), kind: kindOf(match, functions), wrong: marked });
    });
  }
  // a mistake behind the last letter has nothing under it: a blank carries its mark
  if (wrong && from >= text.length) found.push({ text: " ", kind: "text", wrong: true });
  return found;
}

function kindOf(match: RegExpMatchArray, functions: ReadonlySet<string>): Kind {
  if (match[1] !== undefined) return "comment";
  if (match[2] !== undefined) return "number";
  if (match[3] !== undefined) return functions.has(match[3]) ? "function" : "name";
  if (match[4] !== undefined) return "bracket";
  return match[7] === undefined ? "text" : "operator";
}

/** Where a place is, as offsets into the string; places count characters, strings count units of 16 bits. */
export function offsets(text: string, place: Place): readonly [number, number] {
  const lines = text.split("\n");
  const before = lines.slice(0, place.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  const letters = [...(lines[place.line - 1] ?? "")];
  const to = (column: number): number => before + letters.slice(0, column - 1).join("").length;
  const [start, end] = [to(place.column), to(place.end)];
  return [start, Math.max(end, start + 1)];
}
