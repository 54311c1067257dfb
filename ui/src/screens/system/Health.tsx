/** How it goes, in a sentence: all well, or what does not work, what still does, and since when. */
import type { ReactNode } from "react";
import { t } from "../../i18n";
import { Age, Banner, ErrorState, Skeleton } from "../../states";
import css from "./system.module.css";
import { usePipeline, useReadiness, useSeenSince } from "./usePipeline";
import { named } from "./words";

export function Health(): ReactNode {
  const ready = useReadiness();
  const pipeline = usePipeline();
  const status = ready.data?.status === "not_ready" ? "not_ready" : (pipeline.data?.state ?? ready.data?.status) === "degraded" || ready.data?.status === "degraded" ? "degraded" : ready.data?.status;
  const since = useSeenSince(status);
  if (ready.data === undefined) return ready.error === null ? <Skeleton height="2.4rem" /> : <ErrorState isSlim problem={ready.error} retry={() => void ready.refetch()} />;
  if (status === "ready") {
    return <Banner icon="check">{t("system.allWell")}</Banner>;
  }
  const failed = ready.data.checks.filter((check) => !check.isOk);
  const reasons = new Set([...(pipeline.data?.reasons ?? []).flatMap((reason) => reason ?? []), ...failed.map(({ name, detail }) => detail || named("check", name))]);
  const works = ready.data.checks.filter(({ isOk, name }) => isOk && (name === "write" || name === "read"));
  return (
    <Banner tone={status === "not_ready" ? "bad" : "warn"}>
      <strong>{t(status === "not_ready" ? "system.notReady" : "system.degraded")}</strong>
      {since !== undefined && (
        <span>
          {" "}
          {t("system.seenSince")} <Age ts={since} />
        </span>
      )}
      <ul className={css["reasons"]}>
        {[...reasons].map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      {works.length > 0 && (
        <p>
          {t("system.stillWorks")} {works.map(({ name }) => named("works", name)).join(" ")}
        </p>
      )}
    </Banner>
  );
}
