import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Workspace } from './cli.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/*
 * Releases to an endpoint on this machine, whose calls and refusals are SageMaker's: what answers after each, and that a
 * failure leaves what answered before.
 */
jest.setTimeout(120_000);

const name = 'small-small';

function place(mode = 'endpoint'): Workspace {
  const workspace = smallProject();
  return workspace.write({
    'mlops.yaml': `${workspace.read('mlops.yaml')}inference: { mode: ${mode} }\n`,
  });
}

const calling = (workspace: Workspace) => {
  const mlops = async (...args: string[]) => {
    const finished = await workspace.mlops(...args, '--json');
    return { ...finished, said: JSON.parse(finished.stdout) };
  };
  const json = (path: string) => JSON.parse(workspace.read(path));
  return {
    mlops,
    endpoint: () => json(`.mlops/jobs/endpoint/${name}/describe.json`),
    edit: (change: object) => {
      const path = `.mlops/jobs/endpoint/${name}/describe.json`;
      writeFileSync(workspace.path(path), JSON.stringify({ ...json(path), ...change }));
    },
    pointer: () => json('.mlops/s3/mlops/small/pointers/small.json'),
    calls: (execution: string): string[] =>
      workspace
        .read('.mlops/runs', execution, 'events.jsonl')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ type, resource = '' }) => type === 'TaskStarted' && resource.includes('sagemaker'))
        .map(({ state }) => state),
    record: (execution: string) => json(`.mlops/ledger/small/release/small/${execution}/000000000001.json`),
  };
};

describe('an endpoint from its first release to its last', () => {
  const project = place();
  const { mlops, endpoint, pointer, calls } = calling(project);
  let first: Awaited<ReturnType<typeof mlops>>;
  let second: Awaited<ReturnType<typeof mlops>>;
  let served = '';

  beforeAll(async () => {
    first = await mlops('run', '--mode', 'promote');
  });

  test('a promotion puts the model on a new endpoint that answers as the gate judged', () => {
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('Smoke test')]);
    expect(first.said.release).toMatchObject({
      status: 'succeeded',
      package: 'small/1',
      predictions: null,
      endpoint: name,
      notes: ['The endpoint answered 50 rows of the holdout as the gate had judged them.'],
    });
    expect(endpoint().EndpointStatus).toBe('InService');
    expect(pointer()).toMatchObject({ package: 'small/1', mode: 'endpoint' });
    expect(readFileSync(first.said.release.page, 'utf8')).toContain('answers requests now, on an endpoint');
    served = endpoint().EndpointConfigName;
  });

  test('the same again changes nothing', async () => {
    const again = await mlops('release');
    expect(again.said).toMatchObject({ moved: false, release: first.said.release.release });
    expect(calls(again.said.execution)).toEqual([
      'Create endpoint model',
      'Create endpoint config',
      'Find endpoint',
    ]);
    const { stdout } = await project.mlops('release');
    expect(stdout).toContain('ask it: npx mlops serve');
  });

  test('a second champion updates it', async () => {
    second = await mlops('run', '--mode', 'promote', ...behave({ weight: 1.5 }));
    expect(second.said.release).toMatchObject({
      package: 'small/2',
      moved: true,
      previous: { package: 'small/1' },
    });
    expect(calls(second.said.release.execution)).toContain('Update endpoint');
    expect(endpoint().EndpointConfigName).not.toBe(served);
  });

  test('a rollback brings the first back', async () => {
    const back = await mlops('rollback', '--reason', 'complaints');
    expect([back.code, back.said.package, back.said.moved]).toEqual([0, 'small/1', true]);
    expect(endpoint().EndpointConfigName).toBe(served);
    expect(pointer()).toMatchObject({ package: 'small/1' });
  });
});
