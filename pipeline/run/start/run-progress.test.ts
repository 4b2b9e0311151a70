import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import type { Progress } from '../../backends/backend.ts';
import { RunProgress } from './run-progress.ts';

function followed(terminal: { isTTY: boolean; columns?: number; rows?: number }) {
  const stream = Object.assign(new PassThrough(), terminal) as unknown as NodeJS.WriteStream;
  const progress = new RunProgress(stream);
  const written = () => String((stream as unknown as PassThrough).read() ?? '');
  return { progress, written };
}

const state = 'Tune';
const updates: Progress[] = [
  { kind: 'started', state, seconds: 0 },
  { kind: 'trial', state, done: 0, total: 8, best: null },
  { kind: 'trial', state, done: 1, total: 8, best: null },
  { kind: 'trial', state, done: 8, total: 8, best: 0.85 },
  { kind: 'waiting', state, reason: 'waiting for a quota', since: '2026-01-01T14:02:11.000Z' },
  { kind: 'succeeded', state, seconds: 61.4 },
  { kind: 'started', state: 'Score candidate', seconds: 0 },
  { kind: 'failed', state: 'Score candidate', seconds: 0.25 },
];

test.each([
  ['a file or a pipe', { isTTY: false }],
  ['a terminal that does not tell its size', { isTTY: true, columns: 0, rows: 0 }],
])('%s gets plain lines, each once', (_what, terminal) => {
  const { progress, written } = followed(terminal);
  progress.note('Installing 13 Python packages ...');
  for (const update of updates) progress.update(update);
  progress.end();
  expect(written().split('\n')).toEqual([
    'Installing 13 Python packages ...',
    'Tune ...',
    '  Tune: 1/8 trials',
    '  Tune: 8/8 trials, best 0.85',
    'Tune: waiting for a quota, since 14:02 UTC ...',
    '✓ Tune                 1 min 01 s  8/8 trials, best 0.85',
    'Score candidate ...',
    '✗ Score candidate           0.3 s',
    '',
  ]);
});

test('a terminal gets one line a running step, drawn over, with what a step ends in left above', () => {
  const { progress, written } = followed({ isTTY: true, columns: 100, rows: 40 });
  const seen = (update: Progress) => {
    progress.update(update);
    return stripVTControlCharacters(written()).trim();
  };
  const [started, , , trial, , ended] = updates.map((update) => seen(update));
  expect(started).toMatch(/^\S Tune +\d+ ms$/);
  expect(trial).toMatch(/^\S Tune +[\d.]+ m?s {2}8\/8 trials, best 0\.85$/);
  expect(ended).toContain('✓ Tune                 1 min 01 s  8/8 trials, best 0.85');

  for (const who of ['candidate', 'champion'])
    progress.update({ kind: 'started', state: `Score ${who}`, seconds: 0 });
  const both = stripVTControlCharacters(written());
  expect(both).toMatch(/Score candidate +\d+ ms\n\S Score champion +\d+ ms/);
  progress.end();
  written();
  progress.end();
  expect(stripVTControlCharacters(written()).trim()).toBe('');
});
