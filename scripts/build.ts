/** npm run build: each action as one program, `actions/NAME/dist/`, with all that it needs but Node itself. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { repository } from '../pipeline/repository.ts';

const actions = join(repository, 'actions');
const limit = 1_000_000;

for (const name of await actionNames()) {
  const folder = join(actions, name);
  const dist = join(folder, 'dist');
  await rm(dist, { recursive: true, force: true });
  const files = await readdir(folder);
  await build({
    entryPoints: ['main.ts', 'post.ts']
      .filter((file) => files.includes(file))
      .map((file) => join(folder, file)),
    outdir: dist,
    bundle: true,
    // What is imported on demand stays apart, so that a wrong input is told at once.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    alias: { undici: join(actions, 'shared/no-undici.ts') },
    // Packages in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
  });
  const bytes = await sizeOf(dist);
  console.log(`actions/${name}/dist  ${(bytes / 1000).toFixed(0)} kB`);
  if (bytes > limit) {
    console.error(`actions/${name}/dist: got ${bytes} bytes, expected at most ${limit}`);
    process.exitCode = 1;
  }
}

async function actionNames(): Promise<string[]> {
  const entries = await readdir(actions, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name !== 'shared').map((entry) => entry.name);
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
