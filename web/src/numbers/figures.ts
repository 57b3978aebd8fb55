// Numbers as people read them, spelled as Python spells them, so that the screen, the terminal and a file agree.
//
// `figure(x)` writes as many digits as tell x from its neighbours (of its own width: a float32 needs nine at most), and
// `figure(x, digits)` at most so many significant ones, but never fewer than stand before the point below a million: 1000
// reads better than 1e+03. Nothing here computes: it only chooses among spellings.

export type Width = "float64" | "float32" | "other";

const LARGE = 16; // from 1e16 on, and below 1e-4, an exponent reads better than zeros
const SMALL = -5;
const PLAIN = 6; // digits before the point: a number of at most so many is written without an exponent

/** One number: `2`, `0.30000000000000004`, `1e-07`, `NaN`, `-∞`. */
export function figure(x: number, digits?: number, width: Width = "float64"): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "-∞";
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  if (digits === undefined) return spelled(shortest(x, width), LARGE);
  const few = rounded(x, digits);
  const power = Number(few.split("e")[1]);
  const whole = Number(x.toExponential().split("e")[1]) + 1; // digits before the point; rounding may make it one more
  return power >= digits && power < PLAIN ? spelled(rounded(x, whole), LARGE) : spelled(few, digits);
}

/** So many significant digits, as `d.dde±x`; a number half-way between two goes to the even one, as Python has it. */
function rounded(x: number, digits: number): string {
  const text = x.toExponential(Math.max(0, digits - 1));
  const [mantissa = "", power = ""] = x.toExponential(Math.min(100, digits + 20)).split("e");
  const sign = mantissa.startsWith("-") ? "-" : "";
  const all = mantissa.replace("-", "").replace(".", "");
  const half = /^50*$/.test(all.slice(digits)) && Number(all[digits - 1]) % 2 === 0;
  return half ? `${sign}${all[0]}.${all.slice(1, digits)}e${power}` : text;
}

/** The shortest decimal that reads back to the same number of this width, as `d.dde±x`. */
function shortest(x: number, width: Width): string {
  if (width !== "float32") return x.toExponential();
  for (let digits = 0; digits < 9; digits += 1) {
    const text = x.toExponential(digits);
    if (Math.fround(Number(text)) === x) return text;
  }
  return x.toExponential();
}

/** `d.dde±x` written out where that is short, with an exponent of two digits where it is not. */
function spelled(scientific: string, most: number): string {
  const [mantissa = "", power = "0"] = scientific.split("e");
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace("-", "").replace(".", "").replace(/0+$/, "") || "0";
  const exponent = Number(power);
  if (exponent <= SMALL || exponent >= most) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${rest}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, "0");
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** `(5, 10)`, `(10)`, `()`. */
export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(", ")})`;
}

/** An array on one line: a short row, rows in brackets, or the shape and range of what is too large for a line. */
export function inline(values: ArrayLike<number>, shape: readonly number[], digits = 4, most = 6, width: Width = "float64"): string {
  const n = values.length;
  const at = (i: number): string => figure(values[i] ?? NaN, digits, width);
  if (shape.length === 0) return at(0);
  if (n === 0) return shapeText(shape);
  if (shape.length === 1) return `[${ends(n, most).map((i) => (i < 0 ? "…" : at(i))).join(" ")}]`;
  const columns = shape[shape.length - 1] ?? 1;
  if (shape.length === 2 && n <= most) {
    const rows = Array.from({ length: n / columns }, (_, r) => Array.from({ length: columns }, (__, c) => at(r * columns + c)).join(" "));
    return `[${rows.join("; ")}]`;
  }
  const { low, high } = range(values);
  if (low === high || low > high) return `${shapeText(shape)} of ${figure(low > high ? (values[0] ?? NaN) : low, digits, width)}`;
  return `${shapeText(shape)} from ${figure(low, digits, width)} to ${figure(high, digits, width)}`;
}

/** An array on several lines: a matrix in tall brackets, the middle left out; of more than two axes the first matrix. */
export function bracketed(values: ArrayLike<number>, shape: readonly number[], rows = 4, columns = 5, digits = 4, width: Width = "float64"): readonly string[] {
  if (shape.length < 2 || values.length === 0) return [inline(values, shape, digits, columns + 3, width)];
  const wide = shape[shape.length - 1] ?? 1;
  const tall = shape[shape.length - 2] ?? 1;
  const across = ends(wide, columns);
  const lines = ends(tall, rows).map((r) => across.map((c) => (r < 0 ? (c < 0 ? "" : "⋮") : c < 0 ? "…" : figure(values[r * wide + c] ?? NaN, digits, width))));
  const widths = across.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) => line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(" "));
  const last = text.length - 1;
  const framed = text.map((line, row) => (last === 0 ? `[${line}]` : row === 0 ? `⎡${line}⎤` : row === last ? `⎣${line}⎦` : `⎢${line}⎥`));
  const more = values.length / (wide * tall) - 1;
  return more > 0 ? [...framed.slice(0, -1), `${framed[last] ?? ""} +${more} more`] : framed;
}

/** Indices of all of n items, or of those at both ends with -1 for what is left out. */
export function ends(n: number, most: number): readonly number[] {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  const head = Math.floor(most / 2);
  const tail = Math.max(1, most - 1 - head);
  return [...Array.from({ length: head }, (_, i) => i), -1, ...Array.from({ length: tail }, (_, i) => n - tail + i)];
}

/** The least and the greatest of the finite numbers; low is above high where there is none. */
export function range(values: ArrayLike<number>): { readonly low: number; readonly high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    const x = values[i] ?? NaN;
    if (!Number.isFinite(x)) continue;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return { low, high };
}

/** What a person typed as a number, or null: commas, signs of mathematics and the words for infinity are understood. */
export function typed(text: string): number | null {
  const word = text.trim().replace(/[−–]/g, "-").replace(/∞/g, "Infinity");
  if (word === "" || !/^[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|Infinity|nan)$/i.test(word)) return null;
  return /nan$/i.test(word) ? NaN : Number(word);
}
