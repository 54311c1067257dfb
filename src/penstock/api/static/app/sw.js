/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-bca5e73a4c9c";
const SHELL = ["assets/Badge-fHgxlPO0.js","assets/Button-Ci3c1vub.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSIowGU0.js","assets/DataTable-BSk83TsP.css","assets/Dialog-BJacrCWb.js","assets/FileDrop--L0tmxEV.js","assets/FileDrop-D4oi-yYK.css","assets/Form-BCE_TEip.js","assets/KeyValues-m8ky1BsD.js","assets/KeysHelp-BVuFfBRZ.js","assets/Overlay-DcixqVwD.js","assets/Overlay-zjPccdh8.css","assets/Palette-BK2fcirE.css","assets/Palette-DEuThVK3.js","assets/Palette.module-DLQvkwXa.js","assets/Panel-BY-UQ9DU.css","assets/Panel-BuuH8paB.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-DnAN5ujp.js","assets/SignIn-CU-c2QXc.js","assets/Stale-Bj-h-ryM.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-D5gwVnVI.js","assets/Tabs-CR8_9PgM.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-DmAiSREu.css","assets/TimePicker-dZ4pTymD.js","assets/add-CS_rdJky.js","assets/add-ER-9o3Ar.css","assets/batteries-B6Bweqht.js","assets/battery-BmOcdg3Y.js","assets/battery-CTL1VLU_.css","assets/building-BNkQo_Lu.js","assets/building-DESar3RS.css","assets/catalog-Bf4uThiZ.js","assets/catalog-WWcI_VC1.css","assets/charts-BURAlbkl.css","assets/charts-C_ey7gUx.js","assets/client-CIop4OQn.js","assets/data-CBQcEJj5.css","assets/data-CySeUwOy.js","assets/de-DZU4rzq_.js","assets/degrees-BNbb8R-6.js","assets/esm-CL0mBNpF.js","assets/events-fto_Lo70.css","assets/events-p5iVFK-W.js","assets/explore-BqhaJfK6.css","assets/explore-CXHiPZYA.js","assets/exports-BH0xwsP9.js","assets/fields-Pe_JpQz7.js","assets/fields-_8BPvRTT.css","assets/fleet-DUuDpYLw.js","assets/fr-C6nYPv4m.js","assets/glob-CSUoUQY_.js","assets/index-BpjkmnrD.css","assets/index-BtKexnB2.js","assets/live-C66ucDjS.js","assets/live-RDlgG-z9.css","assets/metrics-CIvUV4UR.js","assets/query-Cma9rg0q.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-Xr3JzDI1.css","assets/room-e0FUTVFS.js","assets/settings-Cg9rYszJ.js","assets/settings-qHqpWTTb.css","assets/site-BaqVtLi5.js","assets/site-DzDIJca6.css","assets/states-TBhNIHbj.css","assets/states.module-BssfOSlY.js","assets/system-CJluIw5v.css","assets/system-u4e2WZ8T.js","assets/tanstack-BMOWus4w.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-BFVjUpF6.js","index.html"];

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
