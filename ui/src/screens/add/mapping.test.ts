import { expect, test } from "vitest";
import { faultOf, guess, rowMaker } from "./mapping";
import { meaningOf, usualUnit } from "./units";

const WIDE = { delimiter: ";", header: ["Timestamp", "Device", "Temperature (°C)", "Power [kW]", "Note"], rows: [["2026-01-01T00:00:00Z", "m-1", "21,5", "1.2", "ok"]] } as const;
const LONG = { delimiter: ",", header: ["time", "sensor_id", "metric", "value", "unit"], rows: [["1767225600", "t-1", "temperature", "20", "°C"]] } as const;
const of = (preview: object) => guess(preview as Parameters<typeof guess>[0], "plant 1.csv", "UTC");

test("a wide file: time, sensor and measures with their units are recognised", () => {
  const { columns, timeForm } = of(WIDE);
  expect(columns.map(({ role }) => role)).toEqual(["time", "sensor", "measure", "measure", "none"]);
  expect(columns.slice(2, 4).map(({ metric, unit }) => [metric, unit])).toEqual([["temperature", "degC"], ["power", "kW"]]);
  expect(timeForm).toBe("iso");
});
test("a wide record is one row with a metric for each measure", () => {
  expect(rowMaker(of(WIDE))(WIDE.rows[0])).toMatchObject({
    row: { sensor_id: "m-1", site_id: "default", ts: 1_767_225_600_000, temperature: 21.5, power: 1.2, units: { temperature: "degC", power: "kW" } },
  });
});
test("a long record is one reading", () => {
  expect(rowMaker(of(LONG))(LONG.rows[0])).toMatchObject({ row: { sensor_id: "t-1", ts: 1_767_225_600_000, metric: "temperature", value: 20, unit: "degC" } });
});
test("a file that names no sensor is named after itself", () => expect(of({ ...LONG, header: ["time", "x", "y", "value", "unit"] }).sensor).toBe("plant-1"));
test.each([
  [["never", "m-1", "1", "2", ""], "badTime"],
  [["2026-01-01T00:00:00Z", "", "1", "2", ""], "emptySensor"],
  [["2026-01-01T00:00:00Z", "m-1", "warm", "2", ""], "badNumber"],
  [["2026-01-01T00:00:00Z", "m-1", "", "NA", ""], "noValue"],
])("a faulty record %j says %s", (cells, fault) => expect(rowMaker(of(WIDE))(cells)).toMatchObject({ fault }));
test("nothing is sent without a time", () => expect(faultOf({ ...of(WIDE), columns: of(WIDE).columns.slice(1) })).toBe("noTime"));
test("two columns of one metric are refused", () => {
  const mapping = of(WIDE);
  expect(faultOf({ ...mapping, columns: mapping.columns.map((column) => ({ ...column, metric: "power" })) })).toBe("twice");
});
test("a name that says its unit gets none beside it", () => expect([usualUnit("power_kw"), usualUnit("temperature"), usualUnit("fan_speed")]).toEqual(["", "degC", ""]));
test("a unit in brackets is taken out of the name", () => expect(meaningOf("Leistung Gesamt [kW]")).toEqual({ metric: "leistung_gesamt", unit: "kW" }));
