import { expect, test, vi } from "vitest";
import type { Series } from "./useSeries";

vi.stubGlobal("location", { origin: "http://test" });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { examplesFor } = await import("./language");

const series = (metric: string, unit: string, site = "hq", room = ""): Series => ({ site, sensor: "s", metric, unit, building: room && "b", room, equipment: "", tags: {} });
const texts = (all: readonly Series[], degrees: "degC" | "K" = "degC") => Object.fromEntries(examplesFor(all, degrees).map(({ name, text }) => [name, text]));

test("examples ask for what is measured here, in the reader's unit", () =>
  expect(texts([series("power_w", "W"), series("temperature", "K", "lab", "r01")])).toMatchObject({
    groups: "avg(temperature) in degC by room every 15m last 24h",
    band: "min,mean,max(temperature) in degC at lab every 1h last 2d",
    raw: "raw(power_w) at lab last 1h newest first",
  }));

test("who reads kelvin gets no conversion", () => expect(texts([series("temperature", "K", "lab", "r01")], "K").groups).toBe("avg(temperature) by room every 15m last 24h"));
test("without any power the examples of power ask for what there is", () => expect(texts([series("flow", "m3/h")]).energy).toBe("energy(flow) by site every 1d last 7d zone Europe/Berlin"));
test("names that are more than a word stand in quotes", () => expect(texts([series("flow rate", "m3/h", "plant 2")]).raw).toBe('raw("flow rate") at "plant 2" last 1h newest first'));
test("nothing of a template is left", () => expect(Object.values(texts([series("flow", "m3/h")])).filter((text) => /[{}]|undefined/.test(text))).toEqual([]));
