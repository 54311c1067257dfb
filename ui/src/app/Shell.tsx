import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { Problem } from "../api/problem";
import { useMe } from "../api/session";
import { Menu, Toasts } from "../forms";
import { t, useLocale } from "../i18n";
import { useLink } from "../live";
import { ErrorState, LinkBanner, Skeleton } from "../states";
import { AccountMenu } from "./AccountMenu";
import { client } from "./queries";
import { Go, useGo } from "./Go";
import { SCREENS } from "./screens";
import css from "./Shell.module.css";
import { holdKeys } from "./typedAhead";
import { useArriving } from "./useArriving";
import { useShortcuts } from "./useShortcuts";

const UNAUTHORISED = 401;

// What is not there when a page opens is loaded when it is wanted.
const SignIn = lazy(() => import("./SignIn"));
const Palette = lazy(() => import("./Palette"));
const KeysHelp = lazy(() => import("./KeysHelp"));

/** Everything around a screen. Without a session it is the sign-in page, at the address where one wanted to go. */
export function Shell(): ReactNode {
  const me = useMe();
  useLocale();
  useEffect(() => {
    const ended = () => void client.resetQueries({ queryKey: ["me"] });
    addEventListener("penstock:unauthorised", ended);
    return () => removeEventListener("penstock:unauthorised", ended);
  }, []);
  if (me.error instanceof Problem && me.error.status === UNAUTHORISED) {
    return (
      <Suspense>
        <SignIn />
      </Suspense>
    );
  }
  if (me.data === undefined && me.error !== null) {
    return (
      <main className={css["alone"]}>
        <h1>{t("app.name")}</h1>
        <ErrorState problem={me.error} retry={() => void me.refetch()} />
      </main>
    );
  }
  return <Frame demo={me.data?.demo === true} ready={me.data !== undefined} />;
}

function Frame({ demo, ready }: { demo: boolean; ready: boolean }): ReactNode {
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);
  const openPalette = () => {
    if (!palette) holdKeys();
    setPalette(true);
  };
  useShortcuts({ palette: openPalette, help: () => setKeys(true) });
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useArriving(main, path);
  const first = useRef(true);
  useEffect(() => {
    // A new screen begins at its top for who reads by ear, too.
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div className={css["frame"]}>
      <a className={css["skip"]} href="#main">
        {t("app.skip")}
      </a>
      <Top demo={demo} onPalette={openPalette} />
      <SideNav />
      <main id="main" ref={main} tabIndex={-1} className={css["main"]}>
        <LiveBanner />
        {ready ? <Outlet /> : <Skeleton />}
      </main>
      <BottomBar />
      <Suspense>
        {palette && <Palette onClose={() => setPalette(false)} />}
        {keys && <KeysHelp onClose={() => setKeys(false)} />}
      </Suspense>
      <Toasts />
    </div>
  );
}

function LiveBanner(): ReactNode {
  const { state, since } = useLink();
  return <LinkBanner pausedSince={state === "paused" ? since : undefined} />;
}

function Top({ demo, onPalette }: { demo: boolean; onPalette: () => void }): ReactNode {
  return (
    <header className={css["top"]}>
      <Go to="/" className={css["brand"]}>
        <img src="/ui/icon.svg" alt="" width={28} height={28} />
        <span className={css["brandName"]}>{t("app.name")}</span>
      </Go>
      <button type="button" className={css["find"]} onClick={onPalette} aria-keyshortcuts="Control+K">
        <Mark path="M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.2 3.2" />
        <span className={css["findText"]}>{t("app.palette")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      {demo && (
        <p className={css["demo"]}>
          <span>{t("app.demo")}</span> <Go to="/add">{t("app.demoOwn")}</Go>
        </p>
      )}
      <LiveMark />
      <AccountMenu />
    </header>
  );
}

const STATES = { idle: "app.liveIdle", connecting: "app.liveConnecting", open: "app.liveOpen", paused: "app.livePaused" } as const;

function LiveMark(): ReactNode {
  const { state } = useLink();
  return (
    <span className={css["link"]} data-state={state}>
      <svg aria-hidden="true" width="10" height="10" viewBox="0 0 10 10">
        {state === "open" ? <circle cx="5" cy="5" r="4.5" /> : <circle cx="5" cy="5" r="3.5" fill="none" strokeWidth="2" stroke="currentColor" />}
      </svg>
      <span className={css["linkText"]}>{t(STATES[state])}</span>
    </span>
  );
}

function Mark({ path }: { path: string }): ReactNode {
  return (
    <svg aria-hidden="true" width="18" height="18" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round">
      <path d={path} />
    </svg>
  );
}

function SideNav(): ReactNode {
  return (
    <nav className={css["side"]} aria-label={t("app.main")}>
      {SCREENS.map((screen) => (
        <Go key={screen.id} to={screen.path} className={css["sideLink"]} activeClassName={css["current"]}>
          <Mark path={screen.icon} />
          <span>{t(screen.label)}</span>
        </Go>
      ))}
    </nav>
  );
}

function BottomBar(): ReactNode {
  const go = useGo();
  const rest = SCREENS.filter((screen) => !screen.phone);
  return (
    <nav className={css["bottom"]} aria-label={t("app.main")}>
      {SCREENS.filter((screen) => screen.phone).map((screen) => (
        <Go key={screen.id} to={screen.path} className={css["bottomLink"]} activeClassName={css["current"]}>
          <Mark path={screen.icon} />
          <span>{t(screen.label)}</span>
        </Go>
      ))}
      <Menu
        label={t("app.more")}
        tone="quiet"
        className={css["bottomMore"] ?? ""}
        items={[
          ...rest.map((screen) => ({ id: screen.id, label: t(screen.label), run: () => go(screen.path) })),
          { id: "settings", label: t("app.settings"), run: () => go("/settings") },
        ]}
      />
    </nav>
  );
}
