/** Every asset as a tile, by site: up to ten thousand; more than that as a bar for each site. */
import { useMemo, type ReactNode } from "react";
import { useDegrees } from "../../app/degrees";
import { useGo } from "../../app/Go";
import { GoButton } from "../../app/GoButton";
import { Tiles, type Tile } from "../../charts";
import { Button } from "../../forms";
import { fmt, t } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { MOST_ASSETS, useAssets, type AssetAnswer, type SiteRow } from "./ask";
import { placeOf, tilesOf } from "./assets";
import { AssetFilters, useAssetFilter } from "./AssetFilters";
import css from "./fleet.module.css";
import { StateBar } from "./StateBar";
import { abnormal, STATE_WORDS } from "./states";
import { useLiveColumns } from "./useLiveColumns";

const HEIGHT = 480;
/** Tiles, their tools and their legend. */
const WHOLE = "33rem";

export interface AssetPanelProps {
  readonly sites: readonly SiteRow[];
  readonly names: ReadonlyMap<string, string>;
  /** Reasons by `assetKey` of those that report as they should, but nothing good. */
  readonly concerns: ReadonlyMap<string, string>;
}

export function AssetPanel(props: AssetPanelProps): ReactNode {
  const { filter, change, clear, isNarrowed } = useAssetFilter();
  const assets = useAssets(filter);
  const empty = ({ total }: AssetAnswer) =>
    total > 0 ? null : (
      <Empty icon="filter" why={t("fleet.noneFits")} action={isNarrowed ? <Button onPress={clear}>{t("fleet.clear")}</Button> : <GoButton to="/add">{t("fleet.add")}</GoButton>} />
    );
  return (
    <Panel
      title={t("fleet.assets")}
      state={assets}
      skeleton={<Skeleton height={WHOLE} />}
      empty={empty}
      actions={<AssetFilters filter={filter} sites={props.sites} change={change} />}
    >
      {(answer) => (answer.total > MOST_ASSETS ? <SiteBars total={answer.total} sites={props.sites} onSite={(site) => change({ site })} /> : <AssetTiles answer={answer} {...props} />)}
    </Panel>
  );
}

function AssetTiles({ answer, names, concerns }: AssetPanelProps & { answer: AssetAnswer }): ReactNode {
  const go = useGo();
  const { degrees, write } = useDegrees();
  const { filter } = useAssetFilter();
  const columns = useLiveColumns(answer.columns, filter.site);
  // `write` is made anew with every render; it changes with the unit only.
  const words = useMemo(() => write, [degrees]);
  const tiles = useMemo(() => tilesOf(columns, names, concerns, words), [columns, names, concerns, words]);
  const open = (tile: Tile) => {
    const i = Number(tile.id);
    const [id = "", site = "", kind = "", building = "", room = ""] = [columns.id[i], columns.site_id[i], columns.kind[i], columns.building[i], columns.room[i]];
    const place = placeOf({ id, site, kind, building, room });
    go(place.to, place.params, place.search);
  };
  return <Tiles title={t("fleet.assets")} isTitleHidden tiles={tiles} maxHeight={HEIGHT} onOpen={open} />;
}

/** Where tiles would be too many: each site in one line, which leads to its tiles. */
function SiteBars({ total, sites, onSite }: { total: number; sites: readonly SiteRow[]; onSite: (site: string) => void }): ReactNode {
  return (
    <>
      <p className={css["soft"]}>{t("fleet.tooMany", { n: total, most: MOST_ASSETS })}</p>
      <ul className={css["bars"]}>
        {sites.map((site) => (
          <li key={site.site_id}>
            <Button tone="quiet" onPress={() => onSite(site.site_id ?? "")}>
              {site.name || site.site_id}
            </Button>
            <StateBar counts={site} />
            <span className={css["soft"]}>{abnormal(site).map(([state, n]) => `${fmt.count(n)} ${t(STATE_WORDS[state])}`).join(", ") || t("fleet.ofAssets", { n: site.assets ?? 0 })}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
