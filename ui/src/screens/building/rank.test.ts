import { expect, test } from "vitest";
import { extremes, median, outliers } from "./rank";

test("the median of an even number of values is between the two in the middle", () => expect(median([4, 1, 3, 2])).toBe(2.5));

test("one room that is far off is an outlier, and does not hide itself", () =>
  expect(outliers([20, 20.5, 21, 20.2, 20.8, 35])).toEqual([false, false, false, false, false, true]));

test("among few rooms, or equal ones, none is an outlier", () => {
  expect(outliers([20, 21, 90])).toEqual([false, false, false]);
  expect(outliers([20, 20, 20, 20, 20, 21])).toEqual([false, false, false, false, false, false]);
});

test("extremes go from the outermost inwards, and no row is in both", () => {
  const rows = [3, 1, 4, null, 2];
  expect(extremes(rows, (row) => row, 5)).toEqual({ highest: [4, 3], lowest: [1, 2] });
  expect(extremes(rows, (row) => row, 1)).toEqual({ highest: [4], lowest: [1] });
  expect(extremes([7], (row) => row, 5)).toEqual({ highest: [7], lowest: [] });
});
