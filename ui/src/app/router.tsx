import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate } from "@tanstack/react-router";
import { rangeSearch } from "../time";
import { Failure, NotFound } from "./Failure";
import { LANDINGS, loaderOf } from "./screens";
import { currentSettings } from "./settings";
import { Shell } from "./Shell";

const PATHS: readonly [path: string, screen: string][] = [
  ["/fleet", "fleet"],
  ["/sites/$site", "site"],
  ["/buildings/$building", "building"],
  ["/buildings/$building/rooms/$room", "room"],
  ["/batteries", "batteries"],
  ["/batteries/$battery", "battery"],
  ["/live", "live"],
  ["/explore", "explore"],
  ["/events", "events"],
  ["/system", "system"],
  ["/catalog", "catalog"],
  ["/catalog/$kind", "catalog"],
  ["/add", "add"],
  ["/settings", "settings"],
];

const root = createRootRoute({ component: Shell, validateSearch: rangeSearch, errorComponent: Failure, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: () => <Navigate to={LANDINGS[currentSettings().role]} replace />,
});

const screens = PATHS.flatMap(([path, screen]) => {
  const load = loaderOf(screen);
  return load ? [createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load), errorComponent: Failure })] : [];
});

export const router = createRouter({
  routeTree: root.addChildren([home, ...screens]),
  basepath: "/ui",
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultPendingMs: 200,
});
