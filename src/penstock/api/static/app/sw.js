/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-f52751c0f242";
const SHELL = ["assets/Badge-DcxNFYfQ.js","assets/Button-CauGJx19.js","assets/Button-CqSyR-Qg.css","assets/DataTable-B0rsPgRx.js","assets/DataTable-DJOPRZPK.css","assets/Dialog-CqIboW_1.js","assets/Form-D9I77PsX.js","assets/GoButton-CM67cAuj.js","assets/KeyValues-BkdODK8y.js","assets/KeysHelp-BXOYNRBt.js","assets/LanguageHelp-BtAmfwVr.js","assets/LanguageHelp-CAl_qk2T.css","assets/Overlay-C1hg2GUC.js","assets/Overlay-D98IefEh.css","assets/Palette-CBMhZMQb.css","assets/Palette-DPKACHy2.js","assets/Palette.module-D_szj0LG.js","assets/Panel-CI91Gz3W.css","assets/Panel-dD7VLr2X.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-BQpthlOr.js","assets/Stale-DUUE9O7y.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-DnLZp-Qo.js","assets/Tabs-87ZCBNIe.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-DmAiSREu.css","assets/TimePicker-xYXVGjA6.js","assets/add-B7DmnTxG.js","assets/add-BBWHJsSD.css","assets/batteries-CbayFsuy.js","assets/battery-CTL1VLU_.css","assets/battery-DaJA6C7c.js","assets/building-D0jjqwNJ.js","assets/building-DESar3RS.css","assets/catalog-BdCz2zlw.css","assets/catalog-D5h9tkPD.js","assets/charts-BHvNdzDJ.js","assets/charts-DHjnSohr.css","assets/client-E3be6LZC.js","assets/data-CBQcEJj5.css","assets/data-DxqFkSuQ.js","assets/de-BoAS8jSa.js","assets/decode-D4oi-yYK.css","assets/decode-aCXpII_p.js","assets/degrees-B67GXNht.js","assets/esm-CL0mBNpF.js","assets/events-D01sGxjb.css","assets/events-wjhJb5b8.js","assets/every-BcA5C8Oo.js","assets/explore-02Jz2gho.css","assets/explore-vdO-RMjH.js","assets/exports-BH0xwsP9.js","assets/fields-BQnabqpz.css","assets/fields-o0is41wB.js","assets/fleet-C5FX5BrE.js","assets/fr-Do1q26bd.js","assets/glob-CSUoUQY_.js","assets/index-PSrDg19l.css","assets/index-vUpRrQxp.js","assets/live-B9ZzvT6K.css","assets/live-DdD5oL2C.js","assets/metrics-DKRgajdJ.js","assets/query-COh3kB-R.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-Cx-vQ2QD.js","assets/room-Xr3JzDI1.css","assets/settings-DOutmR-y.js","assets/settings-qHqpWTTb.css","assets/site-BnE-v2u6.js","assets/site-DSnku0w6.css","assets/states-BOsDMMxj.css","assets/states.module-D5zGX8iH.js","assets/system-6wb3js11.css","assets/system-BPmL1WW7.js","assets/tanstack-Bo0MYsoW.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-Dh-cj1cF.js","index.html"];

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
