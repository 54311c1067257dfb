/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-c8d462149c20";
const SHELL = ["assets/Badge-fHgxlPO0.js","assets/Button-Ci3c1vub.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSk83TsP.css","assets/DataTable-tQ0Jb0O_.js","assets/Dialog-BJacrCWb.js","assets/FileDrop--L0tmxEV.js","assets/FileDrop-D4oi-yYK.css","assets/Form-BCE_TEip.js","assets/GoButton-B1RzUVvq.js","assets/KeyValues-m8ky1BsD.js","assets/KeysHelp-Cp8cjbFj.js","assets/Overlay-DcixqVwD.js","assets/Overlay-zjPccdh8.css","assets/Palette-BK2fcirE.css","assets/Palette-CkyPsMy4.js","assets/Palette.module-DLQvkwXa.js","assets/Panel-BY-UQ9DU.css","assets/Panel-CnEFnzlE.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-DnAN5ujp.js","assets/SignIn-BVBQoNi9.js","assets/Stale-BdRJOr93.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-BZfGbWP-.js","assets/Tabs-GYuLbDLB.css","assets/Tabs-gIECFNUb.js","assets/TimePicker-CCYBS9aq.js","assets/TimePicker-DmAiSREu.css","assets/add-DR3kOyun.js","assets/add-ER-9o3Ar.css","assets/batteries-Brqde4TN.js","assets/battery-BGrrlSDM.js","assets/battery-CTL1VLU_.css","assets/building-DESar3RS.css","assets/building-DQTJaNsi.js","assets/catalog-CFZIRzdi.js","assets/catalog-WWcI_VC1.css","assets/charts-DQPpiHKc.js","assets/charts-fUd_YrpJ.css","assets/client-E3be6LZC.js","assets/data-BHOtm7se.js","assets/data-CBQcEJj5.css","assets/de-DZU4rzq_.js","assets/degrees-Cv4C5t28.js","assets/esm-CL0mBNpF.js","assets/events-Cy70YzDT.js","assets/events-fto_Lo70.css","assets/every-BcA5C8Oo.js","assets/explore-BE8NpUJq.js","assets/explore-BqhaJfK6.css","assets/exports-BH0xwsP9.js","assets/fields-Pe_JpQz7.js","assets/fields-_8BPvRTT.css","assets/fleet-DkdqAf6d.js","assets/fr-C6nYPv4m.js","assets/glob-CSUoUQY_.js","assets/index-BpjkmnrD.css","assets/index-DmDaBElR.js","assets/live-BYaLOqfL.js","assets/live-RDlgG-z9.css","assets/metrics-B5PQiAwX.js","assets/query-COnxC8r4.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-CreDt7LZ.js","assets/room-Xr3JzDI1.css","assets/settings-BEcTc4_G.js","assets/settings-qHqpWTTb.css","assets/site-DSnku0w6.css","assets/site-nHRv96fA.js","assets/states-TBhNIHbj.css","assets/states.module-BssfOSlY.js","assets/system-Bhsz5HNf.js","assets/system-CJluIw5v.css","assets/tanstack-BMOWus4w.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-GVDoWDvD.js","index.html"];

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
