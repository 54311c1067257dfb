/** Patterns as the platform has them: `*` stands for any run of characters, everything else for itself. */

/** Compiled patterns; a page knows as many as somebody types, and lets them all go when that was many. */
const compiled = new Map<string, RegExp>();
const MOST = 500;

/** Whether `text` is as `pattern` says. */
export function fits(pattern: string, text: string): boolean {
  if (pattern === "*" || pattern === text) return true;
  if (!pattern.includes("*")) return false;
  let glob = compiled.get(pattern);
  if (glob === undefined) {
    if (compiled.size >= MOST) compiled.clear();
    glob = new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`, "su");
    compiled.set(pattern, glob);
  }
  return glob.test(text);
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`);
}
