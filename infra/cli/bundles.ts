import { access, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BuildOptions, Metafile } from 'esbuild';
import { type FunctionName, resourceNames } from '../../pipeline/names.ts';
import { repository } from '../../pipeline/repository.ts';
import { buildOnce } from './build-once.ts';

/** The lock file, and npm's record of what it installed. */
const locks = ['package-lock.json', 'node_modules/.package-lock.json'];
const handlers = 'pipeline/backends/aws/functions';

/**
 * Bundles each function into a folder, `FOLDER/NAME/index.mjs` and the chunks that it shares with others, with everything
 * that it needs but Node itself: the lock file decides which versions run, not the runtime. A single build writes each
 * shared chunk once, in a third of the time of eight builds, and is skipped if nothing has changed since the last.
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
    // ES modules come first, because only they let the bundler drop the unused parts of a client.
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
      // Imported here, because a synth without changes saves the half second that it takes.
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

/** A file and everything that it imports, statically or on demand. */
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

/** The size of a function's folder in bytes. */
export async function bundleSize(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
