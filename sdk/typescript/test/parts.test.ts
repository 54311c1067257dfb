/** What needs no platform: retries and live messages. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client, Parser, PenstockError } from "../src/index.js";
import { RETRY, backoff, retrying } from "../src/retry.js";

const QUICK = { ...RETRY, first: 0.001 };

function answering(...statuses: number[]): { tried: string[]; fetch: typeof fetch } {
  const tried: string[] = [];
  return {
    tried,
    fetch: async (input, init) => {
      tried.push(await new Request(input, init).text());
      const status = statuses.shift() ?? 200;
      return new Response(status === 200 ? '{"ok": true}' : '{"code": "busy", "retry_after_ms": 1}', { status });
    },
  };
}

test("what may pass is tried again with the same body, the rest is not", async () => {
  const busy = answering(429, 503, 200);
  const answer = await retrying(busy.fetch, QUICK)("http://x/", { method: "POST", body: "rows" });
  assert.equal(answer.status, 200);
  assert.deepEqual(busy.tried, ["rows", "rows", "rows"]);
  const wrong = answering(400, 200);
  assert.equal((await retrying(wrong.fetch, QUICK)("http://x/")).status, 400);
  assert.equal(wrong.tried.length, 1);
});

test("the last refusal is the answer", async () => {
  const busy = answering(503, 503, 503, 503, 503);
  assert.equal((await retrying(busy.fetch, QUICK)("http://x/")).status, 503);
  assert.equal(busy.tried.length, RETRY.attempts);
});

test("retries are a tenth of the requests once the burst is spent", async () => {
  const busy = answering(...Array<number>(1000).fill(503));
  const send = retrying(busy.fetch, { ...QUICK, attempts: 2 });
  for (let i = 0; i < 100; i++) await send("http://x/");
  assert.ok(busy.tried.length >= 100 + 10 + 8 && busy.tried.length <= 100 + 10 + 10, String(busy.tried.length));
});

test("a wait is at least what was asked for and at most its bound more", () => {
  for (let tries = 1; tries < 50; tries++) {
    const pause = backoff(RETRY, tries, 2, Math.random);
    assert.ok(pause >= 2 && pause <= 2 + Math.min(RETRY.longest, RETRY.first * 2 ** (tries - 1)));
  }
});

test("live rows are the same wherever the text is cut", () => {
  const stream =
    'retry: 2000\n: connected\n\nevent: readings\ndata: [{"sensor_id": "a:b"}, {"sensor_id": "c"}]\n\n: alive\n\n' +
    'event: gap\ndata: {"skipped": 12}\n\nevent: events\ndata: [{"id": "e"}]\n\nevent: news\ndata: {}\n\n';
  for (let cut = 0; cut <= stream.length; cut++) {
    const parser = new Parser();
    const rows = [...parser.feed(stream.slice(0, cut)), ...parser.feed(stream.slice(cut))];
    assert.deepEqual(rows.map((row) => row.kind), ["reading", "reading", "gap", "event"]);
  }
});

test("without a key nothing is sent", () => {
  const kept = process.env["PENSTOCK_KEY"];
  delete process.env["PENSTOCK_KEY"];
  assert.throws(() => new Client(), PenstockError);
  if (kept !== undefined) process.env["PENSTOCK_KEY"] = kept;
});
