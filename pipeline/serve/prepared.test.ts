import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import '../cli/cli.fixture.ts';
import { smallProject } from '../cli/small-project.fixture.ts';
import type { Config } from '../config/schema.ts';
import type { Manifest } from '../steps/context.ts';
import { bodyOf } from './body.ts';
import { type Contract, contractOf } from './contract.ts';
import { RecordReader } from './records.ts';
import { recordsOf } from './records-file.ts';

/** Cells of each type as people write them; the columns are as long as they need to be to meet in every way. */
const columns = {
  x: ['1', '-2.50', ' 3 ', '+4.5', '.5', '6.', '7e2', '1E3', 'NA', '', 'n/a', '900719925474099312'],
  flag: ['True', 'FALSE', 'true', '', 'NA'],
  kind: ['plain', 'with, comma', 'says "no"', ' spaces ', 'NA', '', 'é😀', '007', 'true'],
};

const csvCell = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function data(): string {
  const rows = Array.from({ length: 540 }, (_, row) => {
    const cells = Object.values(columns).map((values) => csvCell(values[row % values.length] ?? ''));
    return [`r${row}`, ...cells, row % 3 === 0 ? 'yes' : 'no'].join(',');
  });
  return `id,x,flag,kind,y\n${rows.join('\n')}\n`;
}

test.each([
  ['text/csv', 'csv'],
  ['application/jsonlines', 'jsonl'],
] as const)(
  '%s: a record becomes the very line that the prepare job writes',
  async (contentType, extension) => {
    const workspace = smallProject();
    const config = workspace.read('mlops.yaml').replace(/.*slices: \[group\]\n.*\n/, '');
    workspace.write({ 'mlops.yaml': config, 'data.csv': data() });
    // Only the prepared files matter: the small model cannot read these columns.
    await workspace.mlops('run', '--set', `model.content_type=${contentType}`);
    const [path = ''] = globSync(workspace.path('.mlops/s3/mlops/small/prepared/**/manifest.json'));
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    expect(manifest.features.map(({ type }) => type)).toEqual(['number', 'boolean', 'category']);
    const contract: Contract = contractOf({
      name: 'small/1',
      threshold: null,
      manifest,
      config: {
        project: 'small',
        name: 'small',
        data: {
          csv: { decimal: '.' },
          sensitive: [],
          exclude: [],
          features_exclude: [],
          slices: [],
          split: { by: 'hash' },
        },
        model: { output: 'probability', extra: [] },
        prepare: { script: null },
      } as unknown as Config,
    });
    const dialect = { delimiter: 'auto', encoding: 'utf-8', decimal: '.' } as const;
    const { records } = await recordsOf(readFileSync(workspace.path('data.csv')), 'data.csv', dialect);
    const { rows, problems } = new RecordReader(contract).read(records);
    expect(problems).toEqual([]);
    const asked = new Map(rows.map((row) => [row.id, bodyOf([row], contract)]));

    const [holdout = ''] = globSync(workspace.path(`.mlops/s3/mlops/small/prepared/**/holdout.${extension}`));
    const lines = readFileSync(holdout, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(60);
    for (const line of lines) {
      const isCsv = extension === 'csv';
      const id = isCsv ? line.slice(0, line.indexOf(',')) : JSON.parse(line).row_id;
      const features = isCsv ? line.split(',').slice(2).join(',') : /"features":(\{.*\})\}$/.exec(line)?.[1];
      expect([id, asked.get(id)]).toEqual([id, `${features}\n`]);
    }
  },
);
