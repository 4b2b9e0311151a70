import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { behave } from '../../../cli/small-project.fixture.ts';
import { releasableProject } from '../../../cli/small-release.fixture.ts';
import { holdsRows } from './row-files.ts';

/** Paths of the files below .mlops, as in a state artifact. */
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/environments'))
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.length + 1))
    .filter((path) => /^(images|jobs|ledger|s3)\//.test(path) && !/^jobs\/[^/]+\/[^/]+\/ml\//.test(path));

test('no other file of a state has a row or an id; without these files the next run repeats the verdict', async () => {
  const workspace = releasableProject();
  const first = JSON.parse((await workspace.mlops('run', '--mode', 'promote', '--json')).stdout);
  const second = JSON.parse((await workspace.mlops('run', '--json', ...behave({ weight: 0.9 }))).stdout);
  const home = workspace.path('.mlops');
  const rows = ['data.csv', 'new.csv'].flatMap((file) => workspace.read(file).trim().split('\n').slice(1));
  const quotes = (path: string) => {
    const text = readFileSync(`${home}/${path}`, 'latin1');
    // Parquet, whose ids are dictionaries, is none of what is left.
    if (path.endsWith('.parquet')) return true;
    return rows.some((row) => {
      const [id = '', x = '', noise = ''] = row.split(',');
      return text.includes(`${x},${noise}`) || new RegExp(`(^|["\n])${id}["\n,]`).test(text);
    });
  };
  const files = filesOf(home);
  expect(files.filter((path) => !holdsRows(path) && quotes(path))).toEqual([]);
  // The pattern finds what it should: staged data, prepared data of both sides, scores, score files, ids; predictions, the
  // private page.
  expect(files.filter((path) => holdsRows(path) && quotes(path)).length).toBeGreaterThanOrEqual(10);

  for (const path of files.filter(holdsRows)) rmSync(`${home}/${path}`);
  const again = JSON.parse((await workspace.mlops('run', '--json', ...behave({ weight: 0.9 }))).stdout);
  expect(again.verdict.checks).toEqual(second.verdict.checks);
  expect(again.verdict.metrics).toEqual(second.verdict.metrics);
  expect(again.reused).toContain('Train');
  expect(first.verdict.outcome).toBe('promote');
  // The rows are predicted again, and readers see them.
  const released = JSON.parse((await workspace.mlops('release', '--json')).stdout);
  expect(first.release.predictions.rows).toBe(50);
  expect(released).toMatchObject({ status: 'succeeded', moved: true, predictions: { rows: 50 } });
  expect(released.page).not.toBeNull();
});
