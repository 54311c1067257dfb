/** The one control of time: what is shown on screen, how to move it, and a panel to choose another. */
import type { ReactNode } from "react";
import { Button } from "../forms/Button";
import { PopoverPanel } from "../forms/Overlay";
import { t } from "../i18n";
import { rangeText, zoneText } from "./rangeText";
import css from "./TimePicker.module.css";
import { TimePanel } from "./TimePanel";
import { useRange } from "./useRange";

/** ◀ range ▶ − +. The panel is a popover, and a sheet up to 640 px. */
export function TimePicker(): ReactNode {
  const range = useRange();
  const { live, zone, shift, zoom } = range;
  const words = rangeText(range.range, range, zone);
  return (
    <div role="group" aria-label={t("time.range")} className={css["picker"]}>
      <Button tone="quiet" icon="left" aria-label={t("time.earlier")} onPress={() => shift(-1)} />
      <PopoverPanel
        title={t("time.range")}
        trigger={
          <Button className={css["trigger"] ?? ""} icon="calendar">
            <span className={css["words"]}>{words}</span>
            {live && (
              <span className={css["live"]}>
                <span className={css["dot"]} />
                {t("time.live")}
              </span>
            )}
            <span className={css["zone"]}>{zoneText(zone, range.to)}</span>
          </Button>
        }
      >
        <TimePanel range={range} />
      </PopoverPanel>
      <Button tone="quiet" icon="right" aria-label={t("time.later")} isDisabled={live} onPress={() => shift(1)} />
      <Button tone="quiet" icon="minus" aria-label={t("time.zoomOut")} onPress={() => zoom(2)} className={css["wide"] ?? ""} />
      <Button tone="quiet" icon="plus" aria-label={t("time.zoomIn")} onPress={() => zoom(0.5)} className={css["wide"] ?? ""} />
    </div>
  );
}
