import { expect, test } from "vitest";
import { age, bytes, digitsOf, fixed, number, percent, span } from "./format";

test("a large power is written in kilowatts", () => expect(number(1180.2, "W")).toBe("1.18\u202fkW"));
test("a negative power keeps its sign and its prefix", () => expect(number(-2_500_000, "W")).toBe("-2.5\u202fMW"));
test("what is rounded to zero has no sign", () => expect(fixed(-0.04, "degC", 1)).toBe("0.0\u202f°C"));
test("zero has no prefix", () => expect(number(0, "W")).toBe("0\u202fW"));
test("what is not known is a dash", () => expect(number(null, "W")).toBe("–"));
test("a temperature is not scaled", () => expect(number(1234.5, "degC")).toBe("1,235\u202f°C"));
test("a share is per cent", () => expect(percent(0.876)).toBe("88%"));
test("ages take the largest unit", () => expect(age(7_200_000)).toBe("2 hr. ago"));
test("less than a second ago is now", () => expect(age(400)).toBe("now"));
test("spans have two parts at most", () => expect(span(93_784_000)).toBe("1\u202fd 2\u202fh"));
test("a span skips no unit between its parts", () => expect(span(86_400_000 + 60_000)).toBe("1\u202fd"));
test("bytes", () => expect(bytes(1_234_567)).toBe("1.2\u202fMB"));
test("numbers of one column have as many digits as the greatest needs", () => {
  const temperatures = [19.1, 20, null, 9.25];
  const digits = digitsOf(temperatures, "degC");
  expect(temperatures.map((value) => fixed(value, "degC", digits))).toEqual(["19.1\u202f°C", "20.0\u202f°C", "–", "9.3\u202f°C"]);
});
test("whole numbers have no digits after the point", () => expect(fixed(6, null, digitsOf([6, 12], null))).toBe("6"));
test("a unit with prefixes is written number by number", () => expect(fixed(1180.2, "W", digitsOf([1180.2, 3.25], "W"))).toBe("1.18\u202fkW"));
