import { expect, test } from '@jest/globals';
import type { ResourceChange, StackDiff } from '../../infra/cli/stack-diff.ts';
import { testEnvironment } from '../../infra/environment.fixture.ts';
import { renderSummary } from './summary.ts';

const environment = testEnvironment('staging');
const change = (path: string, rest: Partial<ResourceChange> = {}): ResourceChange => ({
  change: 'update',
  type: 'AWS::S3::Bucket',
  path,
  logicalId: 'Id1',
  kept: false,
  because: [],
  ...rest,
});
const diff = (rest: Partial<StackDiff>): StackDiff => ({
  stack: 'churn--staging',
  resources: [],
  iam: [],
  others: 0,
  ...rest,
});

test('what takes away data stands first, then what is removed and replaced', () => {
  const lost = change('Storage/Data', { change: 'may be replaced' });
  const text = renderSummary(
    environment,
    [
      diff({
        resources: [change('Topic', { change: 'add' }), lost, change('Old', { change: 'remove' })],
        others: 1,
      }),
    ],
    [lost],
  );
  expect(text).toMatch(
    /^### Infrastructure of staging\n\n> \[!CAUTION\]\n> \*\*This replaces or removes resources whose data/,
  );
  expect(text).toContain('<code>Storage/Data</code> (`AWS::S3::Bucket`) may be replaced by an empty one');
  expect(text).toContain('1 removed, 1 may be replaced, 1 added, 1 output or parameter changed.');
  expect([...text.matchAll(/^\| \S+ ([a-z ]+) \|/gm)].map(([, word]) => word)).toEqual([
    'removed',
    'may be replaced',
    'added',
  ]);
});

test('permissions are called out, apart from the resources', () => {
  const table = {
    title: 'IAM Statement Changes',
    head: ['', 'Resource'],
    rows: [
      ['+', '*'],
      ['-', 'topic'],
    ],
  };
  const text = renderSummary(environment, [diff({ iam: [table] })], []);
  expect(text).toContain('**Permissions change: 2 rules of IAM.**');
  expect(text).toContain('<summary>IAM Statement Changes (2)</summary>');
});

test('no name breaks out of its cell, pings or runs', () => {
  const name = 'a | b `c` <script>@team</script> #1';
  const iam = [{ title: 'IAM', head: ['', 'Resource'], rows: [['+', name]] }];
  const text = renderSummary(
    environment,
    [diff({ resources: [change(name, { type: `Custom::${name}` })], iam })],
    [],
  );
  expect(text).not.toMatch(/<script|@team|\| b/);
  for (const row of text.match(/^\|.*\|$/gm) ?? []) expect([3, 4]).toContain(row.split('|').length - 1);
});

test('a stack of a thousand changes has a short summary that says so', () => {
  const resources = Array.from({ length: 1000 }, (_, i) => change(`Function ${i}`));
  const text = renderSummary(environment, [diff({ resources })], []);
  expect(text).toContain('and 950 more, all in the log.');
  expect(text.length).toBeLessThan(10_000);
});
