import { createHash } from 'node:crypto';

import { defineConfig } from 'vite';

// GraphiQL's style sheets carry their fonts as data: URLs. As files of their own they load beside the page and only
// where they are drawn, and the policy of the page need not allow fonts from anywhere but the server.
const fonts = {
  name: 'fonts-are-files',
  generateBundle(_options, bundle) {
    for (const asset of Object.values(bundle)) {
      if (asset.type !== 'asset' || !asset.fileName.endsWith('.css')) continue;
      const embedded = /data:font\/(woff2?);base64,([\w+/=]+)/g;
      asset.source = String(asset.source).replaceAll(embedded, (_url, kind, text) => {
        const source = Buffer.from(text, 'base64');
        const name = `font-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.${kind}`;
        this.emitFile({ type: 'asset', fileName: `assets/${name}`, source });
        return `./${name}`;
      });
    }
  },
};

export default defineConfig({
  plugins: [fonts],
  root: 'graphiql',
  // Relative, so that the page also works behind a proxy that adds a path.
  base: './',
  build: {
    outDir: '../dist/graphiql',
    emptyOutDir: true,
    // Every asset is a file of its own: the program gives it a type and a long life in the cache.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Monaco is large, and loads as a chunk of its own after the page is drawn.
    chunkSizeWarningLimit: 5000,
    // The program passes on the code of others, so it passes on their licences too.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // "use client" means nothing here, and hundreds of warnings about it would hide a real one.
      onwarn(warning, warn) {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  worker: { format: 'es' },
  optimizeDeps: {
    // The GraphQL worker imports these; `npm run dev` must turn them from CommonJS into modules.
    include: ['monaco-graphql > picomatch-browser', 'graphql-language-service > nullthrows'],
  },
  server: {
    // `npm run dev` asks a server that runs on this machine.
    proxy: { '/graphql': process.env.PLACARD_URL ?? 'http://127.0.0.1:8080' },
  },
});
