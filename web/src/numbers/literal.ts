// Numbers and nested lists as people type them into a binding, read and written. What is more than that (`normal(5, 10)`)
// is the session's to read: here it is null.

import { figure, typed } from "./figures";

export interface Literal {
  readonly numbers: readonly number[];
  readonly shape: readonly number[];
}

/** `2`, `[1, 2]`, `[[1, 2], [3, 4]]` as numbers and a shape; null for anything else. */
export function literal(text: string): Literal | null {
  const tokens = text.match(/[[\],;]|[^[\],;\s]+/g) ?? [];
  let at = 0;
  const read = (): Literal | null => {
    const token = tokens[at];
    if (token === undefined) return null;
    at += 1;
    if (token !== "[") {
      const number = typed(token);
      return number === null ? null : { numbers: [number], shape: [] };
    }
    const items: Literal[] = [];
    while (tokens[at] !== "]") {
      const item = read();
      if (!item) return null;
      items.push(item);
      if (tokens[at] === ",") at += 1;
      else if (tokens[at] !== "]") return null;
    }
    at += 1;
    const first = items[0];
    if (!first || items.some((item) => item.shape.join() !== first.shape.join())) return null;
    return { numbers: items.flatMap((item) => item.numbers), shape: [items.length, ...first.shape] };
  };
  const found = read();
  return at === tokens.length ? found : null;
}

/** Numbers of a shape as a person would type them, every digit of them. */
export function literalText(numbers: ArrayLike<number>, shape: readonly number[]): string {
  const write = (axis: number, offset: number): { readonly text: string; readonly used: number } => {
    const size = shape[axis];
    if (size === undefined) return { text: plain(numbers[offset] ?? 0), used: 1 };
    const parts: string[] = [];
    let used = 0;
    for (let i = 0; i < size; i += 1) {
      const part = write(axis + 1, offset + used);
      parts.push(part.text);
      used += part.used;
    }
    return { text: `[${parts.join(", ")}]`, used };
  };
  return write(0, 0).text;
}

function plain(x: number): string {
  if (Number.isNaN(x)) return "nan";
  return Number.isFinite(x) ? figure(x) : x > 0 ? "inf" : "-inf";
}
