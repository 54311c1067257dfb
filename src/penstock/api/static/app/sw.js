/* The shell of the app without a network. What is measured is never kept here: an old number must not look new. */
const CACHE = "penstock-5949b193d7af";
const SHELL = ["assets/Badge-ClIfo7Gg.js","assets/Button-CfoH-JhO.js","assets/Button-CqSyR-Qg.css","assets/DataTable-BSk83TsP.css","assets/DataTable-CrpVnqwZ.js","assets/Dialog-D0FYCEQA.js","assets/Form-CXufzq3s.js","assets/GoButton-B-3uk_pt.js","assets/KeyValues-B7rsWXnw.js","assets/KeysHelp-B2KOuqI7.js","assets/Overlay-Dm7m10ZI.js","assets/Overlay-zjPccdh8.css","assets/Palette-BK2fcirE.css","assets/Palette-CJS3QS3M.js","assets/Palette.module-DLQvkwXa.js","assets/Panel-B6xx2EAb.js","assets/Panel-BY-UQ9DU.css","assets/ScreenHead-BTmA_NLZ.css","assets/ScreenHead-qH4JtzKW.js","assets/SignIn-ZghIds1x.js","assets/Stale-1id96NF6.js","assets/StateMark-BOSAlaGn.css","assets/StateMark-CSs8DBaw.js","assets/Tabs-DOq0aWSW.js","assets/Tabs-GYuLbDLB.css","assets/TimePicker-BMx0jf_p.js","assets/TimePicker-DmAiSREu.css","assets/add-ER-9o3Ar.css","assets/add-zGU8UTus.js","assets/batteries-BV5EIjjs.js","assets/battery-CTL1VLU_.css","assets/battery-duIaoIZF.js","assets/building-DESar3RS.css","assets/building-DV6JqgIN.js","assets/catalog-DZQ45myT.js","assets/catalog-owpcBFSq.css","assets/charts-CybPUxmN.js","assets/charts-DjIXCMQ4.css","assets/client-E3be6LZC.js","assets/data-Ba3PUMPL.js","assets/data-CBQcEJj5.css","assets/de-DAqp3XfD.js","assets/decode-B6vK1JSa.js","assets/decode-D4oi-yYK.css","assets/degrees-CXIoVn_Q.js","assets/esm-CL0mBNpF.js","assets/events-CmIjYyva.js","assets/events-fto_Lo70.css","assets/every-BcA5C8Oo.js","assets/explore-BqhaJfK6.css","assets/explore-Cr0sstY6.js","assets/exports-BH0xwsP9.js","assets/fields-BOwoL_Lt.js","assets/fields-_8BPvRTT.css","assets/fleet-ClBQFqDA.js","assets/fr-DPg8vq-W.js","assets/glob-CSUoUQY_.js","assets/index-C6OJDUGX.js","assets/index-PSrDg19l.css","assets/live-DSXWFepv.js","assets/live-asOOUjRk.css","assets/metrics-CW686jXR.js","assets/query-QmGeP73k.js","assets/react-CvdC6zOt.js","assets/rolldown-runtime-XKyaHtl9.js","assets/room-D0DOJlRs.js","assets/room-Xr3JzDI1.css","assets/settings-qHqpWTTb.css","assets/settings-uBR4qALM.js","assets/site-DSnku0w6.css","assets/site-oSH3bOej.js","assets/states-TBhNIHbj.css","assets/states.module-D5WY2xss.js","assets/system-6wb3js11.css","assets/system-alHiMB6F.js","assets/tanstack-lCYGr8Gc.js","assets/uplot-CnsZ1jie.css","assets/uplot-y4MlPOT9.js","assets/useDelayedText-oeeVxBY8.js","assets/useMedia-Cf5nz6rm.js","assets/windows-BLWHLoov.js","index.html"];

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
