/** Panels in every state, badges, banners, ages. */
import { useState, type ReactNode } from "react";
import { Problem } from "../src/api/problem";
import { Button } from "../src/forms";
import { Age, Badge, Banner, Empty, KeyValues, LinkBanner, Panel, Skeleton, Stale, type PanelQuery } from "../src/states";

const OPENED = Date.now();
const FULL = new Problem(429, {
  title: "Too many questions",
  detail: "600 of 600 questions this minute.",
  hint: "Ask less often, or for a longer window.",
  request_id: "01JX6Z3V9M",
  retry_after_ms: 20_000,
});
const DOWN = new Problem(503, { title: "The store is being restarted", detail: "Readings are kept meanwhile.", request_id: "01JX6Z3V9N" });
const GONE = new Problem(0, { detail: "Failed to fetch" });

function query(of: Partial<PanelQuery<string[]>>): PanelQuery<string[]> {
  return { data: undefined, error: null, isFetching: false, dataUpdatedAt: OPENED, refetch: () => undefined, ...of };
}

const PANELS: Record<string, PanelQuery<string[]>> = {
  "With data": query({ data: ["21.3 °C in room 12", "20.8 °C in room 14"] }),
  Loading: query({ isFetching: true }),
  "Old data while loading": query({ data: ["21.3 °C in room 12"], isFetching: true }),
  "Old data after an error": query({ data: ["21.3 °C in room 12"], error: DOWN }),
  Error: query({ error: DOWN }),
  "Too many requests": query({ error: FULL }),
  Unreachable: query({ error: GONE }),
  Empty: query({ data: [] }),
};

export function StatesGallery(): ReactNode {
  return (
    <>
      <Banner tone="normal">This is demo data.</Banner>
      <Banner tone="bad" actions={<Button>Details</Button>}>
        2 of 3 processes run.
      </Banner>
      <LinkBanner pausedSince={OPENED - 12_000} />
      <div style={{ display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 20rem), 1fr))", gap: "var(--space-4)" }}>
        {Object.entries(PANELS).map(([title, state]) => (
          <Panel
            key={title}
            title={title}
            state={state}
            actions={<Button tone="quiet" icon="more" aria-label={`Actions of ${title}`} />}
            skeleton={<Skeleton kind="text" lines={4} />}
            empty={(data) => (data.length === 0 ? <Empty why="No series yet" detail="Send the first reading." action={<Button tone="primary">Add data</Button>} /> : null)}
          >
            {(data) => data.map((line) => <p key={line}>{line}</p>)}
          </Panel>
        ))}
        <Panel title="Facts">
          <KeyValues
            facts={[
              { label: "Charge", value: <Stale ts={OPENED - 90_000} interval={10_000}>87 %</Stale> },
              { label: "Power", value: <Stale ts={OPENED + 3_600_000} interval={10_000}>1.2 kW</Stale> },
              { label: "Health", value: <>93 % <Badge kind="estimated">since 3 May</Badge></> },
              { label: "Seen", value: <Age ts={OPENED - 5_000} /> },
            ]}
          />
          <p>
            <Badge kind="downsampled" /> <Badge kind="interpolated" /> <Badge kind="late" /> <Badge kind="demo" />
          </p>
        </Panel>
        <Panel title="Skeletons">
          <div style={{ display: "grid", gap: "var(--space-4)" }}>
            <Skeleton kind="rows" lines={3} />
            <Skeleton height="4rem" />
          </div>
        </Panel>
      </div>
      <Broken />
    </>
  );
}

/** A refusal that can be made to come again, to see the countdown start over. */
function Broken(): ReactNode {
  const [tries, setTries] = useState(1);
  const error = new Problem(429, { title: `Refused ${tries} times`, detail: "Limit reached.", retry_after_ms: 5_000 });
  return (
    <Panel title="Retry" state={query({ error, refetch: () => setTries(tries + 1) })}>
      {null}
    </Panel>
  );
}
