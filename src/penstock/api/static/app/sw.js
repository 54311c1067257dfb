/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-f75d8aa8ecbe";
const SHELL = ["assets/Badge-ClIfo7Gg.js","assets/Button-CfoH-JhO.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSk83TsP.css","assets/DataTable-C_NddT_p.js","assets/Dialog-D0FYCEQA.js","assets/Form-CXufzq3s.js","assets/GoButton-D0vgyeSZ.js","assets/KeyValues-B7rsWXnw.js","assets/KeysHelp-DnG1CO9J.js","assets/Overlay-Dm7m10ZI.js","assets/Overlay-zjPccdh8.css","assets/Palette-BCpsMPzz.js","assets/Palette-BK2fcirE.css","assets/Palette.module-DLQvkwXa.js","assets/Panel-BY-UQ9DU.css","assets/Panel-Dt5yGa3s.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-CTxCVGJl.js","assets/Stale-f61xG17k.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-DQOmCsOE.js","assets/Tabs-Cl-lYbiR.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-BlMesMZz.js","assets/TimePicker-DmAiSREu.css","assets/add-COI5F-tG.js","assets/add-ER-9o3Ar.css","assets/batteries-cbjMyFBA.js","assets/battery-CTL1VLU_.css","assets/battery-DDgPoHYl.js","assets/building-DESar3RS.css","assets/building-llfKFSF4.js","assets/catalog-DeWrrZBn.js","assets/catalog-owpcBFSq.css","assets/charts-D_iL4U_U.js","assets/charts-DjIXCMQ4.css","assets/client-E3be6LZC.js","assets/data-CBQcEJj5.css","assets/data-D0tjMKlJ.js","assets/de-DAqp3XfD.js","assets/decode-B6vK1JSa.js","assets/decode-D4oi-yYK.css","assets/degrees-BHor7rho.js","assets/esm-CL0mBNpF.js","assets/events-DC_1-n4Q.js","assets/events-fto_Lo70.css","assets/every-BcA5C8Oo.js","assets/explore-BqhaJfK6.css","assets/explore-CViwKP6Q.js","assets/exports-BH0xwsP9.js","assets/fields-BOwoL_Lt.js","assets/fields-_8BPvRTT.css","assets/fleet-y9i6NCIt.js","assets/fr-DPg8vq-W.js","assets/glob-CSUoUQY_.js","assets/index-CLn1LfK4.js","assets/index-PSrDg19l.css","assets/live-D27DSSB5.js","assets/live-asOOUjRk.css","assets/metrics-Dg506BEH.js","assets/query-QmGeP73k.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-CpXP3pEO.js","assets/room-Xr3JzDI1.css","assets/settings-Bbw_Hfqx.js","assets/settings-qHqpWTTb.css","assets/site-CTZqPPoT.js","assets/site-DSnku0w6.css","assets/states-TBhNIHbj.css","assets/states.module-D5WY2xss.js","assets/system-6wb3js11.css","assets/system-C3u6cfiz.js","assets/tanstack-lCYGr8Gc.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-BLWHLoov.js","index.html"];

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
