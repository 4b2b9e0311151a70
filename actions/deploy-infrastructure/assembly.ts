import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { StackProperties } from '../../infra/cli/deployed-stack.ts';
import type { Template } from '../../infra/cli/stack-diff.ts';
import type { Environment } from '../../infra/environment.ts';
import { SetupError } from '../../pipeline/errors.ts';

/** The app that an earlier job synthesized, and the CDK's command line to deploy it with. */
export interface Assembly {
  folder: string;
  cdk: string;
  /** The template of each stack that is to be deployed, by the stack's name. */
  templates: Record<string, Template>;
  properties: Record<string, StackProperties>;
}

/** The part of a cloud assembly's manifest that is read here. */
interface Manifest {
  artifacts?: Record<string, { type: string; environment?: string; properties?: StackProperties }>;
}

/** Throws SetupError if a file is missing, or was made for another account or region. */
export async function readAssembly(
  { app, cdk }: { app: string; cdk: string },
  { name, account, region }: Environment,
  stacks: readonly string[],
): Promise<Assembly> {
  // `npm run pack` makes a folder for each environment; `npm run synth` makes one for a single environment.
  const packed = join(app, name);
  const shown = (await isThere(join(packed, 'manifest.json'))) ? packed : app;
  const folder = resolve(shown);
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => {
    throw missing(`${packed}/manifest.json`, 'the synthesized app');
  });
  if (!(await isThere(join(resolve(cdk), 'bin/cdk'))))
    throw missing(`${cdk}/bin/cdk`, "the CDK's command line");
  const { artifacts = {} } = JSON.parse(text) as Manifest;
  const templates: Record<string, Template> = {};
  const properties: Record<string, StackProperties> = {};
  for (const stack of stacks) {
    const artifact = Object.hasOwn(artifacts, stack) ? artifacts[stack] : undefined;
    const file = artifact?.properties?.templateFile;
    if (artifact?.type !== 'aws:cloudformation:stack' || file === undefined) {
      const known = Object.keys(artifacts).filter((id) => artifacts[id]?.type === 'aws:cloudformation:stack');
      throw new SetupError(
        `input stacks: got ${JSON.stringify(stack)}, expected one of ${known.join(', ')}, the stacks in ${shown}`,
      );
    }
    const expected = `aws://${account}/${region}`;
    if (artifact.environment !== expected)
      throw new SetupError(
        `${shown}: stack ${stack}: got one made for ${artifact.environment}, expected ${expected} as in mlops.yaml; run \`npm run pack\` on this commit`,
      );
    properties[stack] = artifact.properties ?? {};
    templates[stack] = JSON.parse(await readFile(join(folder, file), 'utf8')) as Template;
  }
  return { folder, cdk: resolve(cdk), templates, properties };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const missing = (path: string, what: string): SetupError =>
  new SetupError(
    `${path}: no such file, expected ${what}; an earlier job makes it without credentials (\`npm run pack\`) and this one downloads it`,
  );
