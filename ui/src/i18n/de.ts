import app from "./app/de.json";
import charts from "./charts/de.json";
import type { Catalog } from "./catalog";

export default {
  app,
  charts,
} satisfies Catalog;
