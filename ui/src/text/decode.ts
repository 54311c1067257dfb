/** In which encoding a file's text is, by how it begins. */

export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Share of zero bytes at even or odd places from which text without a mark is taken as UTF-16. */
const ZEROS = 0.3;
const LOOKED_AT = 4_096;

/**
 * By its byte order mark; else UTF-16 where every other byte is mostly zero; else UTF-8 if it is that, and Windows-1252, in which spreadsheets
 * save CSV, if not. `start` may end within a character.
 */
export function encodingOf(start: Uint8Array): Encoding {
  const [a, b] = start;
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  const looked = start.subarray(0, LOOKED_AT);
  const zeros = [0, 0];
  looked.forEach((byte, i) => {
    if (byte === 0) zeros[i % 2]!++;
  });
  const least = (looked.length / 2) * ZEROS;
  if (zeros[1]! > least && zeros[0] === 0) return "utf-16le";
  if (zeros[0]! > least && zeros[1] === 0) return "utf-16be";
  try {
    // With `stream` a character that is cut off at the end is no fault.
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** The text of a file that lies in memory as a whole; a byte order mark is no part of it. */
export async function textOf(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}
