// What a landscape may be drawn over: inputs that are one number, and single numbers of arrays.

import { elementAt, subscript } from "../numbers/said";
import type { Input } from "../wire";

export interface Along {
  /** As a session understands it: `x`, or `W[0, 1]`. */
  readonly name: string;
  readonly input: Input;
  readonly element: readonly number[];
}

const MOST = 64; // numbers of one array that are offered

export function along(inputs: readonly Input[]): readonly Along[] {
  return inputs.flatMap((input) => {
    const size = input.shape.reduce((product, n) => product * n, 1);
    if (input.shape.length === 0) return [{ name: input.name, input, element: [] }];
    return Array.from({ length: Math.min(size, MOST) }, (_, at) => {
      const element = elementAt(input.shape, at);
      return { name: input.name + subscript(element), input, element };
    });
  });
}
