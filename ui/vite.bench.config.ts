import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The bench page: built beside the tests that drive it, because they run where there is no Node. */
export default defineConfig({
  root: here("bench"),
  base: "./",
  plugins: [react(), optimizeLocales.vite({ locales: ["en", "de", "fr"] })],
  resolve: { alias: { "@schema": here("../sdk/typescript/src/schema.ts") } },
  build: {
    outDir: here("../tests/ui/bench"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: here("bench/index.html"),
      output: {
        // Committed files are small ones.
        advancedChunks: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\//, priority: 2 },
            { name: "aria", test: /node_modules\/(react-aria|react-stately|@react-aria|@react-stately|@internationalized)/, priority: 1 },
          ],
        },
      },
    },
  },
});
