/** A chart's question as code that asks it again: for a shell, for Python, for GraphQL. */

import type { components } from "@schema";

type Schemas = components["schemas"];
type Loose<T> = { [K in keyof T]?: T[K] | undefined };
type Select = Loose<Schemas["Select"]>;
type Then = Loose<Schemas["Then"]> & Pick<Schemas["Then"], "fn">;
type Fetch = Loose<Omit<Schemas["Fetch"], "where" | "then">> & { where?: Select | undefined; then?: Then | null | undefined };

/** A query as `POST /v1/query` takes it: what has a default may be left out. */
export type Question = Loose<Omit<Schemas["QueryDocument"], "fetch" | "start">> & {
  fetch: Record<string, Fetch>;
  start: string | number;
};

/** A query as a document, or in words (docs/query-language.md). */
export type Askable = Question | string;

const RELATIVE = /^(?:now)?\s*-\s*(\d+)(ms|s|m|h|d|w)$/;
const UNITS: Readonly<Record<string, { ms: number; python: string }>> = {
  ms: { ms: 1, python: "milliseconds" },
  s: { ms: 1_000, python: "seconds" },
  m: { ms: 60_000, python: "minutes" },
  h: { ms: 3_600_000, python: "hours" },
  d: { ms: 86_400_000, python: "days" },
  w: { ms: 604_800_000, python: "weeks" },
};

/** For a shell with curl 7.82 or later. The key comes from PENSTOCK_KEY, never from the page. */
export function asCurl(question: Askable, origin: string): string {
  const start = `curl ${typeof question === "string" ? "-G " : ""}${origin}/v1/query -H "Authorization: Bearer $PENSTOCK_KEY"`;
  if (typeof question === "string") return `${start} --data-urlencode ${shell(`q=${question}`)}\n`;
  return `${start} --json ${shell(JSON.stringify(spare(question), null, 2))}\n`;
}

/** A word of a POSIX shell that stands for exactly this text. */
export function shell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** For `penstock_client`. `now` (epoch ms) is what times before now are counted from where they have no other words. */
export function asPython(question: Askable, origin: string, now: number): string {
  const client = `with Client(url=${python(origin)}) as client:  # the key is in PENSTOCK_KEY\n`;
  const rows = (asked: string) => `    for row in client.query(${asked}):\n        print(row.ts, row.name, row.groups, row.value, row.unit)\n`;
  if (typeof question === "string") return `from penstock_client import Client\n\n${client}${rows(python(question))}`;
  const fetches = Object.entries(question.fetch).map(([name, fetch]) => `            ${python(name)}: ${pythonFetch(fetch)},\n`);
  const members = (["window", "zone", "math", "show", "fill", "max_points", "descending"] as const)
    .filter((name) => question[name] !== undefined && question[name] !== null)
    .map((name) => `        ${name}=${name === "show" ? tuple(question.show ?? []) : python(question[name])},\n`);
  const span = typeof question.start === "string" && (question.end ?? "now") === "now" ? RELATIVE.exec(question.start) : null;
  const unit = UNITS[span?.[2] ?? ""];
  const begin =
    span !== null && unit !== undefined
      ? `Query.last(\n        timedelta(${unit.python}=${span[1]}),\n`
      : `Query.between(\n        ${python(rfc3339(question.start, now))},\n        ${python(rfc3339(question.end ?? "now", now))},\n`;
  return [
    span === null ? "" : "from datetime import timedelta\n\n",
    "from penstock_client import Client, Query, fetch\n\n",
    client,
    `    query = ${begin}        {\n${fetches.join("")}        },\n${members.join("")}    )\n`,
    rows("query"),
  ].join("");
}

