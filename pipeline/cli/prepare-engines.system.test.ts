import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { ExecutionEvent } from '../backends/embedded/engine/execution.ts';
import type { Workspace } from './cli.fixture.ts';
import { smallProject } from './small-project.fixture.ts';

/** The document of each engine, run here: the same program prepares, and the run ends alike. */

/** The states of the newest run, with the resources that they called, functions and the ledger left out. */
function callsOf(workspace: Workspace): string[] {
  const newest = readdirSync(workspace.path('.mlops/runs')).sort().at(-1) ?? '';
  return workspace
    .read('.mlops/runs', newest, 'events.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ExecutionEvent)
    .filter(({ type, resource = '' }) => type === 'TaskStarted' && /glue|ecs|s3|Processing/.test(resource))
    .map(({ state, resource = '' }) => `${state} > ${resource.replace('arn:aws:states:::', '')}`);
}

/** Of what was prepared, by path under its key. */
function manifestsOf(workspace: Workspace): string[] {
  const prepared = '.mlops/s3/mlops/small/prepared/small';
  return readdirSync(workspace.path(prepared), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/manifest/manifest.json'))
    .sort()
    .map((path) => workspace.read(prepared, path));
}

const task = (state: string, ...after: string[]) => [
  `${state}: define task > aws-sdk:ecs:registerTaskDefinition`,
  `${state} > ecs:runTask.sync`,
  ...after.map((name) => `${state}: ${name}`),
];
const dropped = 'drop task > aws-sdk:ecs:deregisterTaskDefinition';
const why = 'why it failed > aws-sdk:s3:getObject';
const expected = {
  processing: {
    prepare: ['Prepare > sagemaker:createProcessingJob.sync'],
    view: ['Prepare for champion > sagemaker:createProcessingJob.sync'],
    failure: ['Prepare > sagemaker:createProcessingJob.sync'],
  },
  glue: {
    prepare: ['Prepare > glue:startJobRun.sync'],
    view: ['Prepare for champion > glue:startJobRun.sync'],
    failure: ['Prepare > glue:startJobRun.sync', `Prepare: ${why}`],
  },
  fargate: {
    prepare: task('Prepare', dropped),
    view: task('Prepare for champion', dropped),
    failure: task('Prepare', why, 'drop failed task > aws-sdk:ecs:deregisterTaskDefinition'),
  },
};

const manifests = new Map<string, string[]>();

describe.each(['processing', 'glue', 'fargate'] as const)('%s', (engine) => {
  const workspace = smallProject();
  const on = ['--set', `prepare.engine=${engine}`];
  const { prepare, view, failure } = expected[engine];

  test('prepares, for the champion too where that was prepared otherwise', async () => {
    const first = await workspace.mlops('run', '--mode', 'promote', ...on);
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('✓ Prepare')]);
    expect(callsOf(workspace)).toEqual(prepare);

    const other = await workspace.mlops('run', ...on, '--set', 'data.exclude=[noise]');
    expect([other.code, other.stderr]).toEqual([0, expect.stringContaining('✓ Prepare for champion')]);
    expect(callsOf(workspace)).toEqual([...prepare, ...view]);
    manifests.set(engine, manifestsOf(workspace));
  });

  test('what an engine has prepared serves again', async () => {
    await workspace.mlops('run', ...on);
    expect(callsOf(workspace)).toEqual([]);
  });

  test('a script that fails is told as on any engine', async () => {
    writeFileSync(workspace.path('broken.py'), 'def transform(frame):\n    return frame["none"]\n');
    const { code, stdout, stderr } = await workspace.mlops('run', ...on, '--set', 'prepare.script=broken.py');
    expect(code).toBe(2);
    expect(`${stdout}${stderr}`).toMatch(/PrepareScriptError/);
    expect(`${stdout}${stderr}`).toMatch(/KeyError: 'none'/);
    expect(callsOf(workspace)).toEqual(failure);
  });
});

test('every engine has prepared the same', () => {
  expect(manifests.get('processing')).toHaveLength(3);
  expect(manifests.get('glue')).toEqual(manifests.get('processing'));
  expect(manifests.get('fargate')).toEqual(manifests.get('processing'));
});
