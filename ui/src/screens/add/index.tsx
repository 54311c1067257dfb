import { useState, type ReactNode } from "react";
import { useMe } from "../../api/session";
import { Combo, CopyButton, Tabs, TextField, type Option } from "../../forms";
import { t } from "../../i18n";
import { Panel } from "../../states";
import css from "./add.module.css";
import { Arrival, EventArrival } from "./Arrival";
import { CsvTab } from "./CsvTab";
import { KeyRow } from "./KeyRow";
import { SNIPPETS, sourceOf, WAYS, type Naming, type Way } from "./snippets";
import { UNITS } from "./units";
import { useNaming, type SeriesNaming } from "./useNaming";

const CSV = "csv";
const unitOptions: readonly Option[] = UNITS.map((value) => ({ value, label: value }));

/** From nothing to the first own reading on a chart. */
export default function AddScreen(): ReactNode {
  const named = useNaming();
  const me = useMe();
  const [secret, setSecret] = useState<string | null>(null);
  const scopes = me.data?.scopes ?? [];
  const { site, sensor, metric, unit } = named;
  const naming: Naming = { origin: location.origin, nats: me.data?.nats ?? null, key: secret, site, sensor, metric, unit };
  const tab = named.tab === CSV || (WAYS as readonly string[]).includes(named.tab) ? named.tab : "curl";
  const key = <KeyRow name={sourceOf(sensor)} secret={secret} mayMake={scopes.includes("admin")} onMade={setSecret} />;
  return (
    <div className={css["screen"]}>
      <header className={css["stack"]}>
        <h1>{t("app.add")}</h1>
        <p className={css["soft"]}>{t("add.intro")}</p>
      </header>
      <div className={css["columns2"]} data-wide={tab === CSV || undefined}>
        <Panel title={t("add.how")}>
          <Tabs
            label={t("add.how")}
            selected={tab}
            onSelect={(id) => id !== tab && named.set({ tab: id })}
            items={[
              ...WAYS.map((way) => ({ id: way, label: t(`add.way.${way}`), content: <Recipe way={way} naming={naming} named={named} keyRow={way === "nats" ? null : key} /> })),
              { id: CSV, label: t("add.way.csv"), content: <CsvTab /> },
            ]}
          />
        </Panel>
        {tab === "nats" ? <EventArrival /> : tab !== CSV && <Arrival naming={naming} mayWrite={scopes.includes("write") || scopes.includes("admin")} />}
      </div>
    </div>
  );
}

function Recipe({ way, naming, named, keyRow }: { way: Way; naming: Naming; named: SeriesNaming; keyRow: ReactNode }): ReactNode {
  const text = way === "nats" && naming.nats === null ? null : SNIPPETS[way](naming);
  return (
    <div className={css["stack"]}>
      <p>{t(`add.about.${way}`)}</p>
      <div className={css["fields"]}>
        <TextField label={t("add.sensor")} value={named.sensor} isCode onChange={(sensor) => named.set({ sensor })} />
        {way !== "nats" && <TextField label={t("add.site")} value={named.site} isCode onChange={(site) => named.set({ site })} />}
        {(way === "curl" || way === "python") && (
          <>
            <TextField label={t("add.metric")} value={named.metric} isCode onChange={(metric) => named.set({ metric })} />
            <Combo label={t("add.unit")} value={named.unit} options={unitOptions} isOpenEnded onChange={(unit) => named.set({ unit })} />
          </>
        )}
      </div>
      {keyRow}
      {text === null ? (
        <p>{t("add.noNats")}</p>
      ) : (
        <div className={css["snippet"]}>
          {/* Scrolls sideways, so the keyboard must reach it. */}
          <pre tabIndex={0} role="region" aria-label={t(`add.way.${way}`)}>
            <code>{text}</code>
          </pre>
          <CopyButton text={text} label={t("forms.copy")} tone="normal" />
        </div>
      )}
    </div>
  );
}
