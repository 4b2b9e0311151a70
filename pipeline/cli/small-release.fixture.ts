import type { Workspace } from './cli.fixture.ts';
import { smallData, smallProject } from './small-project.fixture.ts';

/** Rows to predict for the small project: without the target, with ids of their own. */
export const newRows = (rows: number): string =>
  smallData(rows)
    .split('\n')
    .map((line) => line.replace(/^r/, 'n').replace(/,[^,]*$/, ''))
    .join('\n');

/** A working directory with the small project and 50 rows to predict, in new.csv. */
export function releasableProject(): Workspace {
  const workspace = smallProject();
  return workspace.write({
    'mlops.yaml': workspace
      .read('mlops.yaml')
      .replace('  source: data.csv\n', '  source: data.csv\n  scoring: new.csv\n'),
    'new.csv': newRows(50),
  });
}
