/**
 * Every shared part in all its states, for looking at while working on them: `npm run dev`, then /ui/gallery/.
 * It is not built into the app. `#/forms`, `#/states`, `#/table` and `#/time` show one kind each.
 */
import { createHashHistory, createRootRoute, createRoute, createRouter, Outlet, RouterProvider } from "@tanstack/react-router";
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import "../src/style/tokens.css";
import "../src/style/base.css";
import { Toasts } from "../src/forms";
import { rangeSearch, SiteZone } from "../src/time";
import { FormsGallery } from "./FormsGallery";
import { StatesGallery } from "./StatesGallery";
import { TableGallery } from "./TableGallery";
import { TimeGallery } from "./TimeGallery";

function Frame(): ReactNode {
  return (
    <SiteZone zone="Europe/Berlin">
      <header style={{ padding: "var(--space-4)" }}>
        <h1>Shared parts</h1>
      </header>
      <main style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: "var(--space-5)", padding: "var(--space-4)" }}>
        <Outlet />
      </main>
      <Toasts />
    </SiteZone>
  );
}

function All(): ReactNode {
  return (
    <>
      <TimeGallery />
      <FormsGallery />
      <StatesGallery />
      <TableGallery />
    </>
  );
}

function Failure({ error }: { error: unknown }): ReactNode {
  return <main role="alert">{error instanceof Error ? error.message : String(error)}</main>;
}

const root = createRootRoute({ component: Frame, validateSearch: rangeSearch, errorComponent: Failure });
const routes = Object.entries({ "/": All, forms: FormsGallery, states: StatesGallery, table: TableGallery, time: TimeGallery });
const router = createRouter({
  routeTree: root.addChildren(routes.map(([path, component]) => createRoute({ getParentRoute: () => root, path, component }))),
  history: createHashHistory(),
});

const element = document.getElementById("root");
if (element === null) throw new Error("gallery: index.html has no #root");
createRoot(element).render(
  <StrictMode>
    <RouterProvider router={router} />
  </StrictMode>,
);
