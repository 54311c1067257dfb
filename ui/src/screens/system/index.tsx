/** S18: how the platform itself does: pipeline, ledger, dead letters, and why a reading is what it is. */
import type { ReactNode } from "react";
import { Tabs } from "../../forms";
import { t, useLocale } from "../../i18n";
import { asText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import { Explain } from "./Explain";
import { Health } from "./Health";
import { Ledger } from "./Ledger";
import { Letters } from "./Letters";
import { Overview } from "./Overview";
import css from "./system.module.css";

const TABS = ["pipeline", "ledger", "letters", "explain"] as const;

export default function System(): ReactNode {
  useLocale();
  const [search, change] = useSearchParams();
  const asked = asText(search["tab"]);
  const selected = TABS.find((tab) => tab === asked) ?? "pipeline";
  return (
    <div className={css["screen"]}>
      <h1>{t("system.title")}</h1>
      <Health />
      <Tabs
        label={t("system.title")}
        selected={selected}
        onSelect={(tab) => change({ tab: tab === "pipeline" ? undefined : tab })}
        items={[
          { id: "pipeline", label: t("system.pipeline"), content: <Overview /> },
          { id: "ledger", label: t("system.ledger"), content: <Ledger /> },
          { id: "letters", label: t("system.letters"), content: <Letters /> },
          { id: "explain", label: t("system.explain"), content: <Explain /> },
        ]}
      />
    </div>
  );
}
