import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, jest, test } from '@jest/globals';
import type { Workspace } from '../../cli/cli.fixture.ts';
import { smallProject } from '../../cli/small-project.fixture.ts';
import type { ExecutionEvent } from '../embedded/engine/execution.ts';
import { pythonOf } from './moto.fixture.ts';

// Installs botocore where it is not there yet.
jest.setTimeout(300_000);

interface Call {
  state: string;
  service: string;
  operation: string;
  parameters: unknown;
}

/** The calls to services that an embedded run made, with the parameters that its states resolved. */
function callsOf(workspace: Workspace, execution: string): Call[] {
  return workspace
    .read('.mlops/runs', execution, 'events.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ExecutionEvent)
    .filter(({ type, resource = '' }) => type === 'TaskStarted' && !resource.includes('lambda'))
    .map(({ state = '', resource = '', parameters }) => {
      const [service = '', operation = ''] = resource
        .replace('aws-sdk:', '')
        .replace('.sync', '')
        .split(':')
        .slice(-2);
      return { state, service, operation, parameters };
    });
}

const calls: Call[] = [];
let python = '';
beforeAll(async () => {
  python = await pythonOf('botocore');
  const workspace = smallProject();
  const tuning = `tuning={strategy: bayesian, objective: {metric: quality, goal: maximize}, max_jobs: 2,
    parallel_jobs: 2, ranges: {weight: {min: 0.5, max: 2, scale: logarithmic}, kind: [plain, fancy]}}`;
  const tuned = await workspace.mlops('run', '--mode', 'promote', '--set', tuning);
  expect([tuned.code, tuned.stderr]).toEqual([0, expect.not.stringMatching(/error/i)]);
  const warm = await workspace.mlops(
    'run',
    '--set',
    tuning.replace('max_jobs: 2', 'max_jobs: 2, warm_start: true'),
  );
  expect(warm.stderr).toContain('✓ Tune warm');
  const guided = await workspace.mlops(
    'run',
    '--set',
    tuning.replace('max_jobs: 2', 'max_jobs: 4, guided: { min_trials: 2 }'),
  );
  expect(guided.stderr).toContain('✓ Tune random');
  // Trained, not tuned, and compared with a champion that was prepared otherwise.
  const settings = ['data.features_exclude=[group, noise]', 'training.spot=true'];
  await workspace.mlops('run', ...settings.flatMap((setting) => ['--set', setting]));
  // Each engine of the prepare job, on settings that have nothing prepared yet, one of them with a script that fails.
  for (const [engine, holdout] of [
    ['glue', 0.3],
    ['fargate', 0.4],
  ])
    await workspace.mlops('run', '--set', `prepare.engine=${engine}`, '--set', `data.holdout=${holdout}`);
  writeFileSync(workspace.path('broken.py'), 'def transform(frame):\n    return None\n');
  await workspace.mlops('run', '--set', 'prepare.engine=glue', '--set', 'prepare.script=broken.py');
  // An endpoint of several instances and its updates in steps, after the second of which a config is left over.
  for (const settings of [
    ['inference.mode=endpoint', 'inference.strategy=canary', 'inference.instance.count=2'],
    ['inference.mode=endpoint', 'inference.strategy=linear', 'inference.instance.count=3'],
    ['inference.mode=endpoint', 'inference.strategy=canary', 'inference.instance.count=4'],
    ['inference.mode=serverless'],
  ]) {
    const released = await workspace.mlops('release', ...settings.flatMap((setting) => ['--set', setting]));
    expect([released.code, released.stdout]).toEqual([0, expect.stringContaining('ask it')]);
  }
  for (const execution of readdirSync(workspace.path('.mlops/runs')))
    calls.push(...callsOf(workspace, execution));
});

function refused(checked: readonly Call[]): string {
  const { stdout, stderr } = spawnSync(
    python,
    [fileURLToPath(new URL('validate-parameters.py', import.meta.url))],
    { input: checked.map((call) => JSON.stringify(call)).join('\n'), encoding: 'utf8' },
  );
  return stdout + stderr;
}

test('every payload that a run resolved is one that AWS takes', () => {
  expect(refused(calls)).toBe('');
  const operations = new Set(calls.map(({ operation }) => operation));
  expect([...operations].sort()).toEqual([
    'createEndpoint',
    'createEndpointConfig',
    'createHyperParameterTuningJob',
    'createModel',
    'createProcessingJob',
    'createTrainingJob',
    'createTransformJob',
    'deleteEndpointConfig',
    'deleteModel',
    'deregisterTaskDefinition',
    'describeEndpoint',
    'describeTrainingJob',
    'getObject',
    'registerTaskDefinition',
    'runTask',
    'startJobRun',
    'updateEndpoint',
  ]);
});

test('so is one of a service that spells its parameters otherwise than Step Functions does', () => {
  const call = calls.find(({ operation }) => operation === 'registerTaskDefinition') as Call;
  const report = refused([
    { ...call, parameters: { ...(call.parameters as object), Family: undefined, Size: 1 } },
  ]);
  expect(report).toContain('Missing required parameter in input: "family"');
  expect(report).toContain('Unknown parameter in input: "Size"');
});

test('a payload that AWS would refuse is named with its state and what is wrong', () => {
  const call = calls.find(({ operation }) => operation === 'createTrainingJob') as Call;
  const broken = { ...(call.parameters as object), RoleArn: undefined, StoppingCondition: { Hours: 1 } };
  const report = refused([{ ...call, parameters: broken }]);
  expect(report).toContain('Train on spot: CreateTrainingJob');
  expect(report).toContain('Missing required parameter in input: "RoleArn"');
  expect(report).toContain('Unknown parameter in StoppingCondition: "Hours"');
});
