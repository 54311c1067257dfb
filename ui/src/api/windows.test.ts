import { expect, test } from "vitest";
import { windowFor } from "./windows";

const MINUTE = 60_000;
const DAY = 86_400_000;

test("a day of 300 points is cut at five minutes", () => expect(windowFor(DAY, 300)).toBe(5 * MINUTE));
test("windows are not shorter than what comes", () => expect(windowFor(DAY / 24, 300, 15 * MINUTE)).toBe(15 * MINUTE));
test("an odd interval is rounded up", () => expect(windowFor(DAY, 10_000, 7 * MINUTE)).toBe(10 * MINUTE));
test("years are cut into whole days", () => expect(windowFor(3_650 * DAY, 100)).toBe(37 * DAY));
