/**
 * npm run pack [-- --config mlops.yaml --output bundles]: all that jobs with credentials run, so that they install nothing:
 * the actions' bundles, the synthesized app of every environment and the CDK's command line, each where a checkout has
 * it, and SHA256SUMS over all of it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { actionNames } from '../actions/build.ts';
import { loadConfig } from '../pipeline/config/load.ts';
import { repository } from '../pipeline/repository.ts';

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'mlops.yaml' },
    output: { type: 'string', default: 'bundles' },
  },
});
const output = resolve(values.output);
const config = resolve(values.config);
const environments = Object.keys((await loadConfig(config)).config.environments);

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });

run('scripts/build.ts');
for (const name of await actionNames()) await copy(`actions/${name}/dist`);
for (const name of environments)
  run(
    'infra/cdk.ts',
    'synth',
    '--environment',
    name,
    '--config',
    config,
    '--output',
    join(output, 'cdk.out', name),
  );
// The package needs no other; what `cdk init` copies is most of its files. Artifacts leave hidden files out.
if (environments.length > 0)
  await copy(
    'node_modules/aws-cdk',
    (path) => !/^(lib\/init-templates|docs|README\.md|\..*)(\/|$)/.test(path),
  );

const files = (await readdir(output, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(output, join(entry.parentPath, entry.name)))
  .sort();
const sums = await Promise.all(
  files.map(
    async (file) =>
      `${createHash('sha256')
        .update(await readFile(join(output, file)))
        .digest('hex')}  ${file}\n`,
  ),
);
await writeFile(join(output, 'SHA256SUMS'), sums.join(''));
const sizes = await Promise.all(files.map(async (file) => (await stat(join(output, file))).size));
console.log(
  `${values.output}: ${files.length} files, ${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)} MB; ` +
    (environments.length > 0 ? `environments ${environments.join(', ')}` : 'mlops.yaml has no environments'),
);

function run(...args: string[]): void {
  const { status } = spawnSync(process.execPath, args, {
    cwd: repository,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

async function copy(folder: string, wanted: (path: string) => boolean = () => true): Promise<void> {
  const from = join(repository, folder);
  await cp(from, join(output, folder), { recursive: true, filter: (path) => wanted(relative(from, path)) });
}
