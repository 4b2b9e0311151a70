/** Bundles the tools of the workflows into programs that need only Node: `scripts/workflows/dist/NAME.js`. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const tools = join(import.meta.dirname, 'tools');
await build({
  entryPoints: readdirSync(tools).map((file) => join(tools, file)),
  outdir: join(import.meta.dirname, 'dist'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Packages in CommonJS call require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'error',
});
