import type { ReactNode } from "react";
import { useMe } from "../../api/session";
import type { Role } from "../../app/screens";
import { change, useSettings, type Settings } from "../../app/settings";
import { Select, Switch } from "../../forms";
import { LOCALES, setLocale, t, useLocale, type Locale } from "../../i18n";
import { KeyValues, Panel } from "../../states";
import css from "./settings.module.css";

const THEMES = [
  ["auto", "app.themeAuto"],
  ["light", "app.themeLight"],
  ["dark", "app.themeDark"],
] as const;
/** Kelvin keeps its letter; the others are known by their sign. */
const DEGREES = [
  ["degC", "°C"],
  ["degF", "°F"],
  ["K", "K"],
] as const;
const ROLES = [
  ["operations", "app.roleOperations"],
  ["maintenance", "app.roleMaintenance"],
  ["management", "app.roleManagement"],
  ["developer", "app.roleDeveloper"],
  ["admin", "app.roleAdmin"],
] as const;

/** How the app looks and behaves for who uses this browser. */
export default function SettingsScreen(): ReactNode {
  const settings = useSettings();
  const locale = useLocale();
  const me = useMe();
  return (
    <div className={css["screen"]}>
      <h1>{t("app.settings")}</h1>
      <Panel title={t("app.thisBrowser")}>
        <div className={css["fields"]}>
          <Select
            label={t("app.language")}
            value={locale}
            onChange={(value) => void setLocale(value as Locale)}
            options={Object.entries(LOCALES).map(([value, label]) => ({ value, label }))}
          />
          <Select
            label={t("app.theme")}
            value={settings.theme}
            onChange={(value) => change({ theme: value as Settings["theme"] })}
            options={THEMES.map(([value, label]) => ({ value, label: t(label) }))}
          />
          <Select
            label={t("app.role")}
            value={settings.role}
            onChange={(value) => change({ role: value as Role })}
            options={ROLES.map(([value, label]) => ({ value, label: t(label) }))}
          />
          <Select
            label={t("app.degrees")}
            value={settings.degrees}
            onChange={(value) => change({ degrees: value as Settings["degrees"] })}
            options={DEGREES.map(([value, label]) => ({ value, label }))}
          />
          <Switch isSelected={settings.shortcuts} onChange={(shortcuts) => change({ shortcuts })} description={t("app.shortcutsHint")}>
            {t("app.shortcuts")}
          </Switch>
        </div>
      </Panel>
      <Panel title={t("app.account")} state={me}>
        {(who) => (
          <KeyValues
            facts={[
              { label: t("app.signedInTo", { tenant: who.tenant ?? "" }), value: (who.scopes ?? []).join(", ") },
              { label: t("app.name"), value: t("app.version", { version: who.version ?? "" }) },
            ]}
          />
        )}
      </Panel>
    </div>
  );
}
