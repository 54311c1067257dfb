/** What was acknowledged and can never be stored as it is. */
import { useCallback, useMemo, type ReactNode } from "react";
import { Button, Choice } from "../../forms";
import { fmt, t, useLocale } from "../../i18n";
import { Age, Empty, Panel, Skeleton } from "../../states";
import { DataTable, type Column } from "../../table";
import { asText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import { LetterDialog } from "./LetterDialog";
import css from "./system.module.css";
import { useLetters, type Letter, type LetterState } from "./useLetters";
import { named } from "./words";

const STATES = ["open", "replayed", "discarded"] as const;
const ALL = "all";

const getKey = (row: Letter) => row.id ?? "";

export function Letters(): ReactNode {
  useLocale();
  const [search, change] = useSearchParams();
  const asked = asText(search["letters"]);
  const state: LetterState | null = asked === ALL ? null : (STATES.find((one) => one === asked) ?? "open");
  const opened = asText(search["letter"]);
  const letters = useLetters(state);
  const rows = useMemo(() => letters.data?.pages.flatMap((page) => page.data) ?? [], [letters.data]);
  const open = useCallback((row: Letter) => change({ letter: row.id ?? undefined }), [change]);
  const all = <Button onPress={() => change({ letters: ALL })}>{t("system.allLetters")}</Button>;
  return (
    <Panel title={t("system.letters")} help={t("system.lettersHelp")} state={letters} skeleton={<Skeleton kind="rows" lines={5} />}>
      {() => (
        <div className={css["stack"]}>
          <Choice
            label={t("system.state")}
            options={[...STATES, ALL].map((value) => ({ value, label: named("state", value) }))}
            value={state ?? ALL}
            onChange={(value) => change({ letters: value === "open" ? undefined : value })}
          />
          <LetterTable
            rows={rows}
            onOpen={open}
            more={{ hasMore: letters.hasNextPage, isLoading: letters.isFetchingNextPage, load: () => void letters.fetchNextPage() }}
            empty={<Empty icon="check" why={t(state === "open" ? "system.noOpenLetters" : "system.noLetters")} detail={t("system.noLettersWhy")} action={state === null ? undefined : all} />}
          />
          {opened !== undefined && <LetterDialog key={opened} id={opened} onClose={() => change({ letter: undefined })} />}
        </div>
      )}
    </Panel>
  );
}

interface TableProps {
  readonly rows: readonly Letter[];
  readonly onOpen: (row: Letter) => void;
  readonly more: { readonly hasMore: boolean; readonly isLoading: boolean; readonly load: () => void };
  readonly empty: ReactNode;
}

function LetterTable({ rows, onOpen, more, empty }: TableProps): ReactNode {
  const locale = useLocale();
  const columns = useMemo<readonly Column<Letter>[]>(
    () => [
      {
        id: "detail",
        label: t("system.why"),
        isTitle: true,
        grow: 4,
        width: 16,
        value: (row) => row.detail,
        render: (row) => (
          <button type="button" className={css["opens"]} onClick={() => onOpen(row)}>
            {row.detail}
          </button>
        ),
      },
      { id: "code", label: t("system.code"), kind: "choice", width: 9, value: (row) => row.code },
      { id: "source", label: t("system.source"), kind: "choice", width: 6, value: (row) => row.source },
      { id: "rows", label: t("system.rows"), kind: "number", width: 5, value: (row) => row.rows, render: (row) => fmt.count(row.rows) },
      { id: "state", label: t("system.state"), kind: "choice", width: 7, value: (row) => row.state, written: (value) => named("state", value) },
      { id: "received_ts", label: t("system.received"), kind: "time", width: 8, value: (row) => Date.parse(row.received_ts ?? ""), render: (row) => <Age ts={Date.parse(row.received_ts ?? "")} /> },
      { id: "id", label: t("system.id"), isExtra: true, width: 14, value: (row) => row.id },
    ],
    [locale, onOpen],
  );
  return <DataTable label={t("system.letters")} columns={columns} rows={rows} getKey={getKey} prefix="d" fileName="dead-letters" order={{ column: "received_ts", isDown: true }} onOpen={onOpen} more={more} empty={empty} />;
}
