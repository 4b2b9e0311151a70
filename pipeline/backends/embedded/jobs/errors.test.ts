import { expect, test } from '@jest/globals';
import { taskFailed } from './errors.ts';

test('a long log leaves the message whole: its last lines, as many as there is room for', () => {
  const lines = Array.from({ length: 20 }, (_, line) => `${line} ${'"'.repeat(998)}`);
  const { name, message } = taskFailed({ FailureReason: 'AlgorithmError: no', LogTail: lines } as object);
  expect(name).toBe('States.TaskFailed');
  expect(message.length).toBeLessThanOrEqual(32_768);
  const { FailureReason, LogTail } = JSON.parse(message);
  expect(FailureReason).toBe('AlgorithmError: no');
  expect(LogTail.length).toBeGreaterThan(10);
  expect(LogTail).toEqual(lines.slice(-LogTail.length));
});

test('a short log stays as it is', () => {
  const description = { FailureReason: 'AlgorithmError: no', LogTail: ['a', 'b'] };
  expect(JSON.parse(taskFailed(description).message)).toEqual(description);
});
