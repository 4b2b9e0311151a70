import { access, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type FunctionName, resourceNames } from '../pipeline/backends/aws/names.ts';
import { EnvironmentError } from './environment.ts';

const handlers = fileURLToPath(new URL('../pipeline/steps', import.meta.url));

/**
 * One file a function, `FOLDER/NAME/index.mjs`, with all that it needs but Node itself: what runs is what the lock file
 * says, not what the runtime brings.
 */
export async function bundleFunctions(folder: string): Promise<Record<FunctionName, string>> {
  const { functions } = resourceNames({ project: '', environment: '', account: '', region: '' });
  const names = Object.keys(functions) as FunctionName[];
  await rm(folder, { recursive: true, force: true });
  await build({
    entryPoints: Object.fromEntries(
      await Promise.all(names.map(async (name) => [`${name}/index`, await handlerOf(name)] as const)),
    ),
    outdir: folder,
    bundle: true,
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
  });
  return Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<FunctionName, string>;
}

async function handlerOf(name: FunctionName): Promise<string> {
  const handler = join(handlers, `${name}.handler.ts`);
  await access(handler).catch(() => {
    throw new EnvironmentError(
      `pipeline/steps/${name}.handler.ts: no such file, expected the function's handler`,
    );
  });
  return handler;
}

/** Bytes of a bundle. */
export async function bundleSize(folder: string): Promise<number> {
  return (await stat(join(folder, 'index.mjs'))).size;
}
