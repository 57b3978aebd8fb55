// How large the gradient on an edge is beside the largest in the picture: what the width of its line says.

import type { Block } from "../numbers/block";
import type { Graph } from "../wire";
import { largest } from "./maps";

const MOST = 4000; // edges; in a larger crowd nobody compares widths

export class Strengths {
  private version = -1;
  private graph: Graph | null = null;
  private sizes: Float64Array = new Float64Array();
  private most = 0;

  /** Measure again where the numbers have changed. */
  measure(graph: Graph, block: Block, version: number): void {
    if (graph === this.graph && version === this.version) return;
    this.graph = graph;
    this.version = version;
    this.most = 0;
    this.sizes = new Float64Array(graph.routes.length);
    if (graph.routes.length > MOST) return;
    graph.routes.forEach((route, at) => {
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
    return Number.isNaN(size) ? NaN : this.most > 0 ? size / this.most : 0;
  }
}
