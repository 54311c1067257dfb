/** What the time picker opens: presets, both ends by text and calendar, live, the zone, and a link to this view. */
import { useState, type FormEvent, type ReactNode } from "react";
import { Button } from "../forms/Button";
import { Choice } from "../forms/choose";
import { CopyButton } from "../forms/CopyButton";
import { Switch, TextField } from "../forms/fields";
import { useClosePanel } from "../forms/Overlay";
import { t } from "../i18n";
import { Calendar } from "./Calendar";
import { permalink } from "./link";
import { daysOf } from "./month";
import { presetOf, PRESET_NAMES, PRESETS } from "./presets";
import { checked, isNow, printBound, resolveBound, type Fault } from "./range";
import { zoneText } from "./rangeText";
import { faultText } from "./search";
import css from "./TimePanel.module.css";
import { fieldText, parseTyped, typedText } from "./typed";
import type { RangeState } from "./useRange";
import { useZones } from "./zones";
import { DAY, instantOf, wallOf } from "./zone";

export function TimePanel({ range }: { range: RangeState }): ReactNode {
  const close = useClosePanel();
  const chosen = presetOf(range.range);
  return (
    <div className={css["panel"]}>
      <div role="group" aria-label={t("time.presets")} className={css["presets"]}>
        {PRESET_NAMES.map((name) => (
          <Button
            key={name}
            tone={name === chosen ? "primary" : "quiet"}
            {...(name === chosen ? { "aria-current": "true" as const } : {})}
            onPress={() => {
              range.set({ range: PRESETS[name] });
              close();
            }}
          >
            {t(`time.preset.${name}`)}
          </Button>
        ))}
      </div>
      <Ends range={range} onDone={close} key={`${range.zone} ${printBound(range.range.from)} ${printBound(range.range.to)}`} />
      <div className={css["options"]}>
        <div className={css["zoom"]}>
          <Button icon="minus" onPress={() => range.zoom(2)}>
            {t("time.zoomOut")}
          </Button>
          <Button icon="plus" onPress={() => range.zoom(0.5)}>
            {t("time.zoomIn")}
          </Button>
        </div>
        <Switch isSelected={range.live} onChange={(live) => range.set({ live })} description={t("time.liveDetail")}>
          {t("time.live")}
        </Switch>
        <ZoneChoice range={range} />
        <CopyButton text={() => permalink(location.href, range, range.zone)} label={t("time.copyLink")} tone="normal" />
      </div>
    </div>
  );
}

/** From and to, typed or out of the calendar; both fill the same two texts, and nothing changes before Apply. */
function Ends({ range, onDone }: { range: RangeState; onDone: () => void }): ReactNode {
  const { zone } = range;
  const [texts, setTexts] = useState({ from: fieldText(range.range.from, zone), to: fieldText(range.range.to, zone) });
  const [wrong, setWrong] = useState<Fault | null>(null);
  const now = Date.now();
  const ends = { from: parseTyped(texts.from, "from", zone, now), to: parseTyped(texts.to, "to", zone, now) };
  const typed = {
    from: ends.from.ok ? resolveBound(ends.from.value, now, zone) : range.from,
    to: ends.to.ok ? resolveBound(ends.to.value, now, zone) : range.to,
  };

  function apply(event: FormEvent): void {
    event.preventDefault();
    if (!ends.from.ok) return setWrong(ends.from.fault);
    if (!ends.to.ok) return setWrong(ends.to.fault);
    const live = isNow(ends.to.value) && ends.from.value.kind === "ago";
    const parsed = checked({ from: ends.from.value, to: ends.to.value, live }, now, zone);
    if (!parsed.ok) return setWrong(parsed.fault);
    range.set({ range: parsed.value });
    onDone();
  }

  function field(name: "from" | "to"): ReactNode {
    return (
      <TextField
        label={t(`time.${name}`)}
        value={texts[name]}
        onChange={(text) => {
          setTexts({ ...texts, [name]: text });
          setWrong(null);
        }}
        isInvalid={wrong?.field === name}
        errorMessage={wrong?.field === name ? faultText(wrong) : undefined}
        isCode
      />
    );
  }

  return (
    <form onSubmit={apply} className={css["ends"]} aria-label={t("time.ends")}>
      {field("from")}
      {field("to")}
      <p className={css["hint"]}>{t("time.typedHint")}</p>
      <Calendar
        today={Math.floor(wallOf(now, zone) / DAY) * DAY}
        days={daysOf(wallOf(typed.from, zone), wallOf(typed.to, zone))}
        onChange={({ first, last }) => {
          setTexts({ from: typedText(instantOf(first, zone), zone), to: typedText(instantOf(last + DAY, zone), zone) });
          setWrong(null);
        }}
      />
      <Button type="submit" tone="primary">
        {t("time.apply")}
      </Button>
    </form>
  );
}

/** Site, mine or UTC; a zone that came with a link stays on offer. */
function ZoneChoice({ range }: { range: RangeState }): ReactNode {
  const zones = useZones();
  const { zoneChoice } = range;
  const usual = zones.site === undefined ? "mine" : "site";
  const named = zoneChoice !== undefined && !["site", "mine", "utc"].includes(zoneChoice) ? zoneChoice : undefined;
  const options = [
    ...(zones.site === undefined ? [] : [{ value: "site", label: t("time.zone.site"), detail: zoneText(zones.site, range.to) }]),
    { value: "mine", label: t("time.zone.mine"), detail: zoneText(zones.mine, range.to) },
    { value: "utc", label: "UTC" },
    ...(named === undefined ? [] : [{ value: named, label: zoneText(named, range.to) }]),
  ];
  return (
    <Choice
      label={t("time.zone")}
      options={options}
      value={zoneChoice === "site" && zones.site === undefined ? "mine" : (zoneChoice ?? usual)}
      onChange={(tz) => range.set({ tz: tz === usual ? undefined : tz })}
    />
  );
}
