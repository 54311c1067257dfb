/** The geometry of a half dial, on a drawing 100 wide whose middle is at (50, 50). */

/** A stretch of a scale. */
export interface Zone {
  from: number;
  to: number;
  tone: "warn" | "bad";
}

export type Tone = "normal" | Zone["tone"];

/** Where a value is between the ends of a scale, 0 to 1. */
export function shareOf(value: number, min: number, max: number): number {
  return max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;
}

/** The point of a share on the dial: 0 is on the left, 0.5 at the top, 1 on the right. */
export function pointAt(share: number, radius: number): { x: number; y: number } {
  const angle = Math.PI * (1 - share);
  return { x: round(50 + radius * Math.cos(angle)), y: round(50 - radius * Math.sin(angle)) };
}

/** SVG path data from one share to another. Half a circle at most, so it never is the large arc. */
export function arc(from: number, to: number, radius: number): string {
  const start = pointAt(from, radius);
  const end = pointAt(to, radius);
  return `M${start.x} ${start.y}A${radius} ${radius} 0 0 1 ${end.x} ${end.y}`;
}

/** The worst zone that a value lies in. */
export function toneAt(value: number, zones: readonly Zone[]): Tone {
  const hit = zones.filter((zone) => value >= zone.from && value <= zone.to);
  return hit.some((zone) => zone.tone === "bad") ? "bad" : hit.length > 0 ? "warn" : "normal";
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
