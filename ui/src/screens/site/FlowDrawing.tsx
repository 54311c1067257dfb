/** Who feeds whom at this moment. The platform balances it; nothing is computed here. */
import type { ReactNode } from "react";
import { fmt, t } from "../../i18n";
import type { FlowAnswer } from "./ask";
import { drawnFlows, drawnNodes, NODE_COLORS, NODE_WORDS, VIEW, type DrawnFlow, type DrawnNode } from "./flow";
import css from "./site.module.css";

/** Places of the dots along a path, as shares of it. */
const DOTS = [0, 1 / 3, 2 / 3] as const;

export function FlowDrawing({ answer }: { answer: FlowAnswer }): ReactNode {
  const nodes = drawnNodes(answer);
  const flows = drawnFlows(answer);
  return (
    <>
      <svg className={css["flow"]} viewBox={`0 0 ${VIEW.width} ${VIEW.height}`} aria-hidden="true">
        {flows.map((flow) => (
          <FlowLine key={`${flow.from} ${flow.to}`} flow={flow} />
        ))}
        {nodes.map((node) => (
          <FlowNode key={node.name} node={node} />
        ))}
      </svg>
      <FlowWords nodes={nodes} flows={flows} />
    </>
  );
}

function FlowLine({ flow }: { flow: DrawnFlow }): ReactNode {
  const paint = `var(${NODE_COLORS[flow.from]})`;
  return (
    <g style={{ color: paint }}>
      <path d={flow.path} className={css["line"]} strokeWidth={flow.width} />
      {DOTS.map((at) => (
        <path
          key={at}
          d="M-4,-4.5 5,0 -4,4.5z"
          className={css["dot"]}
          style={{ offsetPath: `path("${flow.path}")`, offsetDistance: `${100 * (at + 1 / 6)}%`, animationDuration: `${flow.seconds}s`, animationDelay: `${-at * flow.seconds}s` }}
        />
      ))}
    </g>
  );
}

function FlowNode({ node }: { node: DrawnNode }): ReactNode {
  const note = node.known === "derived" ? t("site.derived") : node.does === undefined ? "" : t(node.does);
  return (
    <g transform={`translate(${node.x} ${node.y})`}>
      <circle r={VIEW.radius} className={css["node"]} data-known={node.known} style={{ color: `var(${NODE_COLORS[node.name]})` }} />
      <text y={-16} className={css["nodeName"]}>
        {t(NODE_WORDS[node.name])}
      </text>
      {node.power === null ? (
        <text y={8} className={css["nodeNote"]}>
          {t("site.notMeasured")}
        </text>
      ) : (
        <text y={7} className={css["nodePower"]}>
          {fmt.number(Math.abs(node.power), "W", Math.abs(node.power) < 100_000 ? 1 : 0)}
        </text>
      )}
      <text y={27} className={css["nodeNote"]}>
        {note}
      </text>
    </g>
  );
}

/** The drawing for who does not see it. */
function FlowWords({ nodes, flows }: { nodes: readonly DrawnNode[]; flows: readonly DrawnFlow[] }): ReactNode {
  const power = (watts: number) => fmt.number(Math.abs(watts), "W");
  return (
    <ul className="visually-hidden">
      {nodes.map(({ name, power: watts, known, does }) => (
        <li key={name}>
          {`${t(NODE_WORDS[name])}: ${watts === null ? t("site.notMeasured") : [does && t(does), power(watts), known === "derived" && t("site.derived")].filter(Boolean).join(" ")}`}
        </li>
      ))}
      {flows.map((flow) => (
        <li key={`${flow.from} ${flow.to}`}>{t("site.flows", { from: t(NODE_WORDS[flow.from]), to: t(NODE_WORDS[flow.to]), power: power(flow.power) })}</li>
      ))}
    </ul>
  );
}
