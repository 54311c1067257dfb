import add from "./add/de.json";
import app from "./app/de.json";
import catalog from "./catalog/de.json";
import batteries from "./batteries/de.json";
import building from "./building/de.json";
import charts from "./charts/de.json";
import events from "./events/de.json";
import fleet from "./fleet/de.json";
import explore from "./explore/de.json";
import forms from "./forms/de.json";
import live from "./live/de.json";
import site from "./site/de.json";
import states from "./states/de.json";
import system from "./system/de.json";
import table from "./table/de.json";
import time from "./time/de.json";
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
