import type { ReactNode } from "react";
import type { QueryAnswer } from "../../api/query";
import { copied, fileName } from "../../charts";
import { Menu } from "../../forms";
import { t } from "../../i18n";
import { csvOf, jsonOf, save } from "../../table";
import { cellsOf } from "./cells";

interface ShownProps {
  readonly title: string;
  readonly answer: QueryAnswer | undefined;
  readonly zone: string;
  /** The command that asks the same. */
  readonly curl: string;
}

/** What is shown as a file made here, for answers that the platform's exports do not make, and the question as a command. */
export function ShownMenu({ title, answer, zone, curl }: ShownProps): ReactNode {
  const file = (suffix: string, type: string, write: typeof csvOf) => () => {
    if (answer === undefined) return;
    const { columns, rows } = cellsOf(answer, zone);
    save(`${fileName(title)}.${suffix}`, type, write(columns, rows));
  };
  const nothing = answer === undefined || answer.rows === 0;
  return (
    <Menu
      label={t("charts.export", { title })}
      iconOnly
      tone="quiet"
      icon="download"
      items={[
        { id: "csv", label: t("explore.shownCsv"), icon: "download", isDisabled: nothing, run: file("csv", "text/csv;charset=utf-8", csvOf) },
        { id: "json", label: t("explore.shownJson"), icon: "download", isDisabled: nothing, run: file("json", "application/json", jsonOf) },
        { id: "curl", label: t("charts.copyCurl"), icon: "copy", run: () => void copied(curl) },
      ]}
    />
  );
}
