/** The pipeline as a picture: what passes each stage, how long it takes, how full its queue is. */
import type { CSSProperties, ReactNode } from "react";
import { Sparkline } from "../../charts";
import { Icon } from "../../forms";
import { fmt, t } from "../../i18n";
import css from "./Flow.module.css";
import { useRates, type Pipeline, type Stage } from "./usePipeline";
import { CROWDED, depthText, fullness, lagText, named, TROUBLE } from "./words";

/** The way of a reading. Beside it: rollups are made of what is stored, live views of what passes the bus. */
const WAY = ["doors", "gate", "lanes", "store", "query"] as const;
const BESIDE: Readonly<Record<string, string>> = { rollups: "store", live: "lanes" };

/** Stages from left to right with arrows between them; on a narrow screen a list. */
export function Flow({ pipeline }: { pipeline: Pipeline }): ReactNode {
  const rates = useRates(pipeline);
  const stages = new Map((pipeline.stages ?? []).map((stage) => [stage.stage ?? "", stage] as const));
  const ways = WAY.flatMap((name) => stages.get(name) ?? []);
  const others = [...stages.values()].filter(({ stage }) => !WAY.some((name) => name === stage));
  return (
    <ol className={css["flow"]} style={{ "--stages": ways.length } as CSSProperties}>
      {ways.map((stage, i) => (
        <li key={stage.stage} className={css["node"]} style={{ gridColumn: i + 1, gridRow: 1 }}>
          <Card stage={stage} rates={rates[stage.stage ?? ""] ?? []} />
          {i < ways.length - 1 && <Arrow rate={ways[i + 1]?.rate_10s ?? 0} />}
        </li>
      ))}
      {others.map((stage) => {
        const column = ways.findIndex((one) => one.stage === BESIDE[stage.stage ?? ""]);
        return (
          <li key={stage.stage} className={css["node"]} data-beside="" style={{ gridColumn: column < 0 ? "auto" : column + 1, gridRow: 2 }}>
            <Arrow isDown rate={stage.rate_10s ?? 0} />
            <Card stage={stage} rates={rates[stage.stage ?? ""] ?? []} />
          </li>
        );
      })}
    </ol>
  );
}

function Card({ stage, rates }: { stage: Stage; rates: readonly (number | null)[] }): ReactNode {
  const name = named("stage", stage.stage ?? "");
  const share = fullness(stage.depth, stage.bound);
  const isCrowded = share !== null && share >= CROWDED;
  const troubles = (stage.counters ?? []).filter(({ name: counter, value }) => TROUBLE.has(counter ?? "") && value);
  return (
    <article className={css["card"]} data-crowded={isCrowded || undefined}>
      <h3 className={css["name"]}>
        {name}
        {isCrowded && (
          <span className={css["warn"]}>
            <Icon name="warning" /> {t("system.crowded")}
          </span>
        )}
      </h3>
      {stage.rate_10s != null && (
        <p className={css["rate"]}>
          <strong>{fmt.number(stage.rate_10s)}</strong> {t("system.perSecondOf", { unit: named("unit", stage.unit ?? "") })}
        </p>
      )}
      {stage.rate_10s != null && <Sparkline label={t("system.rateOf", { stage: name })} values={rates} width={132} height={26} color="--line-7" domain={[0, Math.max(1, ...rates.map((rate) => rate ?? 0))]} />}
      {stage.lag_p50_ms != null && (
        <p className={css["soft"]}>
          <span className={css["part"]}>p50 {lagText(stage.lag_p50_ms)}</span> <span className={css["part"]}>p95 {lagText(stage.lag_p95_ms)}</span>
        </p>
      )}
      {stage.depth != null && (
        <div>
          {share !== null && <Fill share={share} />}
          <p className={css["soft"]}>{t(stage.depth_unit === "clients" ? "system.connected" : "system.waiting", { depth: depthText(stage.depth, stage.bound, stage.depth_unit) })}</p>
        </div>
      )}
      {troubles.map(({ name: counter, value }) => (
        <p key={counter} className={css["soft"]}>
          {named("counter", counter ?? "")} <b>{fmt.count(value)}</b>
        </p>
      ))}
    </article>
  );
}

/** How full a queue is. A little is drawn as a little more, so that it can be seen. */
function Fill({ share }: { share: number }): ReactNode {
  return (
    <svg aria-hidden="true" className={css["fill"]} viewBox="0 0 100 6" preserveAspectRatio="none">
      <rect width="100" height="6" className={css["room"]} />
      <rect width={share > 0 ? Math.min(100, Math.max(1.5, share * 100)) : 0} height="6" className={share >= CROWDED ? css["full"] : css["used"]} />
    </svg>
  );
}

/** Thicker for more, by powers of ten; its dashes move while anything passes. */
function Arrow({ rate, isDown = false }: { rate: number; isDown?: boolean }): ReactNode {
  const width = 1.5 + Math.min(3, Math.log10(1 + rate) * 0.7);
  const line = isDown ? "M12 0V22" : "M0 12H22";
  return (
    <svg aria-hidden="true" className={isDown ? css["down"] : css["right"]} width="24" height="24" viewBox="0 0 24 24">
      <path d={line} strokeWidth={width} className={css["line"]} data-moves={rate > 0 || undefined} />
      <path d={isDown ? "m7 15 5 7 5-7z" : "m15 7 7 5-7 5z"} className={css["head"]} />
    </svg>
  );
}