/** For /graphiql, or any client of GraphQL, where times before now are not known: they are counted from `now` (epoch ms). */
export function asGraphQL(question: Question, now: number): string {
  const { start, end, fetch, window, zone, math, show, fill, max_points, descending } = question;
  const fetches = Object.entries(fetch).map(([name, { where, fn, q, by, then, unit, shift }]) => ({
    name,
    where: where && { ...where, tags: pairs(where.tags, "key", "value") },
    fn: fn && new Name(fn.toUpperCase()),
    q,
    by: filled(by),
    then: then && { fn: new Name(then.fn.toUpperCase()), by: filled(then.by), q: then.q },
    unit,
    shift,
  }));
  const input = {
    start: rfc3339(start, now),
    end: rfc3339(end ?? "now", now),
    fetch: fetches,
    window,
    zone,
    math: pairs(math, "name", "expression"),
    show: filled(show),
    fill: fill && new Name(fill.toUpperCase()),
    maxPoints: max_points,
    descending,
  };
  const wanted = "lines { name metric unit groups { key value } columns { ts value } }";
  return `{\n  query(input: ${graphql(input, "  ")}) {\n    ${wanted}\n    window tier downsampled freshness { asOf stalenessMs complete }\n  }\n}\n`;
}

/** Epoch ms of a time as a question says it. Throws RangeError for what is no time. */
export function instant(said: string | number, now: number): number {
  if (typeof said === "number") return said;
  if (said.trim() === "now") return now;
  const [, count, unit] = RELATIVE.exec(said.trim()) ?? [];
  const ms = unit === undefined ? Date.parse(said) : now - Number(count) * (UNITS[unit]?.ms ?? Number.NaN);
  if (Number.isNaN(ms)) throw new RangeError(`${said} is not a time: write RFC 3339, epoch ms, now or -24h`);
  return ms;
}

function rfc3339(said: string | number, now: number): string {
  return new Date(instant(said, now)).toISOString().replace(".000Z", "Z");
}

/** The question without members that are null or undefined. */
function spare(question: Question): unknown {
  return JSON.parse(JSON.stringify(question, (_, value: unknown) => (value === null ? undefined : value)));
}

function pythonFetch({ where, fn, q, by, then, unit, shift }: Fetch): string {
  const { metric, ...places } = where ?? {};
  const named = Object.entries({ ...places, by: filled(by), q, unit }).filter(([, value]) => value !== null && value !== undefined);
  const shown = named.filter(([name, value]) => name !== "tags" || Object.keys(value as object).length > 0);
  const texts = shown.map(([name, value]) => `, ${name}=${Array.isArray(value) ? tuple(value as string[]) : python(value)}`);
  const over = then ? `.over(${python(then.fn)}${then.by?.length ? `, by=${tuple(then.by)}` : ""}${then.q == null ? "" : `, q=${then.q}`})` : "";
  const shifted = shift ? `.shifted(${python(shift)})` : "";
  return `fetch(${python(fn ?? "mean")}${metric ? `, ${python(metric)}` : ""}${texts.join("")})${over}${shifted}`;
}

/** A literal of Python: JSON's texts and numbers are Python's, too. */
function python(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object" || value === null) return value === null ? "None" : JSON.stringify(value);
  return `{${Object.entries(value).map(([name, member]) => `${python(name)}: ${python(member)}`).join(", ")}}`;
}

function tuple(values: readonly string[]): string {
  return values.length === 1 ? `(${python(values[0])},)` : `(${values.map(python).join(", ")})`;
}

/** An enumeration's value, which GraphQL writes without quotes. */
class Name {
  constructor(readonly text: string) {}
}

function graphql(value: unknown, indent: string): string {
  if (value instanceof Name) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) return `[${value.map((member) => graphql(member, indent)).join(", ")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return `{\n${members.map(([name, member]) => `${deeper}${name}: ${graphql(member, deeper)}\n`).join("")}${indent}}`;
}

function filled<T>(values: T[] | undefined): T[] | undefined {
  return values?.length ? values : undefined;
}

function pairs(members: Record<string, string> | undefined, key: string, value: string): Record<string, string>[] | undefined {
  return filled(Object.entries(members ?? {}).map(([name, text]) => ({ [key]: name, [value]: text })));
}
