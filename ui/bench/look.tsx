/** Every chart in its states, with data that is made up: for looking at, never shipped. */

import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { Gauge, HeatMap, Sparkline, StackBars, Tiles, TimeChart } from "../src/charts";
import { Toasts } from "../src/forms";
import "../src/style/base.css";
import "../src/style/tokens.css";
import { changed, fleet, randomFrom } from "./data";
import * as made from "./made";

const ZONE = "Europe/Berlin";

function Card({ wide = false, children }: { wide?: boolean; children: ReactNode }): ReactNode {
  const style = { gridColumn: wide ? "1 / -1" : "auto", minWidth: 0, padding: "var(--space-3)", background: "var(--surface)", border: "1px solid var(--line)", borderRadius: "var(--radius)" };
  return <section style={style}>{children}</section>;
}

function Charts(): ReactNode {
  return (
    <main style={{ display: "grid", gap: "var(--space-3)", padding: "var(--space-3)", gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 30rem), 1fr))" }}>
      <h1 style={{ gridColumn: "1 / -1" }}>Charts</h1>
      <Card>
        <TimeChart title="Temperature of rooms, with a gap" {...made.rooms} zone={ZONE} syncKey="look" markers={made.markers} limits={[{ value: 24, label: "Comfort, upper end" }]} exportAs={made.question} truth={{ downsampled: true, tier: 900_000, percentGood: 93.2, asOf: made.END }} />
      </Card>
      <Card>
        <TimeChart title="Power and temperature, least to greatest" {...made.power} zone={ZONE} syncKey="look" />
      </Card>
      <Card>
        <TimeChart title="Where power comes from" {...made.flow} zone={ZONE} syncKey="look" />
      </Card>
      <Card>
        <TimeChart title="Energy per hour" {...made.bars} zone={ZONE} />
      </Card>
      <Card>
        <TimeChart title="Forecast" {...made.forecast} zone={ZONE} limits={[{ value: 42_000, label: "Contracted peak" }]} />
      </Card>
      <Card>
        <TimeChart title="Twelve lines and a third unit" {...made.many} zone={ZONE} />
      </Card>
      <Card>
        <Streaming />
      </Card>
      <Card>
        <TimeChart title="Nothing was measured" times={[]} lines={[{ id: "a", label: "Power", unit: "W", values: [] }]} zone={ZONE} stepMs={60_000} range={{ from: made.END - 3_600_000, to: made.END }} />
      </Card>
      <Card wide>
        <HeatMap title="Rooms over a week" {...made.heat} zone={ZONE} />
      </Card>
      <Card wide>
        <HeatMap title="Rooms against 21 °C" {...made.heat} middle={21} zone={ZONE} onOpen={(row) => console.info(row.id)} />
      </Card>
      <Card wide>
        <Fleet count={10_000} />
      </Card>
      <Card>
        <Fleet count={120} />
      </Card>
      <Card>
        <StackBars title="Energy per day" {...made.days} />
      </Card>
      <Card>
        <div style={{ display: "flex", flexWrap: "wrap", gap: "var(--space-4)" }}>
          <Gauge label="State of charge" value={62} unit="%" min={0} max={100} zones={[{ from: 0, to: 15, tone: "bad" }, { from: 15, to: 30, tone: "warn" }]} note="reported by the BMS" />
          <Gauge label="Temperature" value={47} unit="degC" min={-10} max={60} zones={[{ from: 40, to: 60, tone: "bad" }]} />
          <Gauge label="State of health" value={null} unit="%" min={50} max={100} />
        </div>
      </Card>
      <Card>
        <p>
          Power <Sparkline label="Power" values={made.power.lines[0]?.values ?? []} unit="W" /> with a hole{" "}
          <Sparkline label="Temperature" values={made.rooms.lines[0]?.values ?? []} times={made.rooms.times} stepMs={made.rooms.stepMs} color="--line-3" /> nothing <Sparkline label="Nothing" values={[]} />
        </p>
      </Card>
      <Toasts />
    </main>
  );
}

function Fleet({ count }: { count: number }): ReactNode {
  const [tiles, setTiles] = useState(() => fleet(count, 1));
  useEffect(() => {
    const random = randomFrom(7);
    const timer = setInterval(() => setTiles((now) => changed(now, 0.01, random)), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <Tiles title={`${count} batteries`} tiles={tiles} maxHeight={420} onOpen={(tile) => console.info(tile.id)} />;
}

/** A reading every half second, silent for a while now and then. */
function Streaming(): ReactNode {
  const [data, setData] = useState(() => made.recent(Date.now()));
  useEffect(() => {
    const timer = setInterval(() => {
      if (Date.now() % 30_000 > 6_000) setData((now) => made.appended(now, Date.now()));
    }, 500);
    return () => clearInterval(timer);
  }, []);
  return <TimeChart title="Live" times={data.times} lines={[{ id: "p", label: "Power", unit: "W", values: data.values }]} zone={ZONE} stepMs={500} live range={{ from: 0, to: 60_000 }} />;
}

const route = createRootRoute({ component: Charts });
const router = createRouter({ routeTree: route, history: createMemoryHistory() });

createRoot(document.getElementById("root") as HTMLElement).render(<RouterProvider router={router} />);
