import { expect, test } from "vitest";
import { delimiterOf, preview } from "./preview";

const shown = (text: string, said = {}) => preview(new Blob([text]), said);

test.each([
  ['"a,b";c;d\n1,5;2;3', ";"],
  ["2026-01-01 00:00;21,5\n2026-01-01 00:05;21,6\n", ";"],
  ["ts;t\n2026-01-01;21,5\n", ";"],
  ["ts,text\n1,a;b\n2,c;d\n", ","],
  ["ts\tv\n1\t2\n", "\t"],
  ["ts|v\n1|2\n", "|"],
  ["value\n1\n", ","],
  ['ts,note\n1,"a;\nb;c"\n', ","],
  ["a;b", ";"],
])("%j is separated by %j", (text, delimiter) => expect(delimiterOf(text)).toBe(delimiter));

test("it has a header and 1,000 rows at most, without the byte order mark", async () => {
  const { header, rows } = await shown(`\uFEFFts;v\n${"1;2\n".repeat(2_000)}`);
  expect([header, rows.length]).toEqual([["ts", "v"], 1_000]);
});
test("a file without a header keeps its first record as data", async () => {
  const { hasHeader, header, rows } = await shown("2026-01-01T00:00:00Z,21.5\n2026-01-01T00:01:00Z,21.6\n");
  expect([hasHeader, header, rows.length]).toEqual([false, ["", ""], 2]);
});
test("what somebody says of the file goes over what was recognised", async () => {
  const { header, rows } = await shown("a;b,c\n1;2,3\n", { delimiter: ",", hasHeader: false });
  expect([header, rows]).toEqual([["", ""], [["a;b", "c"], ["1;2", "3"]]]);
});
test("UTF-16 is read", async () => {
  const bytes = new Uint8Array([..."\uFEFFts;°C\n1;2\n"].flatMap((letter) => [letter.charCodeAt(0) & 0xff, letter.charCodeAt(0) >> 8]));
  expect((await preview(new Blob([bytes]))).header).toEqual(["ts", "°C"]);
});
test.each(["", "\uFEFF", "\n\n"])("%j is an empty file", async (text) => {
  await expect(shown(text)).rejects.toMatchObject({ kind: "empty" });
});
