import { access, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BuildOptions, Metafile } from 'esbuild';
import { type FunctionName, resourceNames } from '../../pipeline/names.ts';
import { repository } from '../../pipeline/repository.ts';
import { buildOnce } from './build-once.ts';

/** What is to be installed, and what npm did install. */
const locks = ['package-lock.json', 'node_modules/.package-lock.json'];
const handlers = 'pipeline/backends/aws/functions';

/**
 * A folder a function, `FOLDER/NAME/index.mjs` and the parts that it shares with others, with all that it needs but Node
 * itself: what runs is what the lock file says, not what the runtime brings. All are made in one build that writes a
 * shared part once, a third of the time of eight builds, or none where nothing has changed since the last.
 */
export async function bundleFunctions(folder: string): Promise<Record<FunctionName, string>> {
  const { functions } = resourceNames({ project: '', environment: '', account: '', region: '' });
  const names = Object.keys(functions) as FunctionName[];
  const options = {
    entryPoints: Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await handlerOf(name)] as const)),
    ),
    outdir: repository,
    absWorkingDir: repository,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node24',
    // ES modules first: of a client only what is used is bundled.
    mainFields: ['module', 'main'],
    // Packages in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
  } as const satisfies BuildOptions;
  await buildOnce(folder, {
    root: repository,
    recipe: JSON.stringify(options),
    build: async () => {
      // Half a second that a synth without changes does without.
      const { build } = await import('esbuild');
      const { outputFiles, metafile } = await build(options);
      const contents = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
      for (const name of names) {
        await mkdir(join(folder, name), { recursive: true });
        for (const file of partsOf(`${name}.mjs`, metafile.outputs)) {
          const target = file === `${name}.mjs` ? 'index.mjs' : file;
          await writeFile(join(folder, name, target), contents.get(file) ?? '');
        }
      }
      return [...Object.keys(metafile.inputs), ...locks, 'infra/cli/bundles.ts'];
    },
  });
  return Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<FunctionName, string>;
}

/** A file and all that it imports, at its start or later. */
function partsOf(file: string, outputs: Metafile['outputs'], found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const { path, external } of outputs[file]?.imports ?? []) if (!external) partsOf(path, outputs, found);
  return found;
}

async function handlerOf(name: FunctionName): Promise<string> {
  const handler = join(handlers, `${name}.ts`);
  await access(join(repository, handler)).catch(() => {
    throw new Error(`${handler}: no such file, expected the function's handler`);
  });
  return join(repository, handler);
}

/** Bytes of a function's folder. */
export async function bundleSize(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
