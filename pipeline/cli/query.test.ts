import { rmSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { release, sampleRows } from '../backends/embedded/query/predictions.fixture.ts';
import { stackTrace, type Workspace } from './cli.fixture.ts';
import { smallProject } from './small-project.fixture.ts';

let workspace: Workspace;
let project = '';
beforeAll(async () => {
  workspace = smallProject();
  project = /^project: (\S+)/m.exec(workspace.read('mlops.yaml'))?.[1] ?? '';
  const at = '2026-01-01 00:00:00';
  const made = { home: workspace.path('.mlops'), project, model: project };
  await release({ ...made, release: 'r-1', at, rows: sampleRows(at, -0.1) });
  await release({ ...made, release: 'r-2' });
});

test('prints a table, and how many rows there are', async () => {
  const { code, stdout, stderr } = await workspace.mlops(
    'query',
    'select row_id, score, decision, contributions from predictions_current order by row_id',
  );
  expect([code, stderr]).toEqual([0, '3 rows\n']);
  expect(stdout.split('\n')).toEqual([
    'row_id  score  decision  contributions',
    '7         0.2  No        OverTime 0.1, Age -0.1',
    '8        0.55  Yes       OverTime 0.275, Age -0.1',
    '9         0.9  Yes       OverTime 0.45, Age -0.1',
    '',
  ]);
});

test('shows at most 100 rows, or as many as --limit, and says how many more there are', async () => {
  const { stdout, stderr } = await workspace.mlops('query', 'select * from range(5000) t(n)');
  expect(stdout.trim().split('\n')).toHaveLength(101);
  expect(stderr).toBe('100 of 5,000 rows: --limit N shows more, --csv and --json give all\n');
  const few = await workspace.mlops('query', 'select * from range(5000) t(n)', '--limit', '2');
  expect(few.stdout).toBe('n\n0\n1\n');
});

test('--json gives columns and all rows as one object', async () => {
  const { code, stdout } = await workspace.mlops(
    'query',
    "select row_id, score, extra, '##[group]' as g from predictions order by release, row_id",
    '--json',
  );
  const value = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(value.columns).toEqual(['row_id', 'score', 'extra', 'g']);
  expect(value.types).toEqual(['varchar', 'double', 'map(varchar, varchar)', 'varchar']);
  expect(value.rows).toHaveLength(6);
  expect(value.rows[5]).toEqual({ row_id: '9', score: 0.9, extra: { note: 'n/a' }, g: '##[group]' });
  // The runner of GitHub Actions obeys this text.
  expect(stdout).not.toContain('##[');
  const none = await workspace.mlops('query', 'select 1 as a where false', '--json');
  expect(JSON.parse(none.stdout)).toEqual({ columns: ['a'], types: ['integer'], rows: [] });
});

test('--csv is what a spreadsheet reads', async () => {
  const { stdout } = await workspace.mlops(
    'query',
    `select 'a "b", c' as "x,y", null as n, '' as e, contributions from predictions where row_id = '9' and release = 'r-2'`,
    '--csv',
  );
  expect(stdout).toBe('"x,y",n,e,contributions\n"a ""b"", c",,"","{""OverTime"":0.45,""Age"":-0.1}"\n');
});

test('a saved query is listed, and run by its name', async () => {
  const listed = await workspace.mlops('query', '--saved');
  expect(listed.stdout).toMatch(/^@at_risk {2,}At risk now: /m);
  expect(JSON.parse((await workspace.mlops('query', '--saved', '--json')).stdout).saved[0].name).toBe(
    'at_risk',
  );
  const { code, stdout } = await workspace.mlops('query', '@changed', '--csv');
  expect(code).toBe(0);
  expect(stdout).toBe(
    'model,row_id,decision_before,decision_now,score_before,score_now,change\n' +
      `${project},8,No,Yes,0.45000000000000007,0.55,0.09999999999999998\n`,
  );
});

test.each([
  [['select scor from predictions'], /Referenced column "scor"[\s\S]*Columns: row_id varchar/],
  [["select * from '/etc/passwd'"], /./],
  [["copy predictions to 'x.csv'"], /begins with "copy", expected one SELECT/],
  [['@at_rsk'], /got "@at_rsk", expected @at_risk, @changed/],
  [[], /got no SQL, expected one SELECT or @NAME/],
  [['select 1', '--model', 'other'], /--model: got "other", expected/],
  [['select 1', '--environment', 'staging'], /--environment: got it without --backend aws/],
  [['select 1', '--backend', 'aws'], /--environment: got none, expected one of mlops.yaml/],
  [['select 1', '--backend', 'aws', '--model', 'm'], /expected: where model = 'm'/],
])('bad input: %j', async (args, message) => {
  const { code, stdout, stderr } = await workspace.mlops('query', ...args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(stackTrace);
});

test('an answer that fails at its last row is none', async () => {
  const { code, stdout, stderr } = await workspace.mlops(
    'query',
    "select cast(case when n = 999999 then 'x' else '1' end as integer) from range(1000000) t(n)",
    '--json',
  );
  expect(code).toBe(2);
  expect(stderr).toContain('Conversion Error');
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { name: 'InputError' } });
});

test('before any release it says so, with the command that makes one', async () => {
  const empty = smallProject();
  const { code, stdout, stderr } = await empty.mlops('query', '@at_risk');
  expect([code, stdout]).toEqual([0, 'model  row_id  score  decision  contributions\n']);
  expect(stderr).toMatch(/^No predictions yet: `mlops release`[\s\S]*0 rows\n$/);
  rmSync(empty.folder, { recursive: true });
});
