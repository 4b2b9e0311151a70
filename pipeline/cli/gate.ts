import { access } from 'node:fs/promises';
import { styleText } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { defaultGate } from '../config/schema.ts';
import { InputError } from '../errors.ts';
import { decide } from '../gate/decide.ts';
import { groupColumnOf } from '../gate/group-column.ts';
import type { GatePolicy } from '../gate/policy.ts';
import { problemOf } from '../gate/problem-of.ts';
import { type ReadOptions, readScores } from '../gate/scores.ts';
import type { Outcome, Verdict } from '../gate/verdict.ts';
import { cleanText } from '../report/clean-text.ts';
import { checkCounts, evidence, metricRows } from '../report/reading.ts';
import { gateReplay } from './gate-replay.ts';
import { print, printJson, printStyled } from './print.ts';
import { table } from './table.ts';

interface GateOptions {
  candidate?: string;
  champion?: string;
  anchor?: string;
  replay?: string;
  config?: string;
  model?: string;
  set: string[];
  json?: boolean;
}

const exitCodes: Record<Outcome, number> = { promote: 0, reject: 3, hold: 4 };

/** `mlops gate`. */
export async function gate(options: GateOptions): Promise<void> {
  const { candidate, champion, anchor } = options;
  if (options.replay !== undefined) {
    if (candidate !== undefined || champion !== undefined || anchor !== undefined) {
      throw new InputError(
        'got both --replay and score files, expected one: --replay reads the scores that the runs kept',
      );
    }
    const { config } = await loadConfig(options.config ?? 'mlops.yaml', options);
    await gateReplay(config, options.replay, options.json ?? false);
  } else if (candidate !== undefined) {
    await gateFiles(candidate, options);
  } else {
    throw new InputError(
      'got neither --candidate nor --replay, expected a score file (--candidate FILE) or a number of recorded runs (--replay N)',
    );
  }
}

async function gateFiles(file: string, options: GateOptions): Promise<void> {
  const { policy, reading } = await policyFor(file, options);
  const read = async (file: string | undefined) =>
    file === undefined ? null : await readScores(file, reading);
  const candidate = await readScores(file, reading);
  const verdict = decide({
    candidate,
    champion: await read(options.champion),
    anchor: await read(options.anchor),
    policy,
  });
  if (options.json) printJson(verdict);
  else printVerdict(verdict);
  process.exitCode = exitCodes[verdict.outcome];
}

async function policyFor(
  candidate: string,
  options: GateOptions,
): Promise<{ policy: GatePolicy; reading: ReadOptions }> {
  const file = options.config ?? 'mlops.yaml';
  const given = options.config !== undefined || options.set.length > 0;
  if (!given && !(await exists(file))) {
    const problem = await problemOf(candidate);
    return { policy: defaultGate(problem), reading: { problem } };
  }
  const { config } = await loadConfig(file, options);
  const { data } = config;
  const reading = { problem: config.problem, positive: data.positive, group: groupColumnOf(data) };
  return { policy: config.gate, reading };
}

function printVerdict(verdict: Verdict): void {
  const color = process.stdout.isTTY === true;
  const tint = ({ promote: 'green', hold: 'yellow', reject: 'red' } as const)[verdict.outcome];
  const outcome = verdict.outcome.toUpperCase();
  printStyled(`${color ? styleText([tint, 'bold'], outcome) : outcome}  ${cleanText(verdict.reason, 600)}\n`);
  const rows = metricRows(verdict).map((row) => [
    row.label,
    row.candidate,
    row.interval,
    row.champion,
    row.difference,
    row.differenceInterval,
  ]);
  for (const line of table([['Metric', 'Candidate', '', 'Champion', 'Difference', ''], ...rows])) print(line);
  print(`\n${evidence(verdict).join(' ')}\n\nChecks: ${checkCounts(verdict)}`);
  for (const check of verdict.checks)
    print(
      `${check.outcome.replace('_', ' ').padEnd(12)} ${cleanText(`${check.name}: ${check.detail}`, 600)}`,
    );
  for (const note of verdict.notes) print(`note: ${cleanText(note, 600)}`);
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
