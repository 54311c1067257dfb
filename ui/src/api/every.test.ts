import { expect, test } from "vitest";
import { Problem } from "./problem";
import { every } from "./every";

const after = (error: unknown) => ({ state: { error } });

test("what is asked again and again waits as long as a refusal says", () => {
  expect(every(5_000)(after(null))).toBe(5_000);
  expect(every(5_000)(after(new Problem(429, { retry_after_ms: 30_000 })))).toBe(30_000);
  expect(every(5_000)(after(new Problem(429, { retry_after_ms: 100 })))).toBe(5_000);
  expect(every(5_000)(after(new Problem(500, {})))).toBe(5_000);
});

test("what is not asked again is not asked again after a refusal", () => {
  expect(every(false)(after(new Problem(429, { retry_after_ms: 30_000 })))).toBe(false);
});
