import { describe, expect, it } from "vitest";

import { fileName } from "./names";

describe("fileName", () => {
  it("is plain", () => expect(fileName("Leistung / Gebäude „A“ (kW)")).toBe("leistung-gebaude-a-kw"));
  it("is never empty", () => expect(fileName("电池")).toBe("chart"));
});
