import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { repository } from '../pipeline/repository.ts';

const actions = join(repository, 'actions');

/** The names of all actions. */
export async function actionNames(): Promise<string[]> {
  const entries = await readdir(actions, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name !== 'shared').map((entry) => entry.name);
}

/** How everything is bundled that runs with nothing installed beside it. */
export const bundling = {
  bundle: true,
  // What is imported on demand stays apart, so that a wrong input is told at once.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  alias: {
    undici: join(actions, 'shared/no-undici.ts'),
    '@aws-cdk/aws-service-spec': join(actions, 'shared/service-spec.ts'),
    'echarts/dist/echarts.esm.min.mjs': join(actions, 'shared/echarts-parts.ts'),
  },
  // Packages in CommonJS call require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
} satisfies BuildOptions;

/** Bundles an action into a folder, `main.js` and perhaps `post.js`, with all that it needs but Node itself. */
export async function buildAction(name: string, outdir: string): Promise<void> {
  const folder = join(actions, name);
  const files = await readdir(folder);
  const entryPoints = ['main.ts', 'post.ts']
    .filter((file) => files.includes(file))
    .map((file) => join(folder, file));
  await build({ ...bundling, entryPoints, outdir });
}
