import { defineConfig } from 'vite';

// React Aria has its texts in thirty languages. The dashboard is in English.
const englishOnly = {
  name: 'english-only',
  enforce: 'pre',
  load(id) {
    return /react-aria.*\/intl\/.*\/(?!en-US)[a-z]{2}-[A-Z]{2}\.m?js$/.test(id) ? 'export default {};' : undefined;
  },
};

export default defineConfig({
  plugins: [englishOnly],
  root: 'dashboard',
  // Relative, because the server writes the path of the dashboard into index.html.
  base: './',
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2023',
    // Every asset is a file with its own media type and a hash in its name.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // build/sizes.mjs checks the size that matters: that of the first page.
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    // The program contains the code of others, so it contains their licences too.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // "use client" has no meaning here, and hundreds of warnings about it would hide a real one.
      onwarn(warning, warn) {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  server: {
    // `npm run dev` uses a server that runs on this machine.
    proxy: Object.fromEntries(['/graphql', '/graphiql'].map((path) => [path, process.env.PLACARD_URL ?? 'http://127.0.0.1:8080'])),
  },
  test: { include: ['**/*.test.{ts,tsx}'], environment: 'node' },
});
