import type { ReactNode } from "react";
import { Go } from "../../app/Go";
import { t } from "../../i18n";
import { Age, Panel, Skeleton, type PanelQuery } from "../../states";
import type { FlowAnswer } from "./ask";
import { FlowDrawing } from "./FlowDrawing";
import css from "./site.module.css";

export function FlowPanel({ flow }: { flow: PanelQuery<FlowAnswer> }): ReactNode {
  return (
    <Panel title={t("site.flow")} help={t("site.flowHelp")} state={flow} skeleton={<Skeleton height="25rem" />} className={css["flowPanel"] ?? ""}>
      {(answer) => (
        <>
          <FlowDrawing answer={answer} />
          <p className={css["soft"]}>
            {answer.balanced === false && <>{t("site.unbalanced")} </>}
            {answer.at != null && <Age ts={Date.parse(answer.at)} />}
            {(answer.unassigned ?? []).length > 0 && (
              <>
                {" · "}
                <Go to="/catalog" className={css["link"]}>{t("site.unassigned", { n: (answer.unassigned ?? []).length })}</Go>
              </>
            )}
          </p>
        </>
      )}
    </Panel>
  );
}
