import type { Catalog, Text } from "./catalog";

const MARKED: Record<string, string> = { a: "á", e: "é", i: "í", o: "ó", u: "ú", n: "ñ", c: "ç", A: "Å", E: "É", I: "Î", O: "Ö", U: "Û" };

/** A third longer and with marks on the letters: what overflows with it overflows in German, what shows none is not translated. */
function stretch(text: string): string {
  const marked = text.replace(/\{\w+\}|[a-zA-Z]/g, (part) => (part.length > 1 ? part : (MARKED[part] ?? part)));
  return `[${marked}${"~".repeat(Math.ceil(text.length / 3))}]`;
}

export function pseudo(en: Catalog): Catalog {
  const form = (text: Text): Text =>
    typeof text === "string"
      ? stretch(text)
      : (Object.fromEntries(Object.entries(text).map(([name, one]) => [name, stretch(one)])) as Text);
  const area = (strings: Record<string, Text>) => Object.fromEntries(Object.entries(strings).map(([key, text]) => [key, form(text)]));
  return Object.fromEntries(Object.entries(en).map(([name, strings]) => [name, area(strings)])) as unknown as Catalog;
}
