/** What somebody pastes elsewhere to send the first reading, filled in with this server, their key and their names. */

export const WAYS = ["curl", "python", "telegraf", "nats"] as const;
export type Way = (typeof WAYS)[number];

/** Where the snippets find the key until one is shown in them. */
export const VARIABLE = "PENSTOCK_KEY";

export interface Naming {
  readonly origin: string;
  /** The broker's address, as the server tells it; null where NATS clients speak for another tenant. */
  readonly nats: string | null;
  /** The API key; null: it is in the environment. */
  readonly key: string | null;
  readonly site: string;
  readonly sensor: string;
  readonly metric: string;
  /** "" where the metric's own unit is meant. */
  readonly unit: string;
}

/** The name under which the ledger counts what comes from these snippets. */
export function sourceOf(sensor: string): string {
  return `add-${sensor.toLowerCase().replace(/[^a-z0-9_.-]+/g, "-")}`.slice(0, 32);
}

function fields({ site, sensor, metric, unit }: Naming): string {
  const said = { site_id: site, sensor_id: sensor, metric, ...(unit ? { unit } : {}) };
  return JSON.stringify(said).slice(1, -1).replaceAll('":', '": ').replaceAll(',"', ', "');
}

/** A text inside single quotes of a POSIX shell. */
const quoted = (text: string): string => text.replaceAll("'", `'\\''`);

export function curl(naming: Naming): string {
  return [
    `curl ${naming.origin}/v1/readings \\`,
    // Inside double quotes, where a shell puts in what a variable holds.
    `  -H "Authorization: Bearer ${naming.key ?? `$${VARIABLE}`}" \\`,
    `  -H 'X-Penstock-Source: ${sourceOf(naming.sensor)}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{${quoted(fields(naming)).replace(', "metric"', `,\n       "metric"`)},`,
    `       "value": 21.5, "ts": '$(date +%s)'000}'`,
  ].join("\n");
}

export function python(naming: Naming): string {
  const { key } = naming;
  const bearer = key === null ? `"Bearer " + os.environ["${VARIABLE}"]` : `"Bearer ${key}"`;
  return `import json, ${key === null ? "os, " : ""}time, urllib.request

headers = {
    "Authorization": ${bearer},
    "X-Penstock-Source": "${sourceOf(naming.sensor)}",
    "Content-Type": "application/json",
}
for n in range(60):
    row = {${fields(naming)}, "value": 20 + n % 5, "ts": time.time_ns() // 1_000_000}
    request = urllib.request.Request("${naming.origin}/v1/readings", json.dumps(row).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        print(answer.read().decode())
    time.sleep(1)`;
}

const toml = (text: string): string => JSON.stringify(text);

export function telegraf({ origin, key, site, sensor }: Naming): string {
  return `[agent]
  interval = "5s"
  flush_interval = "5s"

[global_tags]
  site_id = ${toml(site)}
  sensor_id = ${toml(sensor)}

[[inputs.cpu]]
  percpu = false

[[inputs.mem]]

[[outputs.influxdb_v2]]
  urls = [${toml(origin)}]
  token = ${toml(key ?? `$${VARIABLE}`)}
  organization = "any"
  bucket = "any"
  content_encoding = "gzip"
  [outputs.influxdb_v2.http_headers]
    X-Penstock-Source = ${toml(sourceOf(sensor))}`;
}

export function nats({ nats: server, sensor }: Naming): string {
  return `# an event, as a security system sends it
nats --server ${server} pub events \\
  '{"criticality": 5, "timestamp": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'", "eventMessage": "hello from NATS", "source": ${quoted(JSON.stringify(sensor))}}'

# the newest readings of a sensor
nats --server ${server} req readings.latest '{"sensor_id": ${quoted(JSON.stringify(sensor))}}'`;
}

export const SNIPPETS: Readonly<Record<Way, (naming: Naming) => string>> = { curl, python, telegraf, nats };
