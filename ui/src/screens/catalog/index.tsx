import { useParams } from "@tanstack/react-router";
import { useCallback, useRef, useState, type ReactNode } from "react";
import { useMe } from "../../api/session";
import { useGo } from "../../app/Go";
import { Button, Menu, Tabs, toast, useFocusKept } from "../../forms";
import { fmt, t } from "../../i18n";
import { Banner } from "../../states";
import css from "./catalog.module.css";
import { ImportDialog } from "./ImportDialog";
import { isKind, KINDS, type CatalogRecord, type Kind } from "./kinds";
import { KindTable } from "./KindTable";
import { RecordDialog } from "./RecordDialog";
import { useUnassigned } from "./records";
import { FORMATS } from "./formats";
import { exportAddress } from "./transfer";
import { Unassigned } from "./Unassigned";

const FIRST = "sites";

/** What there is, where it stands, and what stands nowhere yet. */
export default function CatalogScreen(): ReactNode {
  const go = useGo();
  const { kind: wanted } = useParams({ strict: false });
  const me = useMe();
  const unassigned = useUnassigned();
  const [edited, setEdited] = useState<{ record: CatalogRecord | null } | null>(null);
  const [importing, setImporting] = useState(false);
  const screen = useRef<HTMLDivElement>(null);
  useFocusKept(edited !== null, screen, "[role=tab][aria-selected=true]");
  const open = useCallback((record: CatalogRecord) => setEdited({ record }), []);
  const mayEdit = me.data?.scopes?.includes("admin") ?? false;
  const tab = wanted === "unassigned" ? wanted : isKind(wanted) ? wanted : FIRST;
  const kind: Kind = isKind(tab) ? tab : "points";
  const count = unassigned.data?.rows.length;

  return (
    <div ref={screen} className={css["screen"]}>
      <header className={css["head"]}>
        <h1>{t("app.catalog")}</h1>
        <div className={css["actions"]}>
          {mayEdit && (
            <Button icon="upload" onPress={() => setImporting(true)}>
              {t("catalog.import")}
            </Button>
          )}
          <Menu
            label={t("catalog.export")}
            icon="download"
            items={FORMATS.map((format) => ({
              id: format,
              label: t(`catalog.format.${format}`),
              detail: format === "csv" ? t(`catalog.kind.${kind}`) : t("catalog.everything"),
              run: () => location.assign(exportAddress(format, kind)),
            }))}
          />
          {mayEdit && tab !== "unassigned" && (
            <Button tone="primary" icon="plus" onPress={() => setEdited({ record: null })}>
              {t("catalog.newOf", { kind: t(`catalog.one.${kind}`) })}
            </Button>
          )}
        </div>
      </header>
      {me.data && !mayEdit && <Banner>{t("catalog.readOnly")}</Banner>}
      <Tabs
        label={t("catalog.kinds")}
        selected={tab}
        onSelect={(id) => id !== tab && go("/catalog/$kind", { kind: id })}
        items={[
          ...KINDS.map((id) => ({
            id,
            label: t(`catalog.kind.${id}`),
            content: <KindTable key={id} kind={id} mayEdit={mayEdit} onOpen={open} onNew={() => setEdited({ record: null })} />,
          })),
          {
            id: "unassigned",
            label: t("catalog.unassigned"),
            ...(count ? { count: fmt.count(count) } : {}),
            content: <Unassigned mayEdit={mayEdit} />,
          },
        ]}
      />
      {edited && (
        <RecordDialog
          kind={kind}
          record={edited.record}
          mayEdit={mayEdit}
          onClose={() => setEdited(null)}
          onDone={(done) => {
            setEdited(null);
            toast({ title: t(`catalog.${done}`) });
          }}
        />
      )}
      {importing && <ImportDialog kind={kind} onClose={() => setImporting(false)} />}
    </div>
  );
}
