import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { smokeModel } from '../../infra/identity/smoke-access.ts';
import type { Config } from '../../pipeline/config/schema.ts';
import { repository } from '../../pipeline/repository.ts';

export type Engine = Config['prepare']['engine'];

const sample = join(repository, 'fixtures/sample');

/**
 * Writes a project to a new folder: the sample as the model `smoke` of the user's project and environment, on the smallest
 * instances, without tuning, and with short time limits, which bound its price. Returns the path of its mlops.yaml.
 */
export async function writeProject(config: string, environment: string, engine: Engine): Promise<string> {
  const { project, environments } = parse(await readFile(config, 'utf8')) as {
    project: string;
    environments: Record<string, object>;
  };
  const folder = await mkdtemp(join(tmpdir(), 'mlops-smoke-'));
  const model = join(folder, smokeModel);
  await mkdir(join(model, 'data'), { recursive: true });
  await cp(join(sample, 'model'), join(model, 'model'), {
    recursive: true,
    filter: (path) => !['data', '__pycache__'].includes(basename(path)),
  });
  await cp(join(sample, 'model/data/attrition.csv'), join(model, 'data/attrition.csv'));
  const { project: _, data, ...settings } = parse(await readFile(join(sample, 'mlops.yaml'), 'utf8'));
  const small = { type: 'ml.m5.large', count: 1 };
  await writeFile(
    join(model, 'mlops.yaml'),
    stringify({
      ...settings,
      data: { ...data, source: 'data/attrition.csv' },
      prepare: { engine, instance: small, max_runtime: '15m' },
      training: { ...settings.training, instance: small, max_runtime: '15m' },
      inference: { instance: small },
      tuning: 'off',
    }),
  );
  const file = join(folder, 'mlops.yaml');
  const chosen = { [environment]: environments[environment] };
  await writeFile(file, stringify({ project, models: [smokeModel], environments: chosen }));
  return file;
}
