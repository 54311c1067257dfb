/** After a build, for the folder named (from ui/): of which sources it is, in BUILD.json. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ui = fileURLToPath(new URL("..", import.meta.url));
const sources = execFileSync(process.env.PYTHON ?? "python3", [join(ui, "sources_hash.py")], { encoding: "utf8" }).trim();
writeFileSync(join(ui, process.argv[2], "BUILD.json"), `${JSON.stringify({ sources })}\n`);
