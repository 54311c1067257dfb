/** Panels of single numbers: freshness and cache, the disk, processes, versions, checks, and this browser. */
import type { ReactNode } from "react";
import { Icon } from "../../forms";
import { fmt, t } from "../../i18n";
import { board, useLink } from "../../live";
import { Age, KeyValues, Panel } from "../../states";
import { SECOND, useNow } from "../../time";
import css from "./system.module.css";
import { useReadiness, type Pipeline } from "./usePipeline";
import { lagText, named } from "./words";

export function Cache({ cache, store }: { cache: NonNullable<Pipeline["cache"]>; store: Pipeline["store"] }): ReactNode {
  const asked = cache.questions ?? 0;
  const kinds = (["hit", "joined", "unchanged", "miss"] as const).map((name) => ({ name, value: cache[name] ?? 0 }));
  return (
    <Panel title={t("system.cache")} help={t("system.cacheHelp")}>
      <KeyValues
        facts={[
          { label: t("system.saved"), value: asked ? fmt.percent(cache.saved_share) : "–" },
          { label: t("system.staleness"), value: lagText(cache.staleness_bound_ms) },
          { label: t("system.behind"), value: lagText(store?.behind_ms) },
          { label: t("system.held"), value: fmt.bytes(cache.held_bytes) },
          { label: t("system.series"), value: fmt.count(store?.series) },
        ]}
      />
      <p className={css["soft"]}>{kinds.map(({ name, value }) => `${named("counter", name)} ${fmt.count(value)}`).join(" · ")}</p>
    </Panel>
  );
}

/** Warned of when it fills within so many days. */
const SOON_DAYS = 14;

export function Disk({ disk }: { disk: NonNullable<Pipeline["disk"]> }): ReactNode {
  const { free_bytes: free, total_bytes: total, reserve_bytes: reserve, bytes_per_day: pace, days_left: left } = disk;
  const used = free != null && total ? 1 - free / total : null;
  const isSoon = disk.state !== "ok" || (left != null && left < SOON_DAYS);
  return (
    <Panel title={t("system.disk")} help={t("system.diskHelp")}>
      {used !== null && (
        <svg role="img" aria-label={t("system.diskUsed", { share: fmt.percent(used) })} className={css["bar"]} viewBox="0 0 100 8" preserveAspectRatio="none">
          <rect width="100" height="8" className={css["barRoom"]} />
          <rect width={used * 100} height="8" className={isSoon ? css["barWarn"] : css["barUsed"]} />
        </svg>
      )}
      <KeyValues
        facts={[
          { label: t("system.daysLeft"), value: left == null ? t("system.daysUnknown") : <span className={isSoon ? css["warned"] : undefined}>{t("system.days", { n: Math.floor(left) })}</span> },
          { label: t("system.free"), value: t("system.depthOf", { depth: fmt.bytes(free), bound: fmt.bytes(total) }) },
          { label: t("system.pace"), value: pace == null ? "–" : t("system.perDay", { size: fmt.bytes(pace) }) },
          { label: t("system.reserve"), value: fmt.bytes(reserve) },
        ]}
      />
    </Panel>
  );
}

export function Processes({ processes }: { processes: NonNullable<Pipeline["processes"]> }): ReactNode {
  return (
    <Panel title={t("system.processes")}>
      {processes.length === 0 ? (
        <p className={css["soft"]}>{t("system.noProcesses")}</p>
      ) : (
        <table className={css["table"]}>
          <thead>
            <tr>
              <th scope="col">{t("system.process")}</th>
              <th scope="col">{t("system.state")}</th>
              <th scope="col">{t("system.restarts")}</th>
            </tr>
          </thead>
          <tbody>
            {processes.map((one) => (
              <tr key={one.process}>
                <th scope="row">{one.process}</th>
                <td>
                  <State isOk={one.state === "running"}>{named("state", one.state ?? "")}</State>
                </td>
                <td>
                  {fmt.count(one.restarts)}
                  {one.last_end != null && (
                    <span className={css["soft"]}>
                      {" "}
                      <Age ts={Date.parse(one.last_end)} />
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

/** Grey and a tick while it is well; a colour and another shape when it is not. */
function State({ isOk, children }: { isOk: boolean; children: ReactNode }): ReactNode {
  return (
    <span className={css[isOk ? "well" : "ill"]}>
      <Icon name={isOk ? "check" : "warning"} /> {children}
    </span>
  );
}

export function Checks(): ReactNode {
  const ready = useReadiness();
  return (
    <Panel title={t("system.checks")} help={t("system.checksHelp")} state={ready}>
      {(found) => (
        <ul className={css["checks"]}>
          {found.checks.map(({ name, isOk, detail, ms }) => (
            <li key={name}>
              <State isOk={isOk}>{named("check", name)}</State>
              <span className={css["soft"]}>{detail || (ms === null ? "" : lagText(ms))}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function Versions({ versions }: { versions: NonNullable<Pipeline["versions"]> }): ReactNode {
  return (
    <Panel title={t("system.versions")}>
      <KeyValues facts={Object.entries(versions).map(([name, version]) => ({ label: name, value: version ?? "–" }))} />
    </Panel>
  );
}

/** What this browser hears: the live connection, and how far its clock is off. */
export function Browser(): ReactNode {
  const { state, since, ahead, merged } = useLink();
  const p95 = board.delays.at(0.95, useNow(SECOND));
  return (
    <Panel title={t("system.browser")} help={t("system.browserHelp")}>
      <KeyValues
        facts={[
          { label: t("system.pixel"), value: p95 === undefined ? t("system.pixelUnknown") : lagText(p95) },
          { label: t("system.link"), value: named("state", state) },
          { label: t("system.linkSince"), value: <Age ts={since} /> },
          { label: t("system.clock"), value: lagText(Math.abs(ahead)) },
          { label: t("system.merged"), value: fmt.count(merged) },
        ]}
      />
    </Panel>
  );
}
