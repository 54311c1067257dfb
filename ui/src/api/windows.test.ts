import { expect, test } from "vitest";
import { usualStep, windowFor } from "./windows";

const MINUTE = 60_000;
const DAY = 86_400_000;

test("a day of 300 points is cut at five minutes", () => expect(windowFor(DAY, 300)).toBe(5 * MINUTE));
test("windows are not shorter than what comes", () => expect(windowFor(DAY / 24, 300, 15 * MINUTE)).toBe(15 * MINUTE));
test("an odd interval is rounded up", () => expect(windowFor(DAY, 10_000, 7 * MINUTE)).toBe(10 * MINUTE));
test("years are cut into whole days", () => expect(windowFor(3_650 * DAY, 100)).toBe(37 * DAY));

const every = (step: number, count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n * step);

test("the part that came most seldom says what a gap is", () => expect(usualStep([...every(30, 12), ...every(1, 500, 360)], 1)).toBe(30));
test("single holes are gaps, however long", () => expect(usualStep([...every(1, 50), ...every(1, 50, 5_000), ...every(1, 50, 9_000)], 1)).toBe(1));
test("a step is no shorter than the window, also where there are few values", () => expect([usualStep(every(1, 100), 5), usualStep([0, 90], 5)]).toEqual([5, 5]));
