import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runStepOnThread, type StepCall } from './step-thread.ts';

const home = mkdtempSync(join(tmpdir(), 'mlops-thread-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const call = (name: StepCall['name'], event: object): StepCall => ({
  name,
  event,
  state: { home, project: 'p', model: 'm' },
});
const run = (step: StepCall, signal = new AbortController().signal) =>
  runStepOnThread(step, signal).then(
    (result) => ({ result }),
    ({ name, message }: Error) => ({ name, message }),
  );

test('a step on a thread gives its result, and its errors by name and message', async () => {
  expect(await run(call('lease', { execution: 'one' }))).toEqual({ result: { fence: 1 } });
  expect(await run(call('lease', { execution: 'two' }))).toEqual({
    name: 'LeaseHeldError',
    message: expect.stringContaining('run one has the lease'),
  });
});

test('a signal ends it at once, whatever it computes', async () => {
  const abort = new AbortController();
  const stopped = run(call('lease', { execution: 'three' }), abort.signal);
  abort.abort();
  expect(await stopped).toMatchObject({ name: 'AbortError' });
  expect(await run(call('lease', { execution: 'four' }), abort.signal)).toMatchObject({ name: 'AbortError' });
});
