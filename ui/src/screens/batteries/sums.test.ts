import { expect, test } from "vitest";
import { totalsOf } from "./sums";

test("powers add up, charges are averaged, and what is not known counts for nothing", () => {
  const of = totalsOf([
    { state: "ok", soc: 0.2, power_w: 500, c_rate: 0.1 },
    { state: "ok", soc: 0.6, power_w: -200, c_rate: -0.05 },
    { state: "silent", soc: null, power_w: null, c_rate: null },
  ]);
  expect(of).toEqual({ count: 3, charging: 1, discharging: 1, attention: 1, soc: 0.4, power: 300 });
});

test("without batteries there is no mean and no sum", () => expect(totalsOf([])).toMatchObject({ count: 0, soc: null, power: null }));

test("a battery rests while next to nothing flows", () => expect(totalsOf([{ state: "ok", c_rate: 0.001 }])).toMatchObject({ charging: 0, discharging: 0 }));
