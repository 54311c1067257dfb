import type { ReactNode } from "react";
import { change, useSettings, type Degrees as Unit } from "../../app/settings";
import { Select } from "../../forms";
import { t } from "../../i18n";

/** In which unit this browser shows temperatures. */
export function Degrees(): ReactNode {
  const { degrees } = useSettings();
  return (
    <Select
      label={t("building.degrees")}
      value={degrees}
      onChange={(value) => change({ degrees: value as Unit })}
      options={[
        { value: "degC", label: "°C" },
        { value: "degF", label: "°F" },
        { value: "K", label: "K" },
      ]}
    />
  );
}
