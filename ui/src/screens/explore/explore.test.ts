import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://test" });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { nextName, parseAsk, printAsk, questionOf } = await import("./ask");
const { asPromQL, asText } = await import("./text");
const { costOf, windowMs } = await import("./cost");
const { promAnswer, stepFor } = await import("./prom");
const { askOfSensor, firstAsk } = await import("./useSeries");
const { cellsOf } = await import("./cells");
const { rangeClause, rangeEnds } = await import("./rangeClause");
const { placeOf } = await import("./place");
const { withRecent } = await import("./recent");
const { PRESETS } = await import("../../time/presets");

type Ask = ReturnType<typeof firstAsk>;
type Row = Ask["rows"][number];
const row = (part: Partial<Row> = {}): Row => ({ name: "a", metric: "temperature", fn: "mean", where: {}, by: [], ...part });
const askOf = (part: Partial<Ask> = {}): Ask => ({ rows: [row()], math: [], window: "auto", fill: "none", ...part });
const series = (sensor: string, metric: string, more: object = {}) => ({ site: "hq", sensor, metric, unit: metric === "temperature" ? "K" : "W", building: "", room: "", equipment: "", tags: {}, ...more });
const ROOMS = [series("t1", "temperature", { building: "hq", room: "1" }), series("t2", "temperature", { building: "hq", room: "2" }), series("m", "power_w")];
const ASKED = { start: "-24h", end: "now", zone: "UTC", degrees: "degC", unitOf: (metric: string) => (metric === "temperature" ? "K" : "W") } as const;

test.each([
  [askOf()],
  [askOf({ rows: [row({ where: { building: "hq", "tag:floor": "2*" }, by: ["room"], fn: "max", shift: "1d" }), row({ name: "b", metric: "" })], math: [{ name: "c", expression: "a - b" }], window: "15m", fill: "linear" })],
])("a question survives the URL (%#)", (ask) => expect(parseAsk(printAsk(ask))).toEqual(ask));

test.each([["{"], ["[]"], ['{"rows":[]}'], ['{"rows":[{"name":"a","metric":"x","fn":"worst"}]}'], ['{"rows":[{"name":"1 a","metric":"x"}]}'], ['{"rows":[{"name":"a","metric":"x"}],"fill":"x"}']])("a link that holds no question gives none: %s", (text) =>
  expect(parseAsk(text)).toBeUndefined(),
);

test("temperatures are asked for in the reader's unit, differences of them are not", () => {
  expect(questionOf(askOf(), ASKED)?.fetch["a"]?.unit).toBe("degC");
  expect(questionOf(askOf({ rows: [row({ fn: "stddev" })] }), ASKED)?.fetch["a"]?.unit).toBeUndefined();
});

test("places and tags filter, empty filters do not, percentiles have their number", () => {
  const ask = askOf({ rows: [row({ fn: "p95", where: { building: "hq", room: "", "tag:floor": "2" }, by: ["room"] })] });
  expect(questionOf(ask, ASKED)?.fetch["a"]).toEqual({ where: { metric: "temperature", building: "hq", tags: { floor: "2" } }, fn: "percentile", q: 95, by: ["room"], unit: "degC" });
});

test("a question without a metric is none", () => expect(questionOf(askOf({ rows: [row({ metric: "" })] }), ASKED)).toBeUndefined());
test("names go on where they are free", () => expect(nextName(askOf({ math: [{ name: "b", expression: "a" }] }))).toBe("c"));

test("one row in words", () => {
  const ask = askOf({ rows: [row({ where: { building: "hq", room: "b*" }, by: ["room"] })], window: "15m" });
  expect(asText(ask, "last 24h", ASKED)).toBe("mean(temperature) in degC where building=hq and room~b* by room every 15m last 24h");
});

test("formulas in words have what their names stand for, and keep their functions", () => {
  const ask = askOf({ rows: [row(), row({ name: "max", fn: "max" })], math: [{ name: "c", expression: "max(a, max)" }] });
  expect(asText(ask, "last 1h", { ...ASKED, degrees: "K" })).toBe("(mean(temperature)) as a, (max(temperature)) as max, max((mean(temperature)), (max(temperature))) as c last 1h");
});

test("names with odd letters are quoted", () => expect(asText(askOf({ rows: [row({ metric: 'a "b"' })] }), "last 1h", ASKED)).toBe('mean("a \\"b\\"") last 1h'));

