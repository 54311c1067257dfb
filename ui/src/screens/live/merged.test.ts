import { expect, test } from "vitest";
import { merged } from "./merged";

test("history and what came live are one strip, in the order of time, without repetition", () => {
  const history = { times: [1, 2, 4, 6], values: [10, 20, 40, 60] };
  const live = { times: [2, 3, 6, 7], values: [21, 31, 61, 71] };
  expect(merged(history, live)).toEqual({ times: [1, 2, 3, 4, 6, 7], values: [10, 21, 31, 40, 61, 71] });
});

test("without history there is what came live, and the other way round", () => {
  const strip = { times: [1], values: [null] };
  const nothing = { times: [], values: [] };
  expect(merged(nothing, strip)).toEqual(strip);
  expect(merged(strip, nothing)).toEqual(strip);
});
