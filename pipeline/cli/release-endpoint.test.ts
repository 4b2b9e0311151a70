import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ownerOf } from '../backends/embedded/owner.ts';
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
    // What the file `mood` says, every model does from then on: what the gate saw of it no longer holds.
    'model/src/small/programs.py': workspace
      .read('model/src/small/programs.py')
      .replace(
        'def serve():\n',
        `def serve():
    mood = open(${JSON.stringify(workspace.path('mood'))}).read() if os.path.exists(${JSON.stringify(workspace.path('mood'))}) else ""
    if mood == "ill":
        print("no memory left", flush=True)
        sys.exit(3)
`,
      )
      .replace('        score = "%.9f" % (', '        score = "%.9f" % ((0.5 if mood == "other" else 1) * '),
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
    mood: (mood: string) => writeFileSync(workspace.path('mood'), mood),
    pointer: () => json('.mlops/s3/mlops/small/pointers/small.json'),
    calls: (execution: string): string[] =>
      workspace
        .read('.mlops/runs', execution, 'events.jsonl')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ type, resource = '' }) => type === 'TaskStarted' && resource.includes('sagemaker'))
        .map(({ state }) => state),
  };
};

describe('an endpoint from its first release to its last', () => {
  const project = place();
  const { mlops, endpoint, pointer, calls, mood, edit } = calling(project);
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

  describe('a release that fails', () => {
    const present = () => ({ config: endpoint().EndpointConfigName, pointer: pointer() });

    test('for its health check: the endpoint answers with the model before', async () => {
      const then = present();
      mood('ill');
      const failed = await mlops('release', 'small/2');
      mood('');
      expect([failed.code, failed.said.failure.step, failed.said.failure.error]).toEqual([
        1,
        'Wait for endpoint',
        'EndpointError',
      ]);
      expect(failed.said.failure.cause).toMatch(/did not pass the ping health check: .*exit code: 3/);
      expect(present()).toEqual(then);
      expect(project.read(`.mlops/jobs/endpoint/${name}/log.txt`)).toContain('no memory left');
    });

    test('for other answers than were judged: the model before is back, and no cell is told', async () => {
      const then = present();
      mood('other');
      const failed = await project.mlops('release', 'small/2');
      mood('');
      expect(failed.code).toBe(1);
      expect(failed.stdout).toMatch(
        /Smoke test failed: SmokeError: endpoint small-small: got other scores for 50 of 50 rows of the holdout, by up to 0\.\d+, expected those that the gate judged within 0\.000001/,
      );
      expect(failed.stdout).toContain(`The endpoint ${name} is back on the config ${then.config}.`);
      expect(present()).toEqual(then);
    });

    test('because the scores to compare with are gone', async () => {
      const then = present();
      const { execution } = second.said;
      const file = `.mlops/s3/mlops/small/runs/small/${execution}/candidate.csv`;
      const text = project.read(file);
      rmSync(project.path(file));
      const failed = await mlops('release', 'small/2');
      writeFileSync(project.path(file), text);
      expect(failed.said.failure).toMatchObject({
        error: 'SmokeError',
        cause: expect.stringMatching(/candidate\.csv is gone, expected the holdout and the scores/),
      });
      expect(present()).toEqual(then);
    });

    test('because it was killed: the next one finds the model before, and goes on', async () => {
      edit({ EndpointStatus: 'Updating', Owner: `${ownerOf(process.pid)}0` });
      const next = await mlops('release', 'small/2');
      expect([next.code, next.said.package]).toEqual([0, 'small/2']);
    });
  });
});

test('a first endpoint that answers otherwise than was judged is deleted; a serverless one then is made', async () => {
  const project = place('serverless');
  const { mlops, mood, calls } = calling(project);
  await mlops('run', '--mode', 'promote', '--no-release');
  mood('other');
  const failed = await project.mlops('release');
  expect([failed.code, failed.stdout]).toEqual([
    1,
    expect.stringContaining(`The endpoint ${name}-serverless, which nobody had yet, was deleted.`),
  ]);
  expect(existsSync(project.path(`.mlops/jobs/endpoint/${name}-serverless`))).toBe(false);
  expect(existsSync(project.path('.mlops/s3/mlops/small/pointers'))).toBe(false);
  mood('');
  const released = await mlops('release');
  expect(released.said).toMatchObject({ status: 'succeeded', endpoint: `${name}-serverless` });
  expect(calls(released.said.execution)).toContain('Create serverless config');
  // SageMaker makes no endpoint with instances of a serverless one.
  const other = await mlops('release', '--set', 'inference.mode=endpoint');
  expect(calls(other.said.execution)).toContain('Create endpoint');
  expect(other.said.notes[0]).toMatch(
    /^The endpoint small-small-serverless of the release before still answers/,
  );
});
