import add from "./add/fr.json";
import app from "./app/fr.json";
import catalog from "./catalog/fr.json";
import batteries from "./batteries/fr.json";
import building from "./building/fr.json";
import charts from "./charts/fr.json";
import events from "./events/fr.json";
import fleet from "./fleet/fr.json";
import explore from "./explore/fr.json";
import forms from "./forms/fr.json";
import live from "./live/fr.json";
import site from "./site/fr.json";
import states from "./states/fr.json";
import system from "./system/fr.json";
import table from "./table/fr.json";
import time from "./time/fr.json";
import type { Catalog } from "./catalog";

export default {
  add,
  app,
  catalog,
  batteries,
  building,
  charts,
  events,
  fleet,
  explore,
  forms,
  live,
  site,
  states,
  system,
  table,
  time,
} satisfies Catalog;
