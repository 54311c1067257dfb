/** "Why is this reading what it is, or not there?", asked by a form and answered in sentences. */
import { useMemo, useState, type ReactNode } from "react";
import { Problem } from "../../api/problem";
import { Button, Combo, Form, FormActions, TextField, toast } from "../../forms";
import { fmt, t, useLocale } from "../../i18n";
import { Panel } from "../../states";
import { useZone } from "../../time";
import { asText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import css from "./system.module.css";
import { metricOptions, newestOf, sensorOptions, useExplain, type Explained, type Which } from "./useExplain";
import { lagText, named } from "./words";

export function Explain(): ReactNode {
  useLocale();
  const [search, change] = useSearchParams();
  const asked: Which = {
    sensor: asText(search["sensor"]) ?? "",
    metric: asText(search["metric"]) ?? "",
    site: asText(search["site"]) ?? "",
    ts: asText(search["ts"]) ?? "",
  };
  const answer = useExplain(asked);
  const isAsked = asked.sensor !== "" && asked.metric !== "" && asked.ts !== "";
  return (
    <div className={css["stack"]}>
      <Panel title={t("system.explain")} help={t("system.explainHelp")}>
        <Ask key={JSON.stringify(asked)} asked={asked} onAsk={(which) => change({ ...which, site: which.site || undefined })} />
      </Panel>
      {isAsked && (
        <Panel title={`${asked.sensor} · ${asked.metric}`} state={answer}>
          {(found) => <Story found={found} />}
        </Panel>
      )}
    </div>
  );
}

function Ask({ asked, onAsk }: { asked: Which; onAsk: (which: Which) => void }): ReactNode {
  const [which, setWhich] = useState(asked);
  const [isLooking, setLooking] = useState(false);
  const metrics = useMemo(() => metricOptions(which.sensor), [which.sensor]);
  const set = (part: Partial<Which>) => setWhich((before) => ({ ...before, ...part }));

  async function newest(): Promise<void> {
    setLooking(true);
    try {
      const ts = await newestOf(which);
      if (ts === undefined) toast({ tone: "bad", title: t("system.noReading") });
      else set({ ts });
    } catch (error) {
      toast({ tone: "bad", title: t("system.noReading"), detail: error instanceof Problem ? error.detail : String(error) });
    } finally {
      setLooking(false);
    }
  }

  return (
    <Form label={t("system.explain")} onSubmit={() => onAsk(which)}>
      <div className={css["fields"]}>
        <Combo label={t("system.sensor")} options={sensorOptions} value={which.sensor} onChange={(sensor) => set({ sensor })} isRequired isOpenEnded />
        <Combo label={t("system.metric")} options={metrics} value={which.metric} onChange={(metric) => set({ metric })} isRequired isOpenEnded />
        <TextField label={t("system.site")} description={t("system.siteHint")} value={which.site} onChange={(site) => set({ site })} />
        <TextField label={t("system.time")} description={t("system.timeHint")} placeholder="2026-01-31T12:00:00Z" isCode isRequired value={which.ts} onChange={(ts) => set({ ts })} />
      </div>
      <FormActions>
        <Button isDisabled={which.sensor === "" || which.metric === ""} isPending={isLooking} onPress={() => void newest()}>
          {t("system.newest")}
        </Button>
        <Button type="submit" tone="primary">
          {t("system.explainIt")}
        </Button>
      </FormActions>
    </Form>
  );
}

function Story({ found }: { found: Explained }): ReactNode {
  const zone = useZone();
  const at = (ts: string | null | undefined) => fmt.time(Date.parse(ts ?? ""), zone, "ms");
  return (
    <div className={css["story"]}>
      {found.found === true ? (
        <p className={css["lead"]}>
          <strong>{fmt.number(found.value, found.unit, 6)}</strong> {t("system.storedAt", { site: found.site_id ?? "", time: at(found.ts) })}
        </p>
      ) : (
        <p className={css["lead"]}>
          <strong>{t("system.notStored")}</strong>
        </p>
      )}
      {found.decision?.code != null && <p>{named("decision", found.decision.code)}</p>}
      {found.reasons?.map(({ code, detail, close }) => (
        <Said key={code} text={named("reason", code ?? "")} detail={[detail, close?.join(", ")].filter(Boolean).join(" ")} />
      ))}
      {found.conversions?.map((one, i) => (
        <p key={i}>{t("system.converted", { metric: one.sent_metric ?? "", value: fmt.number(one.sent_value, null, 6), unit: one.sent_unit ?? "" })}</p>
      ))}
      {found.latency?.device_to_door_ms != null && (
        <p>
          {t("system.latency", { door: lagText(found.latency.device_to_door_ms), stored: lagText(found.latency.door_to_committed_ms) })}
        </p>
      )}
      {found.refused?.map(({ code, detail }, i) => <Said key={i} text={t("system.refusedOnce", { code: code ?? "" })} detail={detail} />)}
      {(found.nearest?.before || found.nearest?.after) && (
        <ul className={css["reasons"]}>
          {found.nearest.before && <li>{t("system.before", { value: fmt.number(found.nearest.before.value, found.unit, 6), time: at(found.nearest.before.ts) })}</li>}
          {found.nearest.after && <li>{t("system.after", { value: fmt.number(found.nearest.after.value, found.unit, 6), time: at(found.nearest.after.ts) })}</li>}
        </ul>
      )}
      {(found.versions ?? []).length > 0 && <Versions found={found} at={at} />}
    </div>
  );
}

function Said({ text, detail }: { text: string; detail: string | null | undefined }): ReactNode {
  return (
    <p>
      {text} {detail && <span className={css["soft"]}>({detail})</span>}
    </p>
  );
}

/** Every version that arrived, the one that counts first. */
function Versions({ found, at }: { found: Explained; at: (ts: string | null | undefined) => string }): ReactNode {
  return (
    <div className={css["scrolls"]} tabIndex={0} role="group" aria-label={t("system.arrived")}>
      <table className={css["table"]}>
        <caption>{t("system.arrived")}</caption>
        <thead>
          <tr>
            {(["value", "fate", "source", "admitted", "committed", "receiptId"] as const).map((name) => (
              <th key={name} scope="col">
                {t(`system.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(found.versions ?? []).map((version, i) => (
            <tr key={i}>
              <th scope="row">{fmt.number(version.value, found.unit, 6)}</th>
              <td>{version.wins ? t("system.wins") : named("fate", version.fate ?? "")}</td>
              <td>{version.source || "–"}</td>
              <td>{at(version.admitted_ts)}</td>
              <td>{at(version.committed_ts)}</td>
              <td>
                <code>{version.receipt}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
