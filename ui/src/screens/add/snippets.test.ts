import { expect, test } from "vitest";
import { curl, nats, python, sourceOf, telegraf } from "./snippets";

const NAMING = { origin: "http://h:8080", nats: "nats://127.0.0.1:4229", key: "pk_1", site: "s", sensor: "Jim's meter", metric: "power", unit: "kW" };

test("a quote in a name does not end the shell's text", () => expect(curl(NAMING)).toContain(`"Jim'\\''s meter"`));
test("every snippet holds the server and the key", () => {
  for (const text of [curl(NAMING), python(NAMING), telegraf(NAMING)]) expect([text.includes("http://h:8080"), text.includes("pk_1")]).toEqual([true, true]);
});
test("NATS is asked where the server says that it is", () => expect(nats(NAMING).match(/--server \S+/g)).toEqual(Array(2).fill("--server nats://127.0.0.1:4229")));
test("no unit is sent where none is meant", () => expect(curl({ ...NAMING, unit: "" })).not.toContain('"unit"'));
test("a name for the ledger has 32 letters at most, of those that it takes", () => expect(sourceOf("Größe ".repeat(9))).toMatch(/^[a-z0-9_.-]{1,32}$/));
