import { GoButton } from "../../app/GoButton";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useRef, type ReactNode } from "react";
import { Button, Toggle, useMedia } from "../../forms";
import { fmt, t } from "../../i18n";
import { useLatest } from "../../live";
import { Age, Empty, isStale, Panel, Skeleton, type PanelQuery } from "../../states";
import { useNow } from "../../time/clock";
import { SECOND } from "../../time/zone";
import { QUIET_MS } from "./Charts";
import css from "./live.module.css";
import { nearest } from "./patterns";
import { useShown } from "./shown";
import { useHeld } from "./useHeld";
import { MOST_ROWS, useNames, type Row } from "./useRows";

const ROW_PX = 44;
const TOUCH_ROW_PX = 56;

interface BoardProps {
  readonly state: PanelQuery<{ rows: readonly Row[]; hasMore: boolean }>;
  readonly rows: readonly Row[];
  readonly show: string;
  readonly pins: ReadonlySet<string>;
  readonly isHeld: boolean;
  /** No more charts fit. */
  readonly isFull: boolean;
  readonly onPin: (key: string) => void;
  readonly onShow: (text: string) => void;
}

/** Every series that fits the filter with its newest value. Each value renders by itself. */
export function ValueBoard(props: BoardProps): ReactNode {
  const { state, rows, show, onShow } = props;
  return (
    <Panel
      title={t("live.values")}
      state={state}
      skeleton={<Skeleton kind="rows" lines={8} />}
      actions={state.data?.hasMore === true ? <span className={css["where"]}>{t("live.first", { n: fmt.count(MOST_ROWS) })}</span> : undefined}
      empty={() => (rows.length > 0 ? null : show === "" ? <Nothing /> : <NoMatch show={show} onShow={onShow} />)}
    >
      <Rows {...props} />
    </Panel>
  );
}

function Nothing(): ReactNode {
  return <Empty why={t("live.nothing")} detail={t("live.nothingDetail")} action={<GoButton to="/add">{t("live.add")}</GoButton>} />;
}

/** Says which series are called nearly like what was looked for. */
function NoMatch({ show, onShow }: { show: string; onShow: (text: string) => void }): ReactNode {
  const all = useNames();
  const near = nearest(show, all.data ?? []);
  return (
    <Empty
      icon="filter"
      why={t("live.noMatch", { text: show })}
      detail={
        near.length > 0 && (
          <>
            <p>{t("live.nearest")}</p>
            <ul className={css["near"]}>
              {near.map((row) => (
                <li key={row.key}>
                  <Button tone="quiet" onPress={() => onShow(`${row.site}/${row.sensor}/${row.metric}`)}>
                    {row.site} / {row.sensor} / {row.metric}
                  </Button>
                </li>
              ))}
            </ul>
          </>
        )
      }
      action={<Button onPress={() => onShow("")}>{t("live.showAll")}</Button>}
    />
  );
}

function Rows({ rows, pins, isHeld, isFull, onPin }: BoardProps): ReactNode {
  const columns = [useMedia("(min-width: 52rem)"), useMedia("(min-width: 80rem)")].reduce((sum, fits) => sum + Number(fits), 1);
  const rowPx = useMedia("(pointer: coarse)") ? TOUCH_ROW_PX : ROW_PX;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: Math.ceil(rows.length / columns), getScrollElement: () => scroller.current, estimateSize: () => rowPx, overscan: 4 });
  return (
    <div ref={scroller} className={css["board"]}>
      <div role="list" aria-label={t("live.values")} style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => (
          <div key={item.key} role="presentation" className={css["boardRow"]} style={{ height: rowPx, transform: `translateY(${item.start}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
            {rows.slice(item.index * columns, (item.index + 1) * columns).map((row, i) => (
              <Value key={row.key} row={row} place={item.index * columns + i + 1} total={rows.length} isPinned={pins.has(row.key)} isHeld={isHeld} isFull={isFull} onPin={onPin} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Letters at the end of a name that are always seen: mostly they tell it from its neighbours. */
const END = 10;

function Cut({ text }: { text: string }): ReactNode {
  const letters = [...text];
  return (
    <span className={css["cut"]} title={text}>
      <span className={css["start"]}>{letters.slice(0, -END).join("")}</span>
      <span className={css["end"]}>{letters.slice(-END).join("")}</span>
    </span>
  );
}

interface ValueProps {
  readonly row: Row;
  readonly place: number;
  readonly total: number;
  readonly isPinned: boolean;
  readonly isHeld: boolean;
  readonly isFull: boolean;
  readonly onPin: (key: string) => void;
}

const Value = memo(function Value({ row, place, total, isPinned, isHeld, isFull, onPin }: ValueProps): ReactNode {
  const shown = useShown();
  const live = useHeld(useLatest(row.key), isHeld);
  const now = useNow(SECOND);
  const [ts, value] = live !== undefined && live.ts >= (row.ts ?? 0) ? [live.ts, live.value] : [row.ts, row.value];
  const stale = ts !== null && isStale(ts, QUIET_MS, now);
  return (
    <div role="listitem" aria-posinset={place} aria-setsize={total} className={css["cell"]} data-stale={stale || undefined}>
      <Toggle
        tone="quiet"
        className={css["pin"] ?? ""}
        isSelected={isPinned}
        isDisabled={isFull && !isPinned}
        onChange={() => onPin(row.key)}
        aria-label={t("live.pin", { series: `${row.sensor} ${row.metric}` })}
        icon={isPinned ? "check" : "plus"}
      />
      <span className={css["name"]}>
        <Cut text={row.metric} />
        <span className={css["sensor"]}>
          <Cut text={`${row.site} · ${row.sensor}`} />
        </span>
      </span>
      <span className={css["value"]}>{shown.write(value, { metric: row.metric, unit: live?.unit ?? row.unit })}</span>
      <span className={css["age"]}>{ts === null ? "–" : <Age ts={ts} />}</span>
    </div>
  );
});
