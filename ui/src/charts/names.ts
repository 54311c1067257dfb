/** Names for files. */

/** A chart's title as a name that every file system takes. */
export function fileName(title: string): string {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^\w.-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "");
  return plain.slice(0, 80).toLowerCase() || "chart";
}
