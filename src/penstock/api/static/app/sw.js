/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-8a2e3ec1dfe3";
const SHELL = ["assets/Badge-ClIfo7Gg.js","assets/Button-CfoH-JhO.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSk83TsP.css","assets/DataTable-CryiGzZx.js","assets/Dialog-D0FYCEQA.js","assets/Form-CXufzq3s.js","assets/GoButton-765BIPh_.js","assets/KeyValues-B7rsWXnw.js","assets/KeysHelp-BP9lU9A9.js","assets/Overlay-Dm7m10ZI.js","assets/Overlay-zjPccdh8.css","assets/Palette-BK2fcirE.css","assets/Palette-X1KTrDnX.js","assets/Palette.module-DLQvkwXa.js","assets/Panel-BY-UQ9DU.css","assets/Panel-FXttfBCn.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-Di9YWPg1.js","assets/Stale-DSP693R4.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-DjGg4LBB.js","assets/Tabs-BvBSpy7q.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-DmAiSREu.css","assets/TimePicker-x1htipdp.js","assets/add-Bmkzjz0q.js","assets/add-ER-9o3Ar.css","assets/batteries-DZzasybq.js","assets/battery-BRsimLO9.js","assets/battery-CTL1VLU_.css","assets/building-D8-5S8k4.js","assets/building-DESar3RS.css","assets/catalog-WOnpd15_.js","assets/catalog-owpcBFSq.css","assets/charts-ClwttWYi.js","assets/charts-DjIXCMQ4.css","assets/client-E3be6LZC.js","assets/data-CBQcEJj5.css","assets/data-CktARdAu.js","assets/de-DAqp3XfD.js","assets/decode-B6vK1JSa.js","assets/decode-D4oi-yYK.css","assets/degrees-DGbuhwwz.js","assets/esm-CL0mBNpF.js","assets/events-D7EIgqP8.js","assets/events-fto_Lo70.css","assets/every-BcA5C8Oo.js","assets/explore-BWgJ0HZ1.js","assets/explore-BqhaJfK6.css","assets/exports-BH0xwsP9.js","assets/fields-BOwoL_Lt.js","assets/fields-_8BPvRTT.css","assets/fleet-DF_WFE0z.js","assets/fr-DPg8vq-W.js","assets/glob-CSUoUQY_.js","assets/index-C4HjfYD1.css","assets/index-lFWugclY.js","assets/live-DXzyhypk.js","assets/live-asOOUjRk.css","assets/metrics-DtFcnl4B.js","assets/query-QmGeP73k.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-FXmfqdQp.js","assets/room-Xr3JzDI1.css","assets/settings-BxWgwzj3.js","assets/settings-qHqpWTTb.css","assets/site-DIiV4Tt2.js","assets/site-DSnku0w6.css","assets/states-TBhNIHbj.css","assets/states.module-D5WY2xss.js","assets/system-6wb3js11.css","assets/system-CyCjvrFp.js","assets/tanstack-lCYGr8Gc.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-BLWHLoov.js","index.html"];

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
