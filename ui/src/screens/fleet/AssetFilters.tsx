/** Which assets are shown: by kind, state, site and text, kept in the URL. */
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { useDelayedText } from "../../app/useDelayedText";
import { Select, TextField, type Option } from "../../forms";
import { t } from "../../i18n";
import { asText } from "../../url/text";
import { useSearchParams, type SearchChange, type SetSearchOptions } from "../../url/useSearchParams";
import type { AssetFilter, SiteRow } from "./ask";
import css from "./fleet.module.css";
import { ASSET_KINDS, ASSET_STATES, KIND_WORDS, STATE_WORDS } from "./states";

const TYPING_MS = 250;
const NONE = { kind: undefined, state: undefined, site: undefined, text: undefined };

export interface AssetFilterState {
  readonly filter: AssetFilter;
  readonly isNarrowed: boolean;
  change(wanted: SearchChange, options?: SetSearchOptions): void;
  clear(): void;
}

export function useAssetFilter(): AssetFilterState {
  const [search, change] = useSearchParams();
  const kind = asText(search["kind"]);
  const state = asText(search["state"]);
  const site = asText(search["site"]);
  const text = asText(search["text"]);
  const filter = useMemo(() => ({ kind, state, site, text }), [kind, state, site, text]);
  const isNarrowed = Object.values(filter).some((value) => value !== undefined);
  return { filter, isNarrowed, change, clear: () => change(NONE) };
}

/** Stands for no choice: the platform has no such kind, state or site. */
const ALL = "*";

export function AssetFilters({ filter, sites, change }: { filter: AssetFilter; sites: readonly SiteRow[] } & Pick<AssetFilterState, "change">): ReactNode {
  const choose = (name: string) => (value: string) => change({ [name]: value === ALL ? undefined : value });
  const kinds = [{ value: ALL, label: t("fleet.allKinds") }, ...ASSET_KINDS.map((kind) => ({ value: kind, label: t(KIND_WORDS[kind]) }))];
  const states = [{ value: ALL, label: t("fleet.allStates") }, ...ASSET_STATES.map((state) => ({ value: state, label: t(STATE_WORDS[state]) }))];
  const places: Option[] = [{ value: ALL, label: t("fleet.allSites") }, ...sites.map((site) => ({ value: site.site_id ?? "", label: site.name || (site.site_id ?? "") }))];
  return (
    <div className={css["filters"]} role="group" aria-label={t("fleet.filters")}>
      <TextFilter text={filter.text ?? ""} change={change} />
      <Select label={t("fleet.kind")} options={kinds} value={filter.kind ?? ALL} onChange={choose("kind")} />
      <Select label={t("fleet.state")} options={states} value={filter.state ?? ALL} onChange={choose("state")} />
      <Select label={t("fleet.site")} options={places} value={filter.site ?? ALL} onChange={choose("site")} />
    </div>
  );
}

/** Asks once typing has stopped, without a step of Back for each letter. */
function TextFilter({ text, change }: { text: string } & Pick<AssetFilterState, "change">): ReactNode {
  const [typed, setTyped] = useState(text);
  const settled = useDelayedText(typed, TYPING_MS);
  const [shown, setShown] = useState(text);
  if (shown !== text) {
    // Back, or a cleared filter: the URL says what is looked for.
    setShown(text);
    setTyped(text);
  }
  useEffect(() => {
    if (settled === typed && settled.trim() !== text) change({ text: settled.trim() || undefined }, { replace: true });
  }, [settled, typed, text, change]);
  return <TextField label={t("fleet.find")} placeholder={t("fleet.findHint")} value={typed} onChange={setTyped} />;
}
