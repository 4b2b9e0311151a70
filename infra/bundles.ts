import { access, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type FunctionName, resourceNames } from '../pipeline/backends/aws/names.ts';
import { EnvironmentError } from './environment.ts';

const handlers = fileURLToPath(new URL('../pipeline/steps', import.meta.url));

/**
 * One folder a function, `FOLDER/NAME/index.mjs` and what it loads only when needed: the clients of services stay out
 * of the first read. Nothing is taken from the runtime but Node itself.
 */
export async function bundleFunctions(folder: string): Promise<Record<FunctionName, string>> {
  const names = Object.keys(
    resourceNames({ project: '', environment: '', account: '', region: '' }).functions,
  ) as FunctionName[];
  await rm(folder, { recursive: true, force: true });
  const bundles = await Promise.all(names.map((name) => bundleFunction(name, join(folder, name))));
  return Object.fromEntries(bundles) as Record<FunctionName, string>;
}

async function bundleFunction(name: FunctionName, outdir: string): Promise<[FunctionName, string]> {
  const handler = join(handlers, `${name}.handler.ts`);
  await access(handler).catch(() => {
    throw new EnvironmentError(
      `pipeline/steps/${name}.handler.ts: no such file, expected the function's handler`,
    );
  });
  await build({
    entryPoints: { index: handler },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node24',
    // Otherwise a client that is loaded late gets its CommonJS form, which fails at run time.
    mainFields: ['module', 'main'],
    // Packages in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
  });
  return [name, outdir];
}

/** Bytes of a bundle. */
export async function bundleSize(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
