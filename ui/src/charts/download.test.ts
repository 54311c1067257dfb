import { beforeAll, describe, expect, it, vi } from "vitest";

import type { Question } from "./copyAs";

let unthinned: (question: Question) => Question;

beforeAll(async () => {
  // The client reads where it is served from, which a test process does not have.
  vi.stubGlobal("location", { origin: "http://127.0.0.1" });
  ({ unthinned } = await import("./download"));
});

describe("unthinned", () => {
  const chart: Question = { start: "-1d", window: "15m", max_points: 800, fetch: { v: { fn: "mean" } } };
  it("leaves no row out of a file", () => expect(unthinned(chart).max_points).toBeUndefined());
  it("keeps what an automatic window is chosen by", () => expect(unthinned({ ...chart, window: "auto" }).max_points).toBe(800));
  it("gives all readings, whatever the window", () => {
    expect(unthinned({ ...chart, window: "auto", fetch: { v: { fn: "raw" } } }).max_points).toBeUndefined();
  });
});
