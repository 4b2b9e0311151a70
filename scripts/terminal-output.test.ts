import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

/*
 * Names, values and log lines come from files of any origin, so what reaches a terminal or GitHub's log goes through a
 * function that cleans it. A program that writes by itself would go round it.
 */

/** The files that write, each through cleanOutput, cleanText or cleanStream. */
const cleaning = [
  'actions/shared/annotate.ts',
  'actions/shared/debug.ts',
  'actions/shared/log.ts',
  'infra/cli/run-cdk.ts',
  'pipeline/cli/print.ts',
  'pipeline/run/start/run-progress.ts',
];
/** Sentences of our own on numbers, names that mlops.yaml's schema checked, and paths of this checkout. */
const plain = ['infra/bootstrap.ts', 'infra/cdk.ts'];
/** Lambda functions write to a log, which is no terminal. */
const elsewhere = /^pipeline\/backends\/aws\/functions\//;

const writes =
  /\bconsole\.\w+\(|\bprocess\.std(?:out|err)\.write\(|#stream\.write\(|\bcore\.(?:info|warning|error|notice|debug|setFailed|startGroup)\b/;

test('every program writes through a function that cleans', () => {
  const files = globSync(['actions/**/*.ts', 'infra/**/*.ts', 'pipeline/**/*.ts'], {
    exclude: ['**/dist/**'],
  })
    .filter((file) => !/\.(test|fixture|contract)\.ts$/.test(file) && !elsewhere.test(file))
    .sort();
  const writing = files.filter((file) => writes.test(readFileSync(file, 'utf8')));
  expect(writing).toEqual([...cleaning, ...plain].sort());
  for (const file of cleaning)
    expect(readFileSync(file, 'utf8')).toMatch(/clean(?:Output|Text|Stream|Json)\(/);
});
