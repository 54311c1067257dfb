/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-4a7a78115fbd";
const SHELL = ["assets/Badge-B_-x1mYw.js","assets/Button-Bl6jxv8x.js","assets/Button-CqSyR-Qg.css","assets/DataTable-Bteu6klN.css","assets/DataTable-CjnyIkqV.js","assets/Dialog-B5gOxDjp.js","assets/Form-J_WLuWxg.js","assets/GoButton-CFViVmFR.js","assets/KeyValues-CYimKZ8k.js","assets/KeysHelp-Dw6BCurq.js","assets/LanguageHelp-AfhxBFqv.js","assets/LanguageHelp-CAl_qk2T.css","assets/Overlay-Csvk4nGe.js","assets/Overlay-zjPccdh8.css","assets/Palette-CBMhZMQb.css","assets/Palette-CrOR0WhP.js","assets/Palette.module-D_szj0LG.js","assets/Panel-Bn2jDB-9.js","assets/Panel-CI91Gz3W.css","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-BA_w9ohc.js","assets/Stale-Dlbyr0sd.js","assets/StateMark-B7QKjhcZ.js","assets/StateMark-BOSAlaGn.css","assets/Tabs-BzHoXU_Y.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-CjukDIiO.js","assets/TimePicker-DmAiSREu.css","assets/add-DKEAyKOh.js","assets/add-ER-9o3Ar.css","assets/batteries-BhmSV7lQ.js","assets/battery-C72kz38w.js","assets/battery-CTL1VLU_.css","assets/building-COCe6tTL.js","assets/building-DESar3RS.css","assets/catalog-BbyRa9Sh.js","assets/catalog-BdCz2zlw.css","assets/charts-CAmbbBU_.js","assets/charts-DjIXCMQ4.css","assets/client-E3be6LZC.js","assets/data-CBQcEJj5.css","assets/data-Czh3vTrz.js","assets/de-mkE0VXVk.js","assets/decode-D-d9uYSe.js","assets/decode-D4oi-yYK.css","assets/degrees-C-4vk92L.js","assets/esm-CL0mBNpF.js","assets/events-BV-fqfds.css","assets/events-DEfAS69f.js","assets/every-BcA5C8Oo.js","assets/explore-02Jz2gho.css","assets/explore-DsJuoen0.js","assets/exports-BH0xwsP9.js","assets/fields-CmUbtn1S.css","assets/fields-D1vowXGh.js","assets/fleet-W-kQs5lr.js","assets/format-BGXMKpVc.js","assets/fr-ZFYdLjPB.js","assets/glob-CSUoUQY_.js","assets/index-DwWeRNtz.js","assets/index-PSrDg19l.css","assets/live-B9ZzvT6K.css","assets/live-CWNZt4c4.js","assets/metrics-CDNOwxwY.js","assets/query-BOJ4dVnM.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-Xr3JzDI1.css","assets/room-eEu788rj.js","assets/settings-qHqpWTTb.css","assets/settings-vx0nVlQ3.js","assets/site-BTahgQb-.js","assets/site-DSnku0w6.css","assets/states-Ce2O2Mil.css","assets/states.module-BaUw0xrz.js","assets/system-6wb3js11.css","assets/system-BwxmWWKq.js","assets/tanstack-BVXo1DyT.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-D06d8FLg.js","index.html"];

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
