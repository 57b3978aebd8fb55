// Steps of descent in the page: the update is in the graph, whatever the optimiser, so the module has computed it already,
// and a step is to take it over, parameters and the optimiser's memory at once.

import { literalText } from "./numbers/literal";
import type { Store } from "./store.svelte";

export interface Trained {
  readonly values: Readonly<Record<string, string>>;
  readonly losses: readonly number[];
}

/** Take so many steps; null where there is no module to take them. */
export function descendHere(store: Store, count: number): Trained | null {
  const { graph, opened } = store.state;
  const output = graph?.outputs[0];
  if (!graph || !opened || output === undefined) return null;
  const losses: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const taken = new Map<number, readonly number[]>();
    for (const { source, target } of graph.carries) {
      const reading = store.block.read(source);
      if (reading) taken.set(target, [...reading.numbers]);
    }
    losses.push(store.block.read(output)?.numbers[0] ?? NaN);
    if (!store.block.set(taken)) return null;
  }
  const values: Record<string, string> = {};
  for (const { name, node } of opened.inputs) {
    const reading = graph.updates.some(({ parameter }) => parameter === node) ? store.block.read(node) : null;
    if (reading) values[name] = literalText(reading.numbers, reading.shape);
  }
  return { values, losses };
}
