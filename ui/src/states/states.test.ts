import { expect, test } from "vitest";
import { panelView } from "./panelView";
import { isStale, secondsLeft } from "./staleness";

test("three missed intervals are stale, not less", () => {
  expect(isStale(0, 1000, 3000)).toBe(false);
  expect(isStale(0, 1000, 3001)).toBe(true);
});

test("a countdown rounds up and ends at zero", () => {
  expect(secondsLeft(0, 2500, 0)).toBe(3);
  expect(secondsLeft(0, 2500, 2400)).toBe(1);
  expect(secondsLeft(0, 2500, 9000)).toBe(0);
  expect(secondsLeft(600, 2000, 0)).toBe(2);
});

test.each([
  [{ hasData: false, hasError: false, online: true }, "loading"],
  [{ hasData: true, hasError: false, online: true }, "data"],
  [{ hasData: true, hasError: true, online: true }, "old"],
  [{ hasData: true, hasError: false, online: false }, "old"],
  [{ hasData: false, hasError: true, online: true }, "error"],
  [{ hasData: false, hasError: true, online: false }, "offline"],
] as const)("%j is %s", (of, view) => expect(panelView(of)).toBe(view));
