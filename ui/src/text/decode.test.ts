import { expect, test } from "vitest";
import { encodingOf, textOf } from "./decode";

const utf16 = (text: string, isBig = false) => {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  [...text].forEach((letter, i) => view.setUint16(2 * i, letter.charCodeAt(0), !isBig));
  return bytes;
};
const utf8 = (text: string) => new TextEncoder().encode(text);

test.each([
  ["UTF-8", utf8("ts,°C\n1,2\n"), "utf-8"],
  ["UTF-8 with a mark", utf8("\uFEFFts,v\n"), "utf-8"],
  ["UTF-8 that ends within a character", utf8("ts,°").subarray(0, -1), "utf-8"],
  ["UTF-16, little end first", utf16("\uFEFFts,°C\n"), "utf-16le"],
  ["UTF-16, big end first", utf16("\uFEFFts,°C\n", true), "utf-16be"],
  ["UTF-16 without a mark", utf16("ts;value\n1;2\n"), "utf-16le"],
  ["UTF-16 without a mark, big end first", utf16("ts;value\n1;2\n", true), "utf-16be"],
  ["what a spreadsheet saves", Uint8Array.from([0x74, 0x73, 0x3b, 0xb0, 0x43, 0x0a]), "windows-1252"],
  ["nothing", new Uint8Array(), "utf-8"],
] as const)("%s is recognised", (_, bytes, encoding) => expect(encodingOf(bytes)).toBe(encoding));

test.each([
  ["utf-8", utf8("\uFEFFHalle süd")],
  ["utf-16", utf16("\uFEFFHalle süd")],
  ["windows-1252", Uint8Array.from([...utf8("Halle s"), 0xfc, 0x64])],
] as const)("a file in %s is read as what was typed", async (_, bytes) => expect(await textOf(new Blob([bytes]))).toBe("Halle süd"));
