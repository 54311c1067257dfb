import { expect, test } from "vitest";
import { usualStep } from "./step";

test("the usual step is not moved by one gap", () => expect(usualStep([0, 10, 20, 500, 510])).toBe(10));
test("two values have no usual step", () => expect(usualStep([0, 10])).toBeUndefined());
