import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import '../../pipeline/cli/cli.fixture.ts';
import type { Workspace } from '../../pipeline/cli/cli.fixture.ts';
import { killServices, ServiceProcess, smallRecords } from '../../pipeline/cli/serving.fixture.ts';
import { smallProject } from '../../pipeline/cli/small-project.fixture.ts';
import { PredictionError, predict } from './typescript/predict.ts';

const run = promisify(execFile);
let workspace: Workspace;
let service: ServiceProcess;
let records: Record<string, string>[];

beforeAll(async () => {
  workspace = smallProject();
  const { code, stderr } = await workspace.mlops('run', '--mode', 'promote', '--no-release');
  if (code !== 0) throw new Error(stderr);
  service = await ServiceProcess.start(workspace, '--package', 'small/1', '--no-capture');
  records = smallRecords(workspace).slice(0, 20);
}, 120_000);

afterAll(killServices);

test('the function answers as the service does, and tells every problem', async () => {
  const { predictions } = await service.ask({ records });
  expect(predictions).toHaveLength(20);
  expect(await predict(service.url, records)).toEqual(predictions);
  const refused = await predict(service.url, [{ ...records[0], x: 'much', noise: 'y' }]).catch(
    (error) => error,
  );
  expect(refused).toBeInstanceOf(PredictionError);
  expect(refused.problems).toMatchObject([
    { record: 1, column: 'x' },
    { record: 1, column: 'noise' },
  ]);
});

test.each([
  ['TypeScript', process.execPath, 'typescript/predict.ts'],
  ['Python', 'python3', 'python/predict.py'],
])('the program in %s prints the predictions, or every problem', async (_, program, name) => {
  const { predictions } = await service.ask({ records });
  workspace.write({
    'some.json': JSON.stringify(records),
    'bad.json': JSON.stringify([{ ...records[0], x: 'much', noise: 'y' }]),
  });
  const file = join(import.meta.dirname, name);
  const { stdout } = await run(program, [file, service.url, workspace.path('some.json')]);
  const lines = stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(predictions);
  await expect(run(program, [file, service.url, workspace.path('bad.json')])).rejects.toThrow(
    /status 400: record 1, x: got "much", expected a number[^\n]*\nrecord 1, noise: got "y"/,
  );
});
