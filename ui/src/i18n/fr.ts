import app from "./app/fr.json";
import charts from "./charts/fr.json";
import type { Catalog } from "./catalog";

export default {
  app,
  charts,
} satisfies Catalog;
