/** The time picker, and what it makes of the URL. */
import type { ReactNode } from "react";
import { fmt } from "../src/i18n";
import { KeyValues, Panel } from "../src/states";
import { TimePicker, useRange } from "../src/time";

export function TimeGallery(): ReactNode {
  const { from, to, live, zone } = useRange();
  return (
    <Panel title="Time" actions={<TimePicker />}>
      <KeyValues
        facts={[
          { label: "From", value: fmt.time(from, zone, "second") },
          { label: "To", value: fmt.time(to, zone, "second") },
          { label: "Live", value: live ? "yes" : "no" },
          { label: "Zone", value: zone },
        ]}
      />
    </Panel>
  );
}
