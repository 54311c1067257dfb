/** A chart's question as a file, and as code to copy. */

import { type ReactNode, useEffect, useRef } from "react";

import { Problem } from "../api/problem";
import { copyText, Menu, toast } from "../forms";
import { t } from "../i18n";
import { type Askable, asCurl, asGraphQL, asPython } from "./copyAs";
import { FILE_FORMATS, type FileFormat, saveFile } from "./download";

const LABELS = {
  csv: "charts.fileCsv",
  parquet: "charts.fileParquet",
  xlsx: "charts.fileXlsx",
  ndjson: "charts.fileNdjson",
  arrow: "charts.fileArrow",
} as const;

/** What stands at a chart; also for answers that are shown otherwise. */
export function ExportMenu({ title, question }: { title: string; question: Askable }): ReactNode {
  // A file that is still being made when the chart goes away is not wanted any more.
  const leaving = useRef<AbortController>(null);
  useEffect(() => {
    leaving.current = new AbortController();
    return () => leaving.current?.abort();
  }, []);
  const save = (format: FileFormat) => {
    const signal = leaving.current?.signal;
    if (signal !== undefined) void saved(question, format, title, signal);
  };
  const copies = [
    { id: "curl", label: t("charts.copyCurl"), text: () => asCurl(question, location.origin) },
    { id: "python", label: t("charts.copyPython"), text: () => asPython(question, location.origin, Date.now()) },
    // GraphQL takes no question in words.
    ...(typeof question === "string" ? [] : [{ id: "graphql", label: t("charts.copyGraphQL"), text: () => asGraphQL(question, Date.now()) }]),
  ];
  return (
    <Menu
      label={t("charts.export", { title })}
      iconOnly
      tone="quiet"
      icon="download"
      items={[
        ...FILE_FORMATS.map((format) => ({ id: format, label: t(LABELS[format]), icon: "download" as const, run: () => save(format) })),
        ...copies.map(({ id, label, text }) => ({ id, label, icon: "copy" as const, run: () => void copied(text()) })),
      ]}
    />
  );
}

async function saved(question: Askable, format: FileFormat, title: string, signal: AbortSignal): Promise<void> {
  const done = toast({ title: t("charts.fileMade", { title }) });
  try {
    await saveFile(question, format, title, signal);
  } catch (error) {
    if (signal.aborted) return;
    const detail = error instanceof Problem ? [error.detail, error.hint].filter(Boolean).join(" ") : String(error);
    toast({ title: t("charts.fileFailed", { title }), detail, tone: "bad" });
  } finally {
    done();
  }
}

/** Text to the clipboard; says whether that worked. */
export async function copied(text: string): Promise<void> {
  const worked = await copyText(text);
  toast(worked ? { title: t("charts.copied") } : { title: t("charts.copyFailed"), detail: text, tone: "bad" });
}
