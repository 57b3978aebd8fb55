import { describe, expect, it } from "vitest";
import { bracketed, ends, figure, inline, range, shapeText, typed } from "../src/numbers/figures";
import { literal, literalText } from "../src/numbers/literal";

describe("numbers are spelled as Python spells them", () => {
  it.each([
    [0, "0"], [-0, "-0"], [2, "2"], [-12, "-12"], [0.1 + 0.2, "0.30000000000000004"], [1e16, "1e+16"], [123456789012345680, "1.2345678901234568e+17"],
    [1e15, "1000000000000000"], [0.0001, "0.0001"], [0.00001, "1e-05"], [1.5e-7, "1.5e-07"], [5e-324, "5e-324"], [1.7976931348623157e308, "1.7976931348623157e+308"],
    [NaN, "NaN"], [Infinity, "∞"], [-Infinity, "-∞"],
  ])("%d is %s", (x, text) => expect(figure(x)).toBe(text));

  it.each([[1 / 3, 4, "0.3333"], [123456789, 6, "1.23457e+08"], [100000, 6, "100000"], [0.5, 6, "0.5"], [2.5e-5, 6, "2.5e-05"], [999999.5, 6, "1e+06"], [-72, 6, "-72"], [3.0625, 4, "3.062"], [3.1875, 4, "3.188"], [-0.125, 2, "-0.12"], [2.5, 1, "2"], [0.1875, 3, "0.188"],
    [1000, 3, "1000"], [-12345.6, 3, "-12346"], [1000.5, 3, "1000"], [1001.5, 3, "1002"], [99999.7, 3, "100000"], [999499.4, 3, "999499"], [999500.1, 3, "1e+06"], [1234567, 3, "1.23e+06"], [12345678, 8, "12345678"]])(
    "%d with %d digits is %s", (x, digits, text) => expect(figure(x, digits)).toBe(text),
  );

  it("a float32 takes no more digits than tell it from its neighbours", () => {
    expect(figure(Math.fround(0.1), undefined, "float32")).toBe("0.1");
    expect(figure(Math.fround(1 / 3), undefined, "float32")).toBe("0.33333334");
    expect(figure(Math.fround(16777216), undefined, "float32")).toBe("16777216");
  });

  it("what is written reads back to the same number", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    for (let i = 0; i < 3000; i += 1) {
      const x = (random() - 0.5) * 10 ** Math.floor(random() * 600 - 300);
      expect(Number(figure(x))).toBe(x);
      if (Number.isFinite(Math.fround(x))) expect(Math.fround(Number(figure(Math.fround(x), undefined, "float32")))).toBe(Math.fround(x));
    }
  });
});

describe("arrays", () => {
  it.each([
    [[1, 2.5], [2], "[1 2.5]"], [[1, 0, 0, 1], [2, 2], "[1 0; 0 1]"], [[], [0], "(0)"], [Array<number>(2000).fill(0), [40, 50], "(40, 50) of 0"],
    [[1, 2, 3, 4, 5, 6, 7, 8], [8], "[1 2 3 … 7 8]"], [[0, 1, 2, 3, 4, 5, 6, -7], [2, 4], "(2, 4) from -7 to 6"], [[NaN, 1, 1, 1, 1, 1, 1, 1], [2, 4], "(2, 4) of 1"], [[NaN, 1, 1, 1, 1, 1, 1, 2], [2, 4], "(2, 4) from 1 to 2"], [Array<number>(8).fill(NaN), [2, 4], "(2, 4) of NaN"],
  ])("%j of shape %j is %s", (numbers, shape, text) => {
    expect(inline(numbers, shape)).toBe(text);
  });

  it("a matrix stands in tall brackets, its middle left out", () => {
    const numbers = Array.from({ length: 70 }, (_, i) => i);
    expect(bracketed(numbers, [10, 7], 3, 4)).toEqual(["⎡ 0  1 …  6⎤", "⎢ ⋮  ⋮    ⋮⎥", "⎣63 64 … 69⎦"]);
    expect(bracketed([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])).toEqual(["⎡1 2⎤", "⎣3 4⎦ +1 more"]);
  });

  it("both ends are kept of what is too long", () => expect(ends(9, 6)).toEqual([0, 1, 2, -1, 7, 8]));
  it("shapes", () => expect([shapeText([]), shapeText([10]), shapeText([5, 10])]).toEqual(["()", "(10)", "(5, 10)"]));
  it("a range is one of finite numbers", () => expect(range([1, NaN, -Infinity, 3])).toEqual({ low: 1, high: 3 }));
});

describe("what people type", () => {
  it.each([["2", 2], [" -1.5 ", -1.5], ["−3", -3], [".5", 0.5], ["1e-3", 1e-3], ["∞", Infinity], ["nan", NaN], ["", null], ["x", null], ["1,5", null], ["0x10", null]])(
    "%j", (text, x) => expect(typed(text)).toEqual(x),
  );

  it.each([
    ["2", [2], []], ["[1, 2]", [1, 2], [2]], ["[[1, 2], [3, 4]]", [1, 2, 3, 4], [2, 2]], ["[[1], [2]]", [1, 2], [2, 1]],
  ])("%s is a literal", (text, numbers, shape) => expect(literal(text)).toEqual({ numbers, shape }));

  it.each(["", "normal(3)", "[1, [2]]", "[1 2]", "[1, 2", "1]", "[]", "pi"])("%j is none", (text) => expect(literal(text)).toBeNull());

  it("a literal reads back to the same numbers", () => {
    const text = literalText([0.1, -2, 1e300, 5e-324, Infinity, NaN], [3, 2]);
    expect(text).toBe("[[0.1, -2], [1e+300, 5e-324], [inf, nan]]");
    expect(literal("[[0.1, -2], [1e+300, 5e-324]]")).toEqual({ numbers: [0.1, -2, 1e300, 5e-324], shape: [2, 2] });
  });
});
