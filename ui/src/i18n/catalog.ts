import add from "./add/en.json";
import app from "./app/en.json";
import catalog from "./catalog/en.json";
import batteries from "./batteries/en.json";
import building from "./building/en.json";
import charts from "./charts/en.json";
import events from "./events/en.json";
import fleet from "./fleet/en.json";
import explore from "./explore/en.json";
import forms from "./forms/en.json";
import live from "./live/en.json";
import site from "./site/en.json";
import states from "./states/en.json";
import system from "./system/en.json";
import table from "./table/en.json";
import time from "./time/en.json";

/** Every area's English strings: the type of all keys. A new area adds its line here and in de.ts and fr.ts. */
const en = {
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
};

export default en;

type Areas = typeof en;
export type Key = { [A in keyof Areas & string]: `${A}.${keyof Areas[A] & string}` }[keyof Areas & string];
export type Text = string | { zero?: string; one?: string; two?: string; few?: string; many?: string; other: string };
export type Catalog = { [A in keyof Areas]: Record<keyof Areas[A], Text> };
