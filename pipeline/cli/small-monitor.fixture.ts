import type { Workspace } from './cli.fixture.ts';
import { smallData } from './small-project.fixture.ts';
import { newRows, releasableProject } from './small-release.fixture.ts';

/** Labels of the rows of newRows: true ones, or each the other one. */
export const newLabels = (rows: number, which: 'true' | 'other'): string =>
  smallData(rows)
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      const [id = '', , , , label] = line.split(',');
      if (index === 0) return 'id,y';
      return `${id.replace(/^r/, 'n')},${(label === 'yes') === (which === 'true') ? 'yes' : 'no'}`;
    })
    .join('\n');

/** A working directory with the small project, which predicts 400 rows and is monitored. */
export function monitoredProject(more = ''): Workspace {
  const workspace = releasableProject();
  return workspace.write({
    'mlops.yaml': `${workspace.read('mlops.yaml')}monitoring:
  truth: truth.csv
  label_delay: 2d
  decay: { metric: roc_auc, min: 0.7, mean_labels_between_false_alarms: 1000 }
${more}`,
    'new.csv': newRows(400),
    'truth.csv': newLabels(400, 'true'),
  });
}

/** A time so many days from now, for --at. */
export const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
