/** A card with one answer in it, in whatever state that answer is. */
import { useId, type ReactNode } from "react";
import { clsx } from "../forms/clsx";
import { Help } from "../forms/Field";
import { Icon } from "../forms/Icon";
import { t } from "../i18n";
import { Age } from "./Age";
import { ErrorState } from "./ErrorState";
import { Skeleton } from "./Skeleton";
import { panelView } from "./panelView";
import css from "./Panel.module.css";
import { useDelayed } from "./useDelayed";
import { useOnline } from "./useOnline";

/** What a panel needs to know of a query's result; TanStack Query's result is one. */
export interface PanelQuery<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly dataUpdatedAt: number;
  readonly refetch: () => unknown;
}

export interface PanelProps<T> {
  readonly title: string;
  /** Heading level; panels inside a section with its own heading take 3. */
  readonly level?: 2 | 3;
  readonly actions?: ReactNode;
  /** A longer text behind a `?`. */
  readonly help?: ReactNode;
  /** The query whose answer is shown; without one the children are shown as they are. */
  readonly state?: PanelQuery<T>;
  /** The shape of the content while it loads, of the same height. */
  readonly skeleton?: ReactNode;
  /** What stands in place of the children when the answer holds nothing; null when it holds something. */
  readonly empty?: (data: T) => ReactNode;
  /** Takes the whole card's width and height, without padding: for charts and tables. */
  readonly isFlush?: boolean;
  readonly className?: string;
  readonly children: ReactNode | ((data: T) => ReactNode);
}

/** Work that lasts longer than this is shown. */
const DIM_AFTER_MS = 400;

/**
 * A titled card. It shows the skeleton at once, keeps old data (dimmed after 400 ms) while new data comes or after a
 * failure, and keeps failures to itself: other panels go on.
 */
export function Panel<T>(props: PanelProps<T>): ReactNode {
  const { title, level = 2, actions, help, state, isFlush = false, className } = props;
  const id = useId();
  const Heading = `h${level}` as const;
  const busy = useDelayed(state?.isFetching === true && state.data !== undefined, DIM_AFTER_MS);
  const loading = state?.data === undefined && state?.error == null && state !== undefined;
  return (
    <section aria-labelledby={id} aria-busy={busy || loading} className={clsx(css["panel"], isFlush && css["flush"], className)}>
      <header className={css["head"]}>
        <div className={css["naming"]}>
          <Heading id={id} className={css["title"]}>
            {title}
          </Heading>
          {help !== undefined && <Help about={title}>{help}</Help>}
          {busy && <span className={css["spinner"]} />}
        </div>
        {actions !== undefined && <div className={css["actions"]}>{actions}</div>}
      </header>
      <div className={css["body"]} data-dimmed={busy || undefined}>
        <PanelBody {...props} />
      </div>
    </section>
  );
}

function PanelBody<T>({ state, skeleton, empty, children }: PanelProps<T>): ReactNode {
  const online = useOnline();
  if (state === undefined) return typeof children === "function" ? null : children;
  const retry = () => void state.refetch();
  const { data } = state;
  const view = panelView({ hasData: data !== undefined, hasError: state.error != null, online });
  if (data === undefined) {
    if (view === "offline") return <OfflineNote />;
    if (view === "error") return <ErrorState problem={state.error} retry={retry} />;
    return (
      <>
        <span role="status" className="visually-hidden">
          {t("states.loading")}
        </span>
        {skeleton ?? <Skeleton />}
      </>
    );
  }
  const nothing = empty?.(data) ?? null;
  return (
    <>
      {view === "old" && (online ? <ErrorState isSlim problem={state.error} retry={retry} /> : <OfflineNote since={state.dataUpdatedAt} />)}
      {nothing ?? (typeof children === "function" ? children(data) : children)}
    </>
  );
}

/** Says that there is no network, and of when what is shown was. */
export function OfflineNote({ since }: { since?: number }): ReactNode {
  return (
    <p role="status" className={css["offline"]}>
      <Icon name="offline" />
      <span>
        {t("states.offline")}
        {since !== undefined && since > 0 && (
          <>
            {" "}
            {t("states.shownFrom")} <Age ts={since} />
          </>
        )}
      </span>
    </p>
  );
}
