import { expect, test } from "vitest";
import { CsvReader, delimiterOf, preview, recordsOf } from "./csv";

const all = (text: string, size: number) => {
  const reader = new CsvReader(",");
  const records: string[][] = [];
  for (let at = 0; at < text.length; at += size) records.push(...reader.push(text.slice(at, at + size)));
  return [...records, ...reader.end()];
};

const TEXT = 'a,b\r\n1,"x, ""y""\nz"\r\n\r\n2,\n3,"last"';
const RECORDS = [["a", "b"], ["1", 'x, "y"\nz'], ["2", ""], ["3", "last"]];

test.each([1, 2, 3, 5, 7, 1_000])("records are the same in pieces of %i characters", (size) => expect(all(TEXT, size)).toEqual(RECORDS));
test("a semicolon separates where the header has most of them", () => expect(delimiterOf('"a,b";c;d\n1,5;2;3')).toBe(";"));
test("a header without any separator is one column", () => expect(delimiterOf("value\n1")).toBe(","));
test("the preview has a header and 1,000 rows at most, without the byte order mark", async () => {
  const shown = await preview(new Blob(["\uFEFFts;v\n", "1;2\n".repeat(2_000)]));
  expect([shown.header, shown.rows.length]).toEqual([["ts", "v"], 1_000]);
});
test("a file is read piece by piece to its last record", async () => {
  let records = 0;
  for await (const piece of recordsOf(new Blob(["ts,v\n", "1,2\n".repeat(50_000), "3,4"]), ",")) records += piece.records.length;
  expect(records).toBe(50_002);
});
test("text that is no UTF-8 is refused", async () => {
  const read = async () => {
    for await (const _ of recordsOf(new Blob([new Uint8Array([0x61, 0xff, 0x0a])]), ","));
  };
  await expect(read()).rejects.toThrow(TypeError);
});
