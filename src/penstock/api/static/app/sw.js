/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-155bc2e93332";
const SHELL = ["assets/Badge-JTYN7BDZ.js","assets/Button-Bkyd4dUV.js","assets/Button-CqSyR-Qg.css","assets/DataTable-Df-6ymEh.css","assets/DataTable-NQvMuSZB.js","assets/Dialog-1R-1vaJz.js","assets/Form-Zi0KJUKP.js","assets/GoButton-Cyut9D39.js","assets/KeyValues-DovJsTAt.js","assets/KeysHelp-C4ob-_N5.js","assets/LanguageHelp-CAl_qk2T.css","assets/LanguageHelp-DbAoSAFM.js","assets/Overlay-C7aQTxIC.js","assets/Overlay-zjPccdh8.css","assets/Palette-CBMhZMQb.css","assets/Palette-Cpg-OC8g.js","assets/Palette.module-D_szj0LG.js","assets/Panel-BfZBfFHx.js","assets/Panel-CI91Gz3W.css","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-DQTFVEMx.js","assets/Stale-Dw-K1PBL.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-jw6s9ii-.js","assets/Tabs-BCKHXLj2.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-DmAiSREu.css","assets/TimePicker-Tg-8RshU.js","assets/add-DxAY0vBO.js","assets/add-ER-9o3Ar.css","assets/batteries-BNxnkftu.js","assets/battery-CTL1VLU_.css","assets/battery-QWLybOkt.js","assets/building-DESar3RS.css","assets/building-VeAowZFt.js","assets/catalog-0RFVqWnV.js","assets/catalog-BdCz2zlw.css","assets/charts-DQNh3yR2.js","assets/charts-S47zwcTf.css","assets/client-E3be6LZC.js","assets/data-CBQcEJj5.css","assets/data-CQBV6ncQ.js","assets/de-C70elday.js","assets/decode-D4oi-yYK.css","assets/decode-GxFdTmsG.js","assets/degrees-c2K3By_Y.js","assets/esm-CL0mBNpF.js","assets/events-BV-fqfds.css","assets/events-Urbl30D0.js","assets/every-BcA5C8Oo.js","assets/explore-02Jz2gho.css","assets/explore-FcrZ9Sdz.js","assets/exports-BH0xwsP9.js","assets/fields-CmUbtn1S.css","assets/fields-Cslx83Nd.js","assets/fleet-Ewx5A_zN.js","assets/fr-BLGKvarX.js","assets/glob-CSUoUQY_.js","assets/index-7YPNyD0K.js","assets/index-PSrDg19l.css","assets/live-B9ZzvT6K.css","assets/live-YjT8rBjo.js","assets/metrics-BcTtyWCl.js","assets/query-BV0nM_s-.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-Dqar18i1.js","assets/room-Xr3JzDI1.css","assets/settings-pIkoFp6h.js","assets/settings-qHqpWTTb.css","assets/site-DSnku0w6.css","assets/site-DXMwKHh3.js","assets/states-Ce2O2Mil.css","assets/states.module-WOwN_hqD.js","assets/system-6wb3js11.css","assets/system-CmTtfVJa.js","assets/tanstack-B-EF3CDX.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-Datnryie.js","index.html"];

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
