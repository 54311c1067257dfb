import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { client } from "./app/queries";
import { router } from "./app/router";
import { reportSettled } from "./app/settled";
import { applyTheme } from "./app/settings";
import { preferredLocale, setLocale } from "./i18n";
import "./style/tokens.css";
import "./style/base.css";

applyTheme();
reportSettled(client, router);

const element = document.getElementById("root");
if (element === null) throw new Error("main: index.html has no #root");

void setLocale(preferredLocale(new URLSearchParams(location.search).get("lang"))).then(() => {
  createRoot(element).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
});

if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("/ui/sw.js", { scope: "/ui/" });
