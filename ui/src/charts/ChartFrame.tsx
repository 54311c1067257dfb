/** What every chart has around it: a figure with its title, words for who cannot see it, a table in its place, files and code. */

import { memo, type ReactNode, useId, useState } from "react";

import { Toggle } from "../forms";
import { t, useLocale } from "../i18n";
import css from "./ChartFrame.module.css";
import type { Question } from "./copyAs";
import { ExportMenu } from "./ExportMenu";

export interface ChartFrameProps {
  title: string;
  /** The title is above the chart already, such as a panel's. */
  isTitleHidden?: boolean | undefined;
  summary: string;
  /** Stands beside the tools, in the row that they need anyway. */
  lead?: ReactNode;
  tools?: ReactNode;
  exportAs?: Question | undefined;
  /** The same as a table, made when it is asked for. */
  table?: (() => ReactNode) | undefined;
  caption?: ReactNode;
  children: ReactNode;
}

export function ChartFrame({ title, isTitleHidden = false, summary, lead, tools, exportAs, table, caption, children }: ChartFrameProps): ReactNode {
  const id = useId();
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className={css["frame"]} aria-labelledby={`${id}t`} aria-describedby={`${id}s`}>
      <div className={css["head"]}>
        <figcaption id={`${id}t`} className={isTitleHidden ? "visually-hidden" : css["title"]}>
          {title}
        </figcaption>
        {!asTable && lead}
        <div className={css["tools"]} role="group" aria-label={t("charts.tools", { title })}>
          {!asTable && tools}
          {table !== undefined && <AsTable title={title} isSelected={asTable} onChange={setAsTable} />}
          {exportAs !== undefined && <ExportMenu title={title} question={exportAs} />}
        </div>
      </div>
      <p id={`${id}s`} className="visually-hidden">
        {summary}
      </p>
      {asTable && table?.()}
      <div hidden={asTable}>{children}</div>
      {caption !== undefined && <div className={css["caption"]}>{caption}</div>}
    </figure>
  );
}

/** Not rendered anew when only the view moves. */
const AsTable = memo(function AsTable({ title, isSelected, onChange }: { title: string; isSelected: boolean; onChange: (to: boolean) => void }): ReactNode {
  useLocale();
  return <Toggle tone="quiet" icon="columns" aria-label={t("charts.asTable", { title })} isSelected={isSelected} onChange={onChange} />;
});
