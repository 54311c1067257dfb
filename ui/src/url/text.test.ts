import { expect, test } from "vitest";
import { asText, plain } from "./text";

test.each(["6", "-2.5", "006", "1e3", "1767225600000", "12345678901234567890", "NaN", "Infinity", "", " 6", "hq/*/power_w"])("%j survives the address", (text) =>
  expect(asText(JSON.parse(JSON.stringify(plain(text))))).toBe(text),
);

test("a number stands in the address without quotes", () => expect(plain("6")).toBe(6));
