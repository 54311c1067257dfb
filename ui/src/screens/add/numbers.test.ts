import { expect, test } from "vitest";
import { decimalOf, numberOf } from "./numbers";

test.each([
  ["1.5", 1.5, 1.5],
  ["1,5", 1.5, 1.5],
  ["-2e3", -2_000, -2_000],
  ["", undefined, undefined],
  ["NaN", undefined, undefined],
  ["1,234", 1_234, 1.234],
  ["1.234", 1.234, 1_234],
  ["0,123", 0.123, 0.123],
  ["0.123", 0.123, 0.123],
  ["1.234,5", 1_234.5, 1_234.5],
  ["-1,234,567.5", -1_234_567.5, -1_234_567.5],
  ["1 234,5", 1_234.5, 1_234.5],
  ["1'234.5", 1_234.5, 1_234.5],
  ["1.23,4", null, null],
  ["0x10", null, null],
  ["12 34", null, null],
])("the cell %j holds %s, and %s where a comma stands before decimals", (cell, point, comma) => {
  expect(numberOf(cell, ".")).toBe(point);
  expect(numberOf(cell, ",")).toBe(comma);
});

test.each([
  [["1", "21,5"], ";", ","],
  [["21.5"], ";", "."],
  [["1,234", "1,234.5"], ",", "."],
  [["1.234", "1.234,5"], ";", ","],
  [["1,234"], ";", ","],
  [["1,234"], ",", "."],
  [["21.345"], ";", "."],
  [[], ",", "."],
] as const)("of %j in a file separated by %j decimals stand after %j", (cells, delimiter, decimal) => expect(decimalOf(cells, delimiter)).toBe(decimal));
