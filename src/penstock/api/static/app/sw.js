/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-7e21ff9c652a";
const SHELL = ["assets/Badge-fHgxlPO0.js","assets/Button-Ci3c1vub.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSk83TsP.css","assets/DataTable-Bi9997E8.js","assets/Dialog-BJacrCWb.js","assets/FileDrop--L0tmxEV.js","assets/FileDrop-D4oi-yYK.css","assets/Form-BCE_TEip.js","assets/GoButton-Czuxu0ys.js","assets/KeyValues-m8ky1BsD.js","assets/KeysHelp-w0T4yeai.js","assets/Overlay-DcixqVwD.js","assets/Overlay-zjPccdh8.css","assets/Palette-BK2fcirE.css","assets/Palette-ChNNezbF.js","assets/Palette.module-DLQvkwXa.js","assets/Panel-BY-UQ9DU.css","assets/Panel-DiYmqpv6.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-DnAN5ujp.js","assets/SignIn-DYHNSkK-.js","assets/Stale-CK9dlJdS.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-BzsBAemP.js","assets/Tabs-DVCYF2pB.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-BYl0LYfb.js","assets/TimePicker-DmAiSREu.css","assets/add-DPun6tUy.js","assets/add-ER-9o3Ar.css","assets/batteries-CTwyl9C4.js","assets/battery-CCEAfEEq.js","assets/battery-CTL1VLU_.css","assets/building-DESar3RS.css","assets/building-DUz5rHFu.js","assets/catalog-CKF-P0CG.js","assets/catalog-WWcI_VC1.css","assets/charts-DNKFWUe0.js","assets/charts-fUd_YrpJ.css","assets/client-CIop4OQn.js","assets/data-B3BMMjoa.js","assets/data-CBQcEJj5.css","assets/de-DZU4rzq_.js","assets/degrees-BaEDBjVC.js","assets/esm-CL0mBNpF.js","assets/events-AKyp_DBA.js","assets/events-fto_Lo70.css","assets/explore-Bk2bwoGT.js","assets/explore-BqhaJfK6.css","assets/exports-BH0xwsP9.js","assets/fields-Pe_JpQz7.js","assets/fields-_8BPvRTT.css","assets/fleet-C0pjRMeA.js","assets/fr-C6nYPv4m.js","assets/glob-CSUoUQY_.js","assets/index-BpjkmnrD.css","assets/index-Ca5-n8Nb.js","assets/live-BJ9gGJSM.js","assets/live-RDlgG-z9.css","assets/metrics-Crw_5AGL.js","assets/query-Cma9rg0q.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-BjMsgiJ0.js","assets/room-Xr3JzDI1.css","assets/settings-qHqpWTTb.css","assets/settings-rvn0tnSr.js","assets/site-DSnku0w6.css","assets/site-D_y5IkCx.js","assets/states-TBhNIHbj.css","assets/states.module-BssfOSlY.js","assets/system-CJluIw5v.css","assets/system-DBm0nW_0.js","assets/tanstack-BMOWus4w.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-BFVjUpF6.js","index.html"];

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
