/** npm run build [-- NAME...]: each action as a program in `actions/NAME/dist/`, with all that it needs but Node itself. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { repository } from '../pipeline/repository.ts';

const actions = join(repository, 'actions');
const limit = 1_000_000;

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : await actionNames()) {
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
  const sizes = await sizesOf(dist);
  const largest = Math.max(...sizes.values());
  const sum = [...sizes.values()].reduce((total, size) => total + size, 0);
  console.log(`actions/${name}/dist  ${sizes.size} files, ${kilobytes(sum)}; largest ${kilobytes(largest)}`);
  for (const [file, size] of sizes) {
    if (size <= limit) continue;
    console.error(`actions/${name}/dist/${file}: got ${size} bytes, expected at most ${limit}`);
    process.exitCode = 1;
  }
}

async function actionNames(): Promise<string[]> {
  const entries = await readdir(actions, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name !== 'shared').map((entry) => entry.name);
}

async function sizesOf(folder: string): Promise<Map<string, number>> {
  const files = await readdir(folder);
  return new Map(
    await Promise.all(files.map(async (file) => [file, (await stat(join(folder, file))).size] as const)),
  );
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
