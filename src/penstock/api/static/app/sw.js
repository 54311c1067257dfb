/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-ac7930a92247";
const SHELL = ["assets/Badge-fHgxlPO0.js","assets/Button-Ci3c1vub.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSk83TsP.css","assets/DataTable-XzSVZ44D.js","assets/Dialog-BJacrCWb.js","assets/FileDrop--L0tmxEV.js","assets/FileDrop-D4oi-yYK.css","assets/Form-BCE_TEip.js","assets/GoButton-CKJIWC1B.js","assets/KeyValues-m8ky1BsD.js","assets/KeysHelp-0kCLqPUH.js","assets/Overlay-DcixqVwD.js","assets/Overlay-zjPccdh8.css","assets/Palette-BK2fcirE.css","assets/Palette-R4vnWjJM.js","assets/Palette.module-DLQvkwXa.js","assets/Panel-77jRoIkR.js","assets/Panel-BY-UQ9DU.css","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-DnAN5ujp.js","assets/SignIn-DTkRN88x.js","assets/Stale-CFhgYvs0.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-DbblOorW.js","assets/Tabs-0UerXGjf.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-BdeABa2U.js","assets/TimePicker-DmAiSREu.css","assets/add-Ckc9xTKX.js","assets/add-ER-9o3Ar.css","assets/batteries-vu6BkxxC.js","assets/battery-CTL1VLU_.css","assets/battery-zQqQYttw.js","assets/building-DESar3RS.css","assets/building-Df_NNyn6.js","assets/catalog-BQ7VH--_.js","assets/catalog-WWcI_VC1.css","assets/charts-ClV77RI8.js","assets/charts-DDjw-hKQ.css","assets/client-CIop4OQn.js","assets/data-CBQcEJj5.css","assets/data-DW50KuFW.js","assets/de-DZU4rzq_.js","assets/degrees-DNBcNIkS.js","assets/esm-CL0mBNpF.js","assets/events-BG8NQuY-.js","assets/events-fto_Lo70.css","assets/explore-BqhaJfK6.css","assets/explore-DOixUmnw.js","assets/exports-BH0xwsP9.js","assets/fields-Pe_JpQz7.js","assets/fields-_8BPvRTT.css","assets/fleet-D5tHqjlp.js","assets/fr-C6nYPv4m.js","assets/glob-CSUoUQY_.js","assets/index-BpjkmnrD.css","assets/index-Capk6Mte.js","assets/live-Bv1Nz0Ui.js","assets/live-RDlgG-z9.css","assets/metrics-D4QV_tl-.js","assets/query-Cma9rg0q.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-Kfxqoh0l.js","assets/room-Xr3JzDI1.css","assets/settings-Bzxpj2Xb.js","assets/settings-qHqpWTTb.css","assets/site-CPiATZ01.js","assets/site-DSnku0w6.css","assets/states-TBhNIHbj.css","assets/states.module-BssfOSlY.js","assets/system-07VsPfg4.js","assets/system-CJluIw5v.css","assets/tanstack-BMOWus4w.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-BFVjUpF6.js","index.html"];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SHELL.map((name) => `/ui/${name === "index.html" ? "" : name}`)))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("penstock-") && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || !url.pathname.startsWith("/ui/")) return;
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match("/ui/").then((page) => page ?? Response.error())));
  } else if (url.pathname.startsWith("/ui/assets/")) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});
