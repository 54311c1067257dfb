/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-42ef33cba6d1";
const SHELL = ["assets/Badge-fHgxlPO0.js","assets/Button-Ci3c1vub.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSk83TsP.css","assets/DataTable-DCsViOys.js","assets/Dialog-BJacrCWb.js","assets/FileDrop--L0tmxEV.js","assets/FileDrop-D4oi-yYK.css","assets/Form-BCE_TEip.js","assets/GoButton-CEVuXfcC.js","assets/KeyValues-m8ky1BsD.js","assets/KeysHelp-C7qML-xT.js","assets/Overlay-DcixqVwD.js","assets/Overlay-zjPccdh8.css","assets/Palette-BK2fcirE.css","assets/Palette-C13-_DR5.js","assets/Palette.module-DLQvkwXa.js","assets/Panel-BY-UQ9DU.css","assets/Panel-Ds9rFPKj.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-DnAN5ujp.js","assets/SignIn-DJ-0ZTvM.js","assets/Stale-BXrqkyfZ.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-CS93Ffde.js","assets/Tabs-B26ETBtS.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-Bji3XFnp.js","assets/TimePicker-DmAiSREu.css","assets/add-Dfma86lt.js","assets/add-ER-9o3Ar.css","assets/batteries-CxWrpglx.js","assets/battery-C3tFp7Q1.js","assets/battery-CTL1VLU_.css","assets/building-5guDj8O2.js","assets/building-DESar3RS.css","assets/catalog-Bg9mckPJ.js","assets/catalog-WWcI_VC1.css","assets/charts-C-MkVFQr.css","assets/charts-DylZpKL6.js","assets/client-CIop4OQn.js","assets/data-C2wAhjCb.js","assets/data-CBQcEJj5.css","assets/de-DZU4rzq_.js","assets/degrees-DiCZjW4g.js","assets/esm-CL0mBNpF.js","assets/events-DM1CoCQg.js","assets/events-fto_Lo70.css","assets/explore-BqhaJfK6.css","assets/explore-BvjkCw7F.js","assets/exports-BH0xwsP9.js","assets/fields-Pe_JpQz7.js","assets/fields-_8BPvRTT.css","assets/fleet-DxylyO94.js","assets/fr-C6nYPv4m.js","assets/glob-CSUoUQY_.js","assets/index-B5lPd3F8.js","assets/index-BpjkmnrD.css","assets/live-DTvjWT3y.js","assets/live-RDlgG-z9.css","assets/metrics-HZTl1OsN.js","assets/query-Cma9rg0q.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-Xr3JzDI1.css","assets/room-wx5XVVfS.js","assets/settings-CO8ZMZLU.js","assets/settings-qHqpWTTb.css","assets/site-BWgxkaPZ.js","assets/site-DSnku0w6.css","assets/states-TBhNIHbj.css","assets/states.module-BssfOSlY.js","assets/system-CJluIw5v.css","assets/system-CRISwcW7.js","assets/tanstack-BMOWus4w.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-BFVjUpF6.js","index.html"];

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
