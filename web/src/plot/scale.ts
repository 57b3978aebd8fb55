// Axes: which numbers they reach over, and at which round ones they have ticks.

export interface Series {
  readonly name: string;
  readonly tone: "ink" | "forward" | "backward" | "third" | "fourth" | "quiet";
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly dashed?: boolean;
}

export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Where a number is along the axis, 0 to 1. */
  readonly share: (x: number) => number;
}

const TICKS = 5;

export function scaleOf(series: readonly Series[], logarithmic: boolean): { readonly x: Axis; readonly y: Axis } {
  return { x: axisOf(series.flatMap(({ xs }) => xs), logarithmic, 0), y: axisOf(series.flatMap(({ ys }) => ys), logarithmic, 0.04) };
}

/** An axis over some numbers with a little room at its ends. */
export function axisOf(numbers: readonly number[], logarithmic: boolean, room: number): Axis {
  const usable = numbers.filter((x) => Number.isFinite(x) && (!logarithmic || x > 0)).map((x) => (logarithmic ? Math.log10(x) : x));
  let low = usable.reduce((a, b) => Math.min(a, b), Infinity);
  let high = usable.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - (Math.abs(low) * 0.1 || 1), high + (Math.abs(high) * 0.1 || 1)];
  const space = (high - low) * room;
  [low, high] = [low - space, high + space];
  const back = (x: number): number => (logarithmic ? 10 ** x : x);
  const share = (x: number): number => ((logarithmic ? Math.log10(x) : x) - low) / (high - low);
  return { low: back(low), high: back(high), ticks: logarithmic ? powersOf(low, high) : ticksOf(low, high), share };
}

/** Round numbers between two others, about five of them. */
export function ticksOf(low: number, high: number): readonly number[] {
  const rough = (high - low) / TICKS;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * size).find((candidate) => candidate >= rough * (1 - 1e-9)) ?? size;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toFixed(Math.min(20, digits + 1))));
}

/** Powers of ten between two, given by their exponents; with 2 and 5 times them where there are few. */
export function powersOf(low: number, high: number): readonly number[] {
  const parts = high - low < 2.5 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil((high - low) / 6));
  const found: number[] = [];
  for (let power = Math.floor(low); power <= high; power += stride) {
    for (const part of parts) {
      const exponent = power + Math.log10(part);
      if (exponent >= low - 1e-9 && exponent <= high + 1e-9) found.push(Number(`${part}e${power}`));
    }
  }
  return found;
}
