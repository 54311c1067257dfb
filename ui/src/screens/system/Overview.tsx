/** The first tab: the pipeline, and the numbers that go with it. */
import type { ReactNode } from "react";
import { useMe } from "../../api/session";
import { t } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { Browser, Cache, Checks, Disk, Processes, Versions } from "./Facts";
import { Flow } from "./Flow";
import { StageTable } from "./StageTable";
import css from "./system.module.css";
import { useIsAdmin, usePipeline } from "./usePipeline";

export function Overview(): ReactNode {
  const isAdmin = useIsAdmin();
  const state = usePipeline();
  const { data } = state;
  return (
    <div className={css["stack"]}>
      {isAdmin === false ? (
        <Panel title={t("system.pipeline")}>
          <Forbidden />
        </Panel>
      ) : (
        <>
          <Panel title={t("system.pipeline")} help={t("system.pipelineHelp")} state={state} skeleton={<Skeleton height="20.9rem" />}>
            {(pipeline) => <Flow pipeline={pipeline} />}
          </Panel>
          <div className={css["cards"]}>
            {data === undefined && state.error === null && <Skeleton height="22.4rem" />}
            {data?.cache && <Cache cache={data.cache} store={data.store} />}
            {data?.disk && <Disk disk={data.disk} />}
            {data?.processes && <Processes processes={data.processes} />}
          </div>
          <Panel title={t("system.stages")} state={state} skeleton={<Skeleton height="37.3rem" />}>
            {(pipeline) => <StageTable pipeline={pipeline} />}
          </Panel>
        </>
      )}
      <div className={css["cards"]}>
        <Checks />
        <Browser />
        {data?.versions && <Versions versions={data.versions} />}
      </div>
    </div>
  );
}

/** What is missing, and who can give it. */
function Forbidden(): ReactNode {
  const me = useMe();
  const scopes = (me.data?.scopes ?? []).join(", ");
  return <Empty icon="info" why={t("system.forbidden")} detail={<p>{t("system.forbiddenWhy", { scopes, tenant: me.data?.tenant ?? "" })}</p>} />;
}
