/** After vite, for the folder that it wrote to (or is named): the precompressed twins of every file, and the list that the service worker keeps. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ui = fileURLToPath(new URL("..", import.meta.url));
const out = process.argv[2] ?? join(ui, "../src/penstock/api/static/app");
const textual = new Set([".js", ".css", ".html", ".svg", ".json", ".webmanifest"]);

const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();

const shell = files(out).filter((name) => !name.endsWith(".map") && name !== "sw.js");
const digest = createHash("sha256");
for (const name of shell) digest.update(name).update(readFileSync(join(out, name)));
const worker = join(out, "sw.js");
writeFileSync(
  worker,
  readFileSync(worker, "utf8")
    .replace("__VERSION__", digest.digest("hex").slice(0, 12))
    .replace("[/* __SHELL__ */]", JSON.stringify(shell.filter((name) => name === "index.html" || name.startsWith("assets/")))),
);

for (const name of files(out).filter((file) => textual.has(extname(file)))) {
  const bytes = readFileSync(join(out, name));
  if (bytes.length < 1024) continue;
  writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  writeFileSync(
    join(out, `${name}.br`),
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  );
}
