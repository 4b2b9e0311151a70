import { expect, test } from '@jest/globals';
import { ConflictError } from '../../errors.ts';
import type { Ledger } from '../../ports.ts';
import { type Notice, noticeOf, tell } from './notice.ts';
import type { RunRecord } from './run-record.ts';

const place = { stack: 'churn--staging', link: 'https://console/77-1' };

interface Changes {
  status?: RunRecord['status'];
  mode?: 'evaluate' | 'promote';
  kind?: string;
  outcome?: string;
  promotable?: boolean;
  error?: { Error: string; Cause: string };
}

const run = ({
  status = 'succeeded',
  mode = 'promote',
  kind = 'push',
  outcome,
  promotable = false,
  error,
}: Changes) =>
  ({
    execution: '77-1',
    status,
    state: {
      request: {
        model: 'churn',
        mode,
        trigger: { kind, ref: 'main', commit: '0123456789abcdef', dirty: false, actor: 'octo', reason: null },
      },
      ...(outcome && {
        gate: { outcome, reason: 'Inconclusive: 294 rows can show a difference of 0.04.', promotable },
      }),
      ...(error && { error, failed_step: 'Train' }),
    },
  }) as unknown as RunRecord;

const sagemaker = (FailureReason: string) => ({
  Error: 'States.TaskFailed',
  Cause: JSON.stringify({ TrainingJobName: 'x-1', FailureReason }),
});

test('a hold says that a person decides, why, how, and where the run is', () => {
  const { subject, message } = noticeOf(run({ outcome: 'hold' }), place) as Notice;
  expect(subject).toBe('churn--staging: churn held: a person decides');
  expect(message).toBe(
    [
      'The gate held model churn in churn--staging. The champion stays until a person approves the held model.',
      'Reason: Inconclusive: 294 rows can show a difference of 0.04.',
      'To approve it: see "What the gate holds" in .github/workflows/README.md of the repository. To leave it: do nothing.',
      'Run 77-1: https://console/77-1\nStarted by octo (push)\nCommit 0123456789ab of main',
    ].join('\n\n'),
  );
});

test('a reject says that the champion stays', () => {
  expect(noticeOf(run({ outcome: 'reject' }), place)).toMatchObject({
    subject: 'churn--staging: churn rejected: the champion stays',
    message: expect.stringContaining('Reason: Inconclusive'),
  });
});

test.each([
  ['a quota', sagemaker('ResourceLimitExceeded: The account-level service limit is 0 Instances')],
  [
    'a permission',
    { Error: 'States.TaskFailed', Cause: 'x is not authorized to perform: sagemaker:AddTags' },
  ],
  ['a time limit', { Error: 'States.Timeout', Cause: 'the run took too long' }],
  [
    'a function',
    { Error: 'Error', Cause: JSON.stringify({ errorType: 'AwsError', errorMessage: 'throttled' }) },
  ],
])('an evaluate run that failed for %s is told, with the reason', (_, error) => {
  expect(noticeOf(run({ status: 'failed', mode: 'evaluate', error }), place)).toMatchObject({
    subject: 'churn--staging: churn failed in the account',
    message: expect.stringMatching(
      /failed at Train, for a reason that its branch cannot fix.*\n\nReason: \S+: [^{]+\n\n.*--environment staging/s,
    ),
  });
});

test.each([
  ['was promoted', run({ outcome: 'promote', promotable: true })],
  ['was held by a gate that is not enforced, and promoted', run({ outcome: 'hold', promotable: true })],
  ['was held in a pull request, which shows it', run({ outcome: 'hold', mode: 'evaluate' })],
  ['makes a baseline', run({ outcome: 'hold', kind: 'baseline' })],
  ['was stopped', run({ status: 'cancelled', mode: 'evaluate' })],
  [
    'failed on main, which an alarm tells',
    run({ status: 'failed', error: sagemaker('ResourceLimitExceeded') }),
  ],
  [
    'failed in the model',
    run({ status: 'failed', mode: 'evaluate', error: sagemaker('AlgorithmError: , exit code: 1') }),
  ],
  [
    'failed on its data',
    run({ status: 'failed', mode: 'evaluate', error: { Error: 'DataContractError', Cause: 'no target' } }),
  ],
  [
    'failed in its prepare script',
    run({
      status: 'failed',
      mode: 'evaluate',
      error: {
        Error: 'States.TaskFailed',
        Cause: JSON.stringify({ ExitMessage: 'PrepareScriptError: line 3' }),
      },
    }),
  ],
  [
    'is of an older branch',
    run({
      status: 'failed',
      mode: 'evaluate',
      error: { Error: 'States.ParameterPathFailure', Cause: '$.x' },
    }),
  ],
])('a run that %s is no notice', (_, quiet) => {
  expect(noticeOf(quiet, place)).toBeNull();
});

test('a subject is ASCII of at most 100 characters, whatever the names', () => {
  const long = run({ outcome: 'hold' });
  long.state.request.model = `modèle-${'x'.repeat(200)}`;
  const { subject } = noticeOf(long, place) as Notice;
  expect(subject).toMatch(/^[ -~]{100}$/);
});

test('a notice is sent once, however often the function is called', async () => {
  const kept = new Map<string, unknown>();
  const ledger = {
    putIf: async (kind: string, id: string, value: unknown) => {
      if (kept.has(`${kind} ${id}`)) throw new ConflictError('there');
      kept.set(`${kind} ${id}`, value);
    },
  } as unknown as Ledger;
  const context = { ledger, clock: { now: () => new Date('2026-01-01') } };
  const sent: Notice[] = [];
  const send = async (notice: Notice) => void sent.push(notice);
  for (let call = 0; call < 3; call++) await tell(run({ outcome: 'hold' }), place, context, send);
  expect(sent).toHaveLength(1);
  expect(kept.get('notice 77-1')).toMatchObject({
    at: '2026-01-01T00:00:00.000Z',
    subject: sent[0]?.subject,
  });
  await tell(run({ outcome: 'promote', promotable: true }), place, context, send);
  expect(kept.size).toBe(1);
});
