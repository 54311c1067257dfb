import { expect, test } from "vitest";
import { CsvFault, CsvReader, LONGEST, recordsOf, type Delimiter } from "./csv";

const all = (text: string, size: number, delimiter: Delimiter = ",") => {
  const reader = new CsvReader(delimiter);
  const records = [];
  for (let at = 0; at < text.length; at += size) records.push(...reader.push(text.slice(at, at + size)));
  return [...records, ...reader.end()];
};
const cells = (text: string, size = 1_000) => all(text, size).map((record) => record.cells);
const fault = (work: () => unknown): CsvFault => {
  try {
    work();
  } catch (error) {
    if (error instanceof CsvFault) return error;
  }
  throw new Error("nothing was wrong");
};

const TEXT = 'a,b\r\n1,"x, ""y""\nz"\r\n\r\n2,\n5" pipe,"a"b\n3,"last"';
const RECORDS = [
  { cells: ["a", "b"], line: 1 },
  { cells: ["1", 'x, "y"\nz'], line: 2 },
  { cells: ["2", ""], line: 5 },
  { cells: ['5" pipe', "ab"], line: 6 },
  { cells: ["3", "last"], line: 7 },
];

test.each([1, 2, 3, 5, 7, 1_000])("records and their lines are the same in pieces of %i characters", (size) => expect(all(TEXT, size)).toEqual(RECORDS));
test("a quoted cell may end the file", () => expect(cells('a\n"b"')).toEqual([["a"], ["b"]]));
test("a carriage return inside quotes is kept", () => expect(cells('"a\r\nb"\r\n')).toEqual([["a\r\nb"]]));

test.each([1, 4_096])("a quote that is never closed is told with its line, in pieces of %i characters", (size) => {
  const { kind, line, message } = fault(() => all('a,b\n1,2\n3,"4\n5,6\n', size));
  expect([kind, line]).toEqual(["openQuote", 3]);
  expect(message).toContain("line 3");
});
test("of a quote that is never closed no more is kept than the longest record", () => {
  const reader = new CsvReader(",");
  const piece = "1,2\n".repeat(16_384);
  let taken = 0;
  const { kind, line } = fault(() => {
    reader.push('a,b\n1,"2\n');
    for (; taken < 100; taken++) reader.push(piece);
  });
  expect([kind, line]).toEqual(["openQuote", 2]);
  expect(taken * piece.length).toBeLessThanOrEqual(LONGEST);
});
test("what has no lines is no CSV", () => expect(fault(() => all("x".repeat(LONGEST + 1), 65_536)).kind).toBe("tooLong"));

const UTF8 = { delimiter: ",", encoding: "utf-8" } as const;

test("a file is read piece by piece to its last record", async () => {
  let records = 0;
  for await (const piece of recordsOf(new Blob(["ts,v\n", "1,2\n".repeat(50_000), "3,4"]), UTF8)) records += piece.records.length;
  expect(records).toBe(50_002);
});
test("text that is not of the encoding is refused with the line before it", async () => {
  const read = async () => {
    for await (const _ of recordsOf(new Blob([new Uint8Array([0x61, 0x0a, 0xff, 0x0a])]), UTF8));
  };
  await expect(read()).rejects.toMatchObject({ kind: "encoding" });
});
