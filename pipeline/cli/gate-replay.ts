import { styleText } from 'node:util';
import { openContext } from '../backends/open.ts';
import type { Config } from '../config/schema.ts';
import { InputError } from '../errors.ts';
import { formatCountOf, formatTime } from '../format.ts';
import type { Verdict } from '../gate/verdict.ts';
import { cleanOutput } from '../report/clean-text.ts';
import { isChanged, type Replay, type ReplayedRun, replay } from '../run/account/replay.ts';
import { home } from './home.ts';
import { sayLeftOut } from './left-out.ts';
import { print, printJson, printStyled } from './print.ts';
import { table } from './table.ts';

/** `mlops gate --replay N`: judges the newest recorded runs by the policy of the configuration. */
export async function gateReplay(config: Config, last: string, json: boolean): Promise<void> {
  const count = Number(last);
  if (!Number.isInteger(count) || count < 1) {
    throw new InputError(
      `--replay: got ${JSON.stringify(last)}, expected a number of runs: a whole number of at least 1`,
    );
  }
  const context = await openContext(config, { backend: 'embedded' }, home());
  const result = await replay(config, count, context, sayLeftOut);
  if (json) printJson(result);
  else printReplay(result);
}

function printReplay(result: Replay): void {
  const { runs } = result;
  if (runs.length === 0) {
    print('No run has been judged yet: start one with `npm start`.');
    return;
  }
  const header = ['', 'execution', 'started', 'package', 'champion', 'then', 'now', 'why'];
  const [head = '', ...lines] = table([header, ...runs.map(rowOf)]);
  const color = process.stdout.isTTY === true;
  print(head);
  for (const [index, line] of lines.entries()) {
    const run = runs[index];
    if (color && run && isChanged(run)) printStyled(styleText('bold', cleanOutput(line)));
    else print(line);
  }
  print(`\n${summaryOf(result)}`);
  for (const { execution, after } of runs.filter(isChanged)) print(`  ${execution}: ${after?.reason}`);
  print(
    '\nChampion, scores and number of looks are as they were in each run; only the gate is the current one of mlops.yaml.',
  );
}

function rowOf(run: ReplayedRun): string[] {
  return [
    isChanged(run) ? '*' : '',
    run.execution,
    formatTime(run.started_at),
    run.package ?? 'none',
    run.champion ?? 'none',
    run.before.outcome,
    run.after?.outcome ?? '?',
    run.after === null ? `cannot be judged again: ${run.problem}` : whyOf(run.after),
  ];
}

/** The checks that decided. */
function whyOf({ checks }: Verdict): string {
  const named = (outcome: string) =>
    checks.filter((check) => check.outcome === outcome).map((check) => check.name);
  const [failed, open] = [named('fail'), named('inconclusive')];
  if (failed.length > 0) return `fails ${few(failed)}`;
  return open.length > 0 ? `inconclusive: ${few(open)}` : 'every check passes';
}

function few([first = '', ...more]: string[]): string {
  return more.length < 2 ? [first, ...more].join(' and ') : `${first} and ${more.length} more checks`;
}

function summaryOf({ runs, judged, changes }: Replay): string {
  const changed = changes.reduce((sum, change) => sum + change.runs, 0);
  const what = changes.map(({ from, to, runs: count }) => `${count} ${from} -> ${to}`).join(', ');
  const missing = runs.length - judged;
  return [
    judged === 0 ? '' : `${changed} of ${judged} would change${what === '' ? '' : `: ${what}`}.`,
    missing === 0 ? '' : `${formatCountOf(missing, 'run')} cannot be judged again.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}
