// One ES module with its styles inside: what the studio serves is what a notebook loads and an exported page holds.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte({ configFile: false, compilerOptions: { css: "injected" } })],
  build: {
    outDir: "../src/backlight/web",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    lib: { entry: "src/main.ts", formats: ["es"], fileName: () => "backlight.js", cssFileName: "backlight" },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