test("a mean in PromQL weighs readings, as the platform's does", () => {
  expect(asPromQL(askOf({ rows: [row({ where: { room: "r*" }, by: ["room"] })] }), "15m")).toEqual({
    query: 'sum by (room) (sum_over_time(temperature{room=~"r.*"}[15m])) / sum by (room) (count_over_time(temperature{room=~"r.*"}[15m]))',
  });
});

test("what PromQL cannot say is said", () => {
  expect(asPromQL(askOf({ rows: [row(), row({ name: "b" })] }), "15m")).toEqual({ reason: "rows" });
  expect(asPromQL(askOf({ rows: [row({ fn: "energy" })] }), "15m")).toEqual({ reason: "fn" });
  expect(asPromQL(askOf(), "1mo")).toEqual({ reason: "window" });
});

test("a table has the time first, then what tells rows apart; what all rows share is offered", () => {
  const answer = promAnswer([{ metric: { __name__: "t", room: "r1", floor: "2" }, values: [[1, "2.5"]] }, { metric: { __name__: "t", room: "r2", floor: "2" }, values: [[1, "3"]] }], 1_000, 5);
  const { columns } = cellsOf(answer, "UTC");
  expect(columns.filter((one) => one.isExtra !== true).map((one) => one.label)).toEqual(["Time", "floor", "Room", "Value"]);
  expect(columns.filter((one) => one.isExtra === true).map((one) => one.label)).toEqual(["Metric", "Line", "Unit"]);
});

test("the cost counts series, lines and windows", () => {
  const cost = costOf(askOf({ rows: [row({ by: ["room"] })], window: "1h" }), ROOMS, 86_400_000);
  expect([cost.series, cost.lines, cost.windows, cost.points, cost.over]).toEqual([2, 2, 25, 50, undefined]);
});

test("too many points: the finest usual window that fits is offered", () => {
  const cost = costOf(askOf({ rows: [row({ by: ["room"] })], window: "1m" }), ROOMS, 100 * 86_400_000);
  expect([cost.over, cost.fitting]).toEqual(["points", "5m"]);
});

test("nobody knows how many readings there are", () => expect(costOf(askOf({ rows: [row({ fn: "raw" })] }), ROOMS, 1_000).points).toBeUndefined());
test.each([["15m", 900_000], ["1mo", 2_592_000_000], ["auto", undefined]])("a window of %s", (text, ms) => expect(windowMs(text)).toBe(ms));

test("the first question is about rooms where there are rooms", () => expect(firstAsk(ROOMS).rows[0]).toEqual(row({ where: { building: "hq" }, by: ["room"] })));
test("without rooms it is about the commonest metric", () => expect(firstAsk([series("m", "power_w"), series("n", "power_w"), series("x", "soc")]).rows[0]).toEqual(row({ metric: "power_w", by: ["site"] })));
test("a link to a sensor asks for its metrics", () => expect(askOfSensor([...ROOMS, series("m", "energy_wh")], "m", "hq").rows.map((one) => [one.name, one.metric, one.where])).toEqual([["a", "energy_wh", { site: "hq", sensor: "m" }], ["b", "power_w", { site: "hq", sensor: "m" }]]));

test("a range that rolls on is said as one", () => {
  const span = { from: 0, to: 1_000 };
  expect([rangeClause(PRESETS.h24, span), rangeEnds(PRESETS.h24, span).start]).toEqual(["last 24h", "-24h"]);
  expect(rangeClause(PRESETS.yesterday, span)).toBe("from 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z");
});

test("the place of a fault is where the refusal says", () => expect([placeOf("not understood at column 18, 'evry'"), placeOf("no")]).toEqual([17, undefined]));

test("PromQL's matrix becomes columns; what is no number is no value", () => {
  const answer = promAnswer([{ metric: { __name__: "t", site: "hq", floor: "2" }, values: [[1, "2.5"], [2, "NaN"]] }], 1_000, 5);
  expect(answer.columns).toMatchObject({ ts: [1_000, 2_000], metric: ["t", "t"], site_id: ["hq", "hq"], "tag:floor": ["2", "2"], value: [2.5, null] });
});
test.each([[3_600_000, 15], [86_400_000, 300], [365 * 86_400_000, 86_400]])("a range of %d ms has steps of %d s", (span, step) => expect(stepFor(span)).toBe(step));

test("a question that is asked again moves to the top, and twenty are kept", () => {
  const many = Array.from({ length: 25 }, (_, i) => ({ label: `${i}`, search: { ask: `${i}` } })).reduce(withRecent, [] as readonly { label: string; search: Record<string, string> }[]);
  expect(many.length).toBe(20);
  expect(withRecent(many, { label: "10", search: { ask: "10" } }).filter((one) => one.label === "10").length).toBe(1);
});
