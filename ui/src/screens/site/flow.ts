/** The energy flow of a site as a drawing: where its nodes stand, and how what flows between them looks. */
import type { Key } from "../../i18n";
import type { FlowAnswer } from "./ask";

export const NODES = ["pv", "grid", "battery", "ev", "load", "unmetered"] as const;
export type NodeName = (typeof NODES)[number];

export const NODE_WORDS = {
  pv: "site.pv",
  grid: "site.grid",
  battery: "site.battery",
  ev: "site.ev",
  load: "site.load",
  unmetered: "site.unmetered",
} as const satisfies Record<NodeName, Key>;

/** One colour for a node wherever it is drawn on the screen. */
export const NODE_COLORS: Readonly<Record<NodeName, string>> = {
  pv: "--line-5",
  grid: "--line-7",
  battery: "--line-3",
  ev: "--line-4",
  load: "--line-1",
  unmetered: "--line-6",
};

export const VIEW = { width: 380, height: 360, radius: 52 } as const;
const MIDDLE = { x: 190, y: 180 };

/** Always the same place, whatever else is there. */
const PLACES: Readonly<Record<NodeName, { x: number; y: number }>> = {
  pv: { x: 190, y: 56 },
  grid: { x: 56, y: 180 },
  load: { x: 324, y: 180 },
  battery: { x: 190, y: 304 },
  ev: { x: 324, y: 304 },
  unmetered: { x: 56, y: 56 },
};

/** How a node is known: by meters, by what the others leave over, or not at all. */
export type Known = "measured" | "derived" | "unknown";

export interface DrawnNode {
  readonly name: NodeName;
  readonly x: number;
  readonly y: number;
  readonly known: Known;
  /** Positive feeds the site; null where it is not known. W. */
  readonly power: number | null;
  /** What it does with the power, for nodes that go both ways. */
  readonly does: Key | undefined;
}

export interface DrawnFlow {
  readonly from: NodeName;
  readonly to: NodeName;
  readonly power: number;
  readonly path: string;
  /** In units of the drawing, as all lengths here. */
  readonly width: number;
  /** Of one dot from end to end. */
  readonly seconds: number;
}

const IDLE_W = 1;

export function drawnNodes(answer: FlowAnswer): DrawnNode[] {
  return (answer.nodes ?? [])
    // What nobody meters is no part of its own: without a balance there is nothing to say about it.
    .filter((node) => node.present === true && isNode(node.node) && !(node.node === "unmetered" && node.power_w == null))
    .map((node) => {
      const name = node.node as NodeName;
      const power = node.power_w ?? null;
      return { name, ...PLACES[name], power, known: power === null ? "unknown" : node.derived === true ? "derived" : "measured", does: doing(name, power) };
    });
}

function doing(name: NodeName, power: number | null): Key | undefined {
  if (power === null) return undefined;
  if (name === "pv" && power <= -IDLE_W) return "site.takes";
  if (name !== "grid" && name !== "battery") return undefined;
  if (Math.abs(power) < IDLE_W) return "site.idle";
  if (name === "grid") return power > 0 ? "site.delivers" : "site.takes";
  return power > 0 ? "site.discharges" : "site.charges";
}

/** Strokes by the square root of power, so that small ones are seen beside great ones; dots are faster the more flows. */
export function drawnFlows(answer: FlowAnswer): DrawnFlow[] {
  const flows = (answer.flows ?? []).filter((flow) => isNode(flow.from) && isNode(flow.to) && (flow.power_w ?? 0) >= IDLE_W);
  const most = Math.max(...flows.map((flow) => flow.power_w ?? 0));
  return flows.map((flow) => {
    const [from, to, power] = [flow.from as NodeName, flow.to as NodeName, flow.power_w ?? 0];
    const share = Math.sqrt(power / most);
    return { from, to, power, path: pathOf(from, to), width: 1.5 + 5.5 * share, seconds: Math.round(10 * (2 + 6 * (1 - share))) / 10 };
  });
}

/** From rim to rim, bent towards the middle, where lines that go elsewhere part. */
export function pathOf(from: NodeName, to: NodeName): string {
  const [a, b] = [PLACES[from], PLACES[to]];
  const start = towards(a, MIDDLE, VIEW.radius);
  const end = towards(b, MIDDLE, VIEW.radius);
  return `M${start.x},${start.y}Q${MIDDLE.x},${MIDDLE.y} ${end.x},${end.y}`;
}

type Point = Readonly<{ x: number; y: number }>;

function towards(a: Point, b: Point, length: number): Point {
  const whole = Math.hypot(b.x - a.x, b.y - a.y);
  const round = (value: number) => Math.round(value * 10) / 10;
  return { x: round(a.x + ((b.x - a.x) * length) / whole), y: round(a.y + ((b.y - a.y) * length) / whole) };
}

function isNode(name: string | null | undefined): name is NodeName {
  return (NODES as readonly (string | null | undefined)[]).includes(name);
}
