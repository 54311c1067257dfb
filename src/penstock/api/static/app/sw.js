/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-bb107685b978";
const SHELL = ["assets/Badge-DcxNFYfQ.js","assets/Button-CauGJx19.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BScARSCr.js","assets/DataTable-DJOPRZPK.css","assets/Dialog-CqIboW_1.js","assets/Form-D9I77PsX.js","assets/GoButton-DpgsosnI.js","assets/KeyValues-BkdODK8y.js","assets/KeysHelp-DGPVCF63.js","assets/LanguageHelp-BILrbdQg.js","assets/LanguageHelp-CAl_qk2T.css","assets/Overlay-C1hg2GUC.js","assets/Overlay-D98IefEh.css","assets/Palette-CBMhZMQb.css","assets/Palette-Csib_5Zq.js","assets/Palette.module-D_szj0LG.js","assets/Panel-BHIOlpdT.js","assets/Panel-CI91Gz3W.css","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-DA4SR3f1.js","assets/Stale-pvrff4iB.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-DpPdvRg8.js","assets/Tabs-GYuLbDLB.css","assets/Tabs-i-dKS8pZ.js","assets/TimePicker-C66UwCah.js","assets/TimePicker-DmAiSREu.css","assets/add-BBWHJsSD.css","assets/add-Bd58f-YD.js","assets/batteries-Dh6OjYYD.js","assets/battery-CTL1VLU_.css","assets/battery-ZHGSzPnI.js","assets/building-DESar3RS.css","assets/building-k_nTDNTe.js","assets/catalog-BdCz2zlw.css","assets/catalog-Dy4Wsrn9.js","assets/charts-B0esqToA.js","assets/charts-RtrpqKQ3.css","assets/client-E3be6LZC.js","assets/data-CBQcEJj5.css","assets/data-YSqqtsfB.js","assets/de-BoAS8jSa.js","assets/decode-D4oi-yYK.css","assets/decode-aCXpII_p.js","assets/degrees-BX6wXi2s.js","assets/esm-CL0mBNpF.js","assets/events-Bq1ZgMXz.js","assets/events-D01sGxjb.css","assets/every-BcA5C8Oo.js","assets/explore-02Jz2gho.css","assets/explore-tOnORgtF.js","assets/exports-BH0xwsP9.js","assets/fields-BQnabqpz.css","assets/fields-o0is41wB.js","assets/fleet-BqwZ2fyd.js","assets/fr-Do1q26bd.js","assets/glob-CSUoUQY_.js","assets/index-PSrDg19l.css","assets/index-YBM73jKb.js","assets/live-B9ZzvT6K.css","assets/live-Cm6opTQ0.js","assets/metrics-6vF8OmjI.js","assets/query-COh3kB-R.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-BseXV3om.js","assets/room-Xr3JzDI1.css","assets/settings-CXj_mv8-.js","assets/settings-qHqpWTTb.css","assets/site-DSnku0w6.css","assets/site-Unfl624v.js","assets/states-BOsDMMxj.css","assets/states.module-D5zGX8iH.js","assets/system-6wb3js11.css","assets/system-Dy-37H5K.js","assets/tanstack-Bo0MYsoW.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-Dh-cj1cF.js","index.html"];

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
