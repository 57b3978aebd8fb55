// How large the gradient on an edge is beside the largest in the picture: what the width of its line says. A gradient that is
// hidden is drawn as wide as the other hidden ones, and counts for none.

import type { Block } from "../numbers/block";
import type { Graph } from "../wire";
import { largest } from "./maps";

const HIDDEN = -1;
const MIDDLE = 0.3; // what a hidden one is drawn with
const MOST = 4000; // edges; in a larger crowd nobody compares widths

export class Strengths {
  private version = -1;
  private graph: Graph | null = null;
  private secret: ReadonlySet<string> | null = null;
  private sizes: Float64Array = new Float64Array();
  private most = 0;

  /** Measure again where the numbers have changed. */
  measure(graph: Graph, block: Block, version: number, secret: ReadonlySet<string>): void {
    if (graph === this.graph && version === this.version && secret === this.secret) return;
    this.secret = secret;
    this.graph = graph;
    this.version = version;
    this.most = 0;
    this.sizes = new Float64Array(graph.routes.length);
    if (graph.routes.length > MOST) return;
    graph.routes.forEach((route, at) => {
      if (secret.has(`${graph.cards[route.operand]?.node ?? -1}:gradient`)) {
        this.sizes[at] = HIDDEN;
        return;
      }
      const reading = route.downstream < 0 ? null : block.read(route.downstream);
      if (!reading) return;
      const size = reading.numbers.every(Number.isFinite) ? largest(reading.numbers) : NaN;
      this.sizes[at] = size;
      if (size > this.most) this.most = size;
    });
  }

  /** Between 0 and 1; NaN where the gradient is no number. */
  share(at: number): number {
    const size = this.sizes[at] ?? 0;
    if (size === HIDDEN) return MIDDLE;
    return Number.isNaN(size) ? NaN : this.most > 0 ? size / this.most : 0;
  }
}
