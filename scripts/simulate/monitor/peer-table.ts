import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../../pipeline/statistics/random.ts';
import type { Measured, Row, Table } from '../table.ts';
import { AUC, type Change, drawRows, emptyRows, type Rows } from './production.ts';
import { excessPsi, levelOf } from './score-drift.ts';
import { restartDetector } from './watchers.ts';

/** NannyML and Evidently judge the windows that ours judges, each with its own settings. */

/** Python interpreters of environments that hold them (bench/monitor/requirements-*.txt). */
export interface Interpreters {
  nannyml?: string;
  evidently?: string;
}

const YEARS = 40;
/** NannyML takes three seconds a year, and Evidently a fifth of a second a window. */
const YEARS_OF_NANNYML = 10;
const YEARS_OF_EVIDENTLY = 1;
const WEEKS = 52;
const REFERENCE = 10_000;
const CHANGE_IN_WEEK = 12;

const folder = join(import.meta.dirname, '../../../bench/monitor');

/** Flags of each week by year, by what was watched. */
type Verdicts = Record<string, boolean[][]>;

interface Story {
  name: string;
  change: Change;
}

const stories: Story[] = [
  { name: 'healthy', change: {} },
  { name: 'AUC .85 to .80', change: { loss: 0.05 } },
  { name: 'AUC .85 to .75', change: { loss: 0.1 } },
  { name: 'scores shift by .5', change: { shift: 0.5 } },
];

function drawYears(change: Change, weekly: number, random: Random): { reference: Rows; weeks: Rows[][] } {
  const reference = emptyRows(REFERENCE);
  drawRows(reference, random);
  const weeks = Array.from({ length: YEARS }, () =>
    Array.from({ length: WEEKS }, (_, week) => {
      const rows = emptyRows(weekly);
      drawRows(rows, random, week < CHANGE_IN_WEEK ? {} : change);
      return rows;
    }),
  );
  return { reference, weeks };
}

function writeWindows(
  path: string,
  { reference, weeks }: { reference: Rows; weeks: Rows[][] },
  weekly: number,
): void {
  const all = [reference, ...weeks.flat()];
  const pairs = new Float64Array(2 * all.reduce((sum, { scores }) => sum + scores.length, 0));
  let at = 0;
  for (const { scores, labels } of all)
    for (const [row, score] of scores.entries()) {
      pairs[at++] = score;
      pairs[at++] = labels[row]!;
    }
  writeFileSync(join(path, 'rows.f64'), new Uint8Array(pairs.buffer));
  writeFileSync(
    join(path, 'about.json'),
    JSON.stringify({ reference: REFERENCE, weekly, weeks: WEEKS, years: weeks.length }),
  );
}

function verdictsOf(python: string, program: string, path: string): Verdicts {
  const output = execFileSync(python, ['-W', 'ignore', join(folder, program), path], {
    encoding: 'utf8',
    maxBuffer: 100e6,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

/** Ours with 5 % of false alarms a year: mean labels between false alarms are then a year's labels / .05. */
function ours({ reference, weeks }: { reference: Rows; weeks: Rows[][] }, weekly: number): Verdicts {
  const detector = restartDetector(AUC, 1);
  const drift = excessPsi(reference.scores.toSorted(), 0.1, levelOf(0.05, WEEKS));
  const meanLabels = (WEEKS * weekly) / 0.05;
  return {
    'ours: AUC of labels': weeks.map((year) => {
      detector.reset();
      let isDecayed = false;
      return year.map((rows) => {
        isDecayed ||= detector.read(rows) >= meanLabels;
        return isDecayed;
      });
    }),
    'ours: drift of scores': weeks.map((year) => year.map(({ scores }) => drift.read(scores) >= drift.usual)),
  };
}

/** Of years: with an alarm before the change; of the others, with an alarm after it, and the mean weeks to it. */
function measuredOf(years: readonly boolean[][], isHealthy: boolean): Measured[] {
  if (isHealthy) {
    const alarmed = years.filter((weeks) => weeks.includes(true)).length;
    return [{ count: alarmed, of: years.length, as: 'interval' }];
  }
  const fair = years.filter((weeks) => !weeks.slice(0, CHANGE_IN_WEEK).includes(true));
  const delays = fair
    .map((weeks) => weeks.slice(CHANGE_IN_WEEK).indexOf(true) + 1)
    .filter((weeks) => weeks > 0);
  const sum = delays.reduce((total, weeks) => total + weeks, 0);
  return [
    fair.length === 0
      ? { count: 0, of: 0, note: 'always alarmed' }
      : {
          count: delays.length,
          of: fair.length,
          note: delays.length === 0 ? '' : `in ${(sum / delays.length).toFixed(1)} weeks`,
        },
  ];
}

function sizes(weekly: number, { nannyml, evidently }: Interpreters) {
  return (_: number, random: Random): Row[] => {
    const path = mkdtempSync(join(tmpdir(), 'mlops-windows-'));
    try {
      const byStory = stories.map(({ change }) => {
        const drawn = drawYears(change, weekly, random);
        const ask = (python: string | undefined, program: string, years: number): Verdicts => {
          if (python === undefined) return {};
          writeWindows(path, { ...drawn, weeks: drawn.weeks.slice(0, years) }, weekly);
          return verdictsOf(python, program, path);
        };
        return {
          ...ours(drawn, weekly),
          ...ask(nannyml, 'nannyml_verdicts.py', YEARS_OF_NANNYML),
          ...ask(evidently, 'evidently_verdicts.py', YEARS_OF_EVIDENTLY),
        };
      });
      return Object.keys(byStory[0]!).map((name) => ({
        labels: [String(weekly), name],
        measured: byStory.flatMap((verdicts, i) => measuredOf(verdicts[name]!, i === 0)),
      }));
    } finally {
      rmSync(path, { recursive: true });
    }
  };
}

export const peerTable = (interpreters: Interpreters): Table => ({
  name: 'peers',
  title: 'NannyML and Evidently on the same windows',
  about:
    `${YEARS} years of weekly windows, of which NannyML judges ${YEARS_OF_NANNYML} and Evidently ${YEARS_OF_EVIDENTLY}, which take long. healthy: how many, in %, of the years have an alarm (95 % interval). The others change in week ` +
    `${CHANGE_IN_WEEK + 1}: how many of the years without an alarm until then have one in the 40 weeks that follow, and the mean weeks to it. ` +
    'NannyML 0.13.1 and Evidently 0.7.23 have their own settings (NannyML: three standard deviations of the reference’s chunks; Evidently: ' +
    'an AUC within 20 % of the reference’s, and its choice of drift test). Ours has 5 % of false alarms a year.',
  columns: ['rows a week', 'what is watched', ...stories.map(({ name }) => name)],
  rows: [1000, 100].map((weekly) => sizes(weekly, interpreters)),
});
