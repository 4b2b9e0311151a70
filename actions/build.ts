import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { repository } from '../pipeline/repository.ts';

const actions = join(repository, 'actions');

/** The names of all actions. */
export async function actionNames(): Promise<string[]> {
  const entries = await readdir(actions, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name !== 'shared').map((entry) => entry.name);
}

/** Bundling options for programs that run without node_modules. */
export const bundling = {
  bundle: true,
  // Modules imported on demand stay in files of their own, so that a wrong input is reported before they load.
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

/** Threads of run-pipeline, which start from a file of their own beside the bundle. */
const threads: Record<string, string[]> = {
  'run-pipeline': ['step-worker.ts', 'jobs/transform-worker.ts'].map((file) =>
    join(repository, 'pipeline/backends/embedded', file),
  ),
};

/** Bundles an action, its `main.js` and any `post.js`, with everything that it needs but Node itself. */
export async function buildAction(name: string, outdir: string): Promise<void> {
  const folder = join(actions, name);
  const files = await readdir(folder);
  const own = ['main.ts', 'post.ts'].filter((file) => files.includes(file)).map((file) => join(folder, file));
  const entryPoints = [...own, ...(threads[name] ?? [])].map((path) => ({ in: path, out: parse(path).name }));
  await build({ ...bundling, entryPoints, outdir });
}
