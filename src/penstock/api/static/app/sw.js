/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-beaefe135a88";
const SHELL = ["assets/Badge-DcxNFYfQ.js","assets/Button-CauGJx19.js","assets/Button-CqSyR-Qg.css","assets/DataTable-CLk_xPM2.js","assets/DataTable-DJOPRZPK.css","assets/Dialog-CqIboW_1.js","assets/Form-D9I77PsX.js","assets/GoButton-CQxnGk77.js","assets/KeyValues-BkdODK8y.js","assets/KeysHelp-C22z3kTt.js","assets/LanguageHelp-CAl_qk2T.css","assets/LanguageHelp-DgeoiMh8.js","assets/Overlay-C1hg2GUC.js","assets/Overlay-D98IefEh.css","assets/Palette-CBMhZMQb.css","assets/Palette-CohFWYo2.js","assets/Palette.module-D_szj0LG.js","assets/Panel-CI91Gz3W.css","assets/Panel-DlwUkFjN.js","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-CM0ErA3l.js","assets/Stale-CQPTMfIj.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-BgoKTkBb.js","assets/Tabs-DRamaaVM.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-ByKC-wLy.js","assets/TimePicker-DmAiSREu.css","assets/add-BBWHJsSD.css","assets/add-DRW4WDbR.js","assets/batteries-CTQG4Lvj.js","assets/battery-CTL1VLU_.css","assets/battery-DJaHiUgk.js","assets/building-BCUsjgBF.js","assets/building-DESar3RS.css","assets/catalog-BdCz2zlw.css","assets/catalog-DRI0DTT0.js","assets/charts-DHjnSohr.css","assets/charts-V6OUnxGI.js","assets/client-E3be6LZC.js","assets/data-CBQcEJj5.css","assets/data-w2pwxqLC.js","assets/de-BoAS8jSa.js","assets/decode-D4oi-yYK.css","assets/decode-aCXpII_p.js","assets/degrees-Bd-dnuj3.js","assets/esm-CL0mBNpF.js","assets/events-CxPKIAfI.js","assets/events-D01sGxjb.css","assets/every-BcA5C8Oo.js","assets/explore-02Jz2gho.css","assets/explore-BgAGAVEQ.js","assets/exports-BH0xwsP9.js","assets/fields-BQnabqpz.css","assets/fields-o0is41wB.js","assets/fleet-BgXOzerT.js","assets/fr-Do1q26bd.js","assets/glob-CSUoUQY_.js","assets/index-CcXqVa7n.js","assets/index-PSrDg19l.css","assets/live-B9ZzvT6K.css","assets/live-mYkDtxAR.js","assets/metrics-fRfYA8iT.js","assets/query-COh3kB-R.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-DMGG48Eb.js","assets/room-Xr3JzDI1.css","assets/settings-D3ckiyxJ.js","assets/settings-qHqpWTTb.css","assets/site-CEmKqyNo.js","assets/site-DSnku0w6.css","assets/states-BOsDMMxj.css","assets/states.module-D5zGX8iH.js","assets/system-6wb3js11.css","assets/system-Dey0PNvc.js","assets/tanstack-Bo0MYsoW.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-Dh-cj1cF.js","index.html"];

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
