import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const platform = process.env["PENSTOCK_URL"] ?? "http://127.0.0.1:8080";

/** The app is served below /ui/ by the platform; while it is developed, vite serves it and hands the API on. */
export default defineConfig({
  base: "/ui/",
  // The languages of src/i18n; React Aria has words for thirty.
  plugins: [react(), optimizeLocales.vite({ locales: ["en", "de", "fr"] })],
  resolve: { alias: { "@schema": fileURLToPath(new URL("../sdk/typescript/src/schema.ts", import.meta.url)) } },
  build: {
    outDir: "../src/penstock/api/static/app",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 250,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What changes seldom stands by itself, so that a new version of the app leaves it in the browser's cache.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\//, priority: 2 },
            { name: "uplot", test: /node_modules\/uplot\//, priority: 1 },
            { name: "charts", test: /\/src\/charts\//, priority: 1 },
            { name: "tanstack", test: /node_modules\/@tanstack\/(react-router|router-core|history|react-query|query-core|react-store|store)\//, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/graphql", "/login", "/docs", "/healthz", "/readyz"].map((path) => [path, { target: platform, ws: true }]),
    ),
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"], environment: "node" },
});
