import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useDelayedText } from "../../app/useDelayedText";
import { Button, PHONE, Select, Switch, TextField, Toggle, useMedia } from "../../forms";
import { t } from "../../i18n";
import { useLive } from "../../live";
import { asText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import { Charts, SUGGESTED } from "./Charts";
import css from "./live.module.css";
import { MOST_PINS, patternOf, pinned, pinsOf, pinText, suggested, wishesOf } from "./patterns";
import { Readouts } from "./Readouts";
import { useKiosk } from "./useKiosk";
import { useRows, useSnapshot, type Row } from "./useRows";
import { useWakeLock } from "./useWakeLock";
import { ValueBoard } from "./ValueBoard";

/** How much time the strips show, ms. */
const SPANS = { "1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000 } as const;
type SpanName = keyof typeof SPANS;
const isSpan = (text: string | undefined): text is SpanName => text !== undefined && text in SPANS;

/** Values as they come: strips of pinned series, and a board of everything that fits the filter. */
export default function LiveScreen(): ReactNode {
  const [search, change] = useSearchParams();
  const show = asText(search["show"]) ?? "";
  const pinParameter = asText(search["pin"]);
  const spanName = asText(search["span"]);
  const span: SpanName = isSpan(spanName) ? spanName : "15m";
  const isKiosk = search["kiosk"] === true;
  const phone = useMedia(PHONE);

  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const [stayOn, setStayOn] = useState(false);
  const wishes = useMemo(() => wishesOf(show), [show]);
  const pins = useMemo(() => pinsOf(pinParameter), [pinParameter]);
  const patterns = useMemo(() => [...new Set([...wishes.map(patternOf), ...pins])], [wishes, pins]);
  useLive(patterns);
  useWakeLock(isKiosk || stayOn);

  const snapshot = useSnapshot(wishes);
  const rows = useRows(snapshot.data?.rows, wishes);
  const charts = usePinned(rows, pinParameter === undefined ? null : pins, phone ? 1 : SUGGESTED, snapshot.dataUpdatedAt);
  const keys = useMemo(() => new Set(charts.map((one) => one.key)), [charts]);
  const setPins = (wanted: readonly string[]) => change({ pin: pinText(wanted) });
  const toggle = (key: string) => setPins(keys.has(key) ? charts.map((one) => one.key).filter((one) => one !== key) : [...keys, key].slice(-MOST_PINS));

  const root = useRef<HTMLDivElement>(null);
  const leave = useCallback(() => change({ kiosk: undefined }), [change]);
  useKiosk(root, isKiosk, leave);
  return (
    <div ref={root} className={isKiosk ? css["kiosk"] : css["screen"]}>
      <div className={css["head"]}>
        <h1>{t("live.title")}</h1>
        <div className={css["tools"]}>
          <Toggle isSelected={pausedAt !== null} onChange={(paused) => setPausedAt(paused ? Date.now() : null)}>
            {t(pausedAt === null ? "live.pause" : "live.resume")}
          </Toggle>
          {phone && "wakeLock" in navigator && (
            <Switch isSelected={stayOn} onChange={setStayOn}>
              {t("live.stayOn")}
            </Switch>
          )}
          {/* One button for both ways, so that the focus stays on it. */}
          {(isKiosk || !phone) && (
            <Button {...(isKiosk ? { icon: "close" } : {})} onPress={isKiosk ? leave : () => change({ kiosk: true })}>
              {t(isKiosk ? "live.kioskEnd" : "live.kiosk")}
            </Button>
          )}
        </div>
      </div>
      {!isKiosk && (
        <div className={css["filters"]}>
          <Filter show={show} onChange={(text) => change({ show: text === "" ? undefined : text }, { replace: true })} />
          <Select
            label={t("live.span")}
            value={span}
            onChange={(value) => change({ span: value === "15m" ? undefined : value })}
            options={Object.keys(SPANS).map((value) => ({ value, label: t(`live.span.${value as SpanName}`) }))}
          />
        </div>
      )}
      <Readouts series={rows.length} hasMore={snapshot.data?.hasMore === true} pausedAt={pausedAt} />
      <Charts charts={charts} spanMs={SPANS[span]} pausedAt={pausedAt} state={snapshot} onUnpin={toggle} />
      <ValueBoard
        state={snapshot}
        rows={rows}
        show={show}
        pins={keys}
        isHeld={pausedAt !== null}
        isFull={keys.size >= MOST_PINS}
        onPin={toggle}
        onShow={(text) => change({ show: text === "" ? undefined : text })}
      />
    </div>
  );
}

/** The series that have a chart: those in the URL, or a choice of ours until somebody chooses. `now`: when the rows were read. */
function usePinned(rows: readonly Row[], pins: readonly string[] | null, count: number, now: number): readonly Row[] {
  return useMemo(() => {
    if (pins === null) return suggested(rows, count, now);
    const known = new Map(rows.map((row) => [row.key, row]));
    return pinned(pins, rows).map((one) => known.get(one.key) ?? { ...one, unit: "", ts: null, value: null });
  }, [rows, pins, count, now]);
}

function Filter({ show, onChange }: { show: string; onChange: (text: string) => void }): ReactNode {
  const [text, setText] = useState(show);
  const settled = useDelayedText(text.trim(), 300);
  const said = useRef(show);
  // Back and links change the parameter from outside; what is typed changes it from here.
  useEffect(() => {
    if (show !== said.current) setText(show);
    said.current = show;
  }, [show]);
  useEffect(() => {
    if (settled === said.current) return;
    said.current = settled;
    onChange(settled);
  }, [settled, onChange]);
  return <TextField label={t("live.filter")} type="search" value={text} onChange={setText} placeholder="temperature hq/*/power_w" help={t("live.filterHelp")} />;
}
