/**
 * npm run pack [-- --config mlops.yaml --output bundles]: packs what deploy-infrastructure needs in a job that never runs
 * `npm install`: the synthesized app of every environment and the CDK's command line, under the paths of a checkout.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadProject } from '../pipeline/config/load.ts';
import { repository } from '../pipeline/repository.ts';

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'mlops.yaml' },
    output: { type: 'string', default: 'bundles' },
  },
});
const output = resolve(values.output);
const config = resolve(values.config);
const environments = Object.keys((await loadProject(config)).environments);

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });

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
// The CDK's command line needs only these files. Most others are templates of `cdk init`, and artifacts omit hidden files.
if (environments.length > 0)
  await copy(
    'node_modules/aws-cdk',
    (path) => !/^(lib\/init-templates|docs|README\.md|\..*)(\/|$)/.test(path),
  );

const entries = await readdir(output, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile());
const sizes = await Promise.all(
  files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
);
const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
console.log(
  environments.length === 0
    ? `${values.output}: nothing, because mlops.yaml has no environments`
    : `${values.output}: ${environments.join(', ')} and the CDK, ${files.length} files, ${megabytes.toFixed(1)} MB`,
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
