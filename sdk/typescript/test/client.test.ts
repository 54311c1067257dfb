/** The client against a running platform. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, PenstockError, Unavailable } from "../src/index.js";
import { T0, until, url } from "./gate.js";

const client = new Client({ url });

test("rows are written once, and read back typed, over all pages", async () => {
  const rows = Array.from({ length: 25 }, (_, i) => ({
    sensor_id: "ts/1",
    site_id: "ts",
    metric: "power_w",
    value: i,
    ts: T0 + i * 1000,
  }));
  const verdicts = await client.write(rows, "ts-rows");
  assert.equal(verdicts.accepted, 25);
  assert.equal((await client.write(rows, "ts-rows")).receipt, verdicts.receipt);
  const recent = (cursor?: string) =>
    client.http.GET("/v1/sensors/{sensor}/recent", {
      params: { path: { sensor: "ts/1" }, query: { limit: 10, ...(cursor ? { cursor } : {}) } },
    });
  // Until its first reading is stored the sensor is not known: 404.
  await until(async () => (await recent()).data?.data.length === 10, "the rows in the store");
  const values: Array<number | null | undefined> = [];
  for await (const row of client.rows(recent)) values.push(row.value);
  assert.deepEqual(values, Array.from({ length: 25 }, (_, i) => 24 - i));
});

test("an answer says how fresh it is", async () => {
  const page = await client.ask(client.http.GET("/v1/latest", { params: { query: { site: "ts" } } }));
  assert.equal(typeof page.complete, "boolean");
  assert.ok(page.staleness_ms >= 0);
  assert.ok(Date.parse(page.as_of) > 0);
});

test("a refusal is an error with a code and the rows", async () => {
  const refused = client.write([{ sensor_id: "ts", metric: "temperature", value: -4, ts: T0 }]);
  await assert.rejects(refused, (error: PenstockError) => {
    assert.equal(error.status, 400);
    assert.equal(error.errors[0]?.["row"], 0);
    return error.code.length > 0;
  });
  const stranger = new Client({ url, key: "wrong" });
  await assert.rejects(stranger.ask(stranger.http.GET("/v1/latest")), { status: 401 });
});

test("nobody there is Unavailable", async () => {
  const lost = new Client({ url: "http://127.0.0.1:9", retry: { attempts: 2, first: 0.01 } });
  await assert.rejects(lost.ask(lost.http.GET("/v1/latest")), Unavailable);
});

test("live rows are heard from when the stream stands", async () => {
  const end = new AbortController();
  const heard: number[] = [];
  const rows = client.live({ sensor: "ts-live", signal: end.signal, onOpen: () => void send() });
  const send = () => client.write([1, 2].map((value) => ({ sensor_id: "ts-live", metric: "m", value, ts: Date.now() + value })));
  for await (const row of rows) {
    assert.equal(row.kind, "reading");
    if (row.kind === "reading") heard.push(row.row.value ?? Number.NaN);
    if (heard.length === 2) break;
  }
  assert.deepEqual(heard, [1, 2]);
  end.abort();
});
