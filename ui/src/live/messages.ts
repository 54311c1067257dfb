/** What the server says over /v1/live; the whole description is /v1/asyncapi.json. Numbers of series count within a subscription. */

export interface SeriesName {
  number: number;
  site_id: string;
  sensor_id: string;
  metric: string;
  unit: string;
}

export interface SecurityEvent {
  id: string;
  ts: string;
  timestamp: string;
  criticality: number;
  message: string;
  source: string;
}

interface Columns {
  id: string;
  token: string;
  series: number[];
  ts: number[];
  value: (number | null)[];
}

export type Message =
  | { op: "hello"; version: string; heartbeat_ms: number }
  | { op: "subscribed"; id: string; token: string; exact: boolean }
  | { op: "series"; id: string; series: SeriesName[] }
  | ({ op: "data" } & Columns)
  | ({ op: "backfill" } & Columns)
  | { op: "events"; id: string; token: string; data: SecurityEvent[] }
  | { op: "gap"; id: string; from: number; to: number; merged: number; events: number }
  | { op: "unsubscribed"; id: string }
  | { op: "pong" | "heartbeat"; ts: number }
  | { op: "error"; id?: string; code: string; detail: string; hint?: string };

/** The name of a series here and, as it is a pattern without `*`, towards the server. */
export const keyOf = (site: string, sensor: string, metric: string): string => [site, sensor, metric].map(part).join("/");

/** A part of a pattern that stands for exactly this text. */
export const part = (text: string): string => text.replaceAll("%", "%25").replaceAll("/", "%2F");
