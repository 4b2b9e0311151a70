import { styleText } from 'node:util';
import { requireNoEnvironment } from '../backends/open.ts';
import type { Check } from '../doctor/check.ts';
import { configName, examine, examineAws } from '../doctor/doctor.ts';
import { InputError } from '../errors.ts';
import { formatCountOf } from '../format.ts';
import { cleanOutput } from '../report/clean-text.ts';
import { doctorGitHub, type GitHubOptions } from './doctor-github.ts';
import { home } from './home.ts';
import { print, printJson, printStyled } from './print.ts';

interface DoctorOptions extends GitHubOptions {
  backend: 'embedded' | 'aws';
  environment?: string;
  model?: string;
  repair?: boolean;
  github?: boolean;
}

/** `mlops doctor`. */
export async function doctor(options: DoctorOptions): Promise<void> {
  const { checks, ...more } = options.github
    ? await doctorGitHub(options)
    : { checks: await checksOf(options) };
  const problems = checks.filter(({ outcome }) => outcome === 'problem');
  if (options.json) printJson({ ok: problems.length === 0, checks, ...more });
  else printChecks(checks, problems.length);
  const isConfig = problems.some(({ name }) => name === configName);
  if (problems.length > 0) process.exitCode = isConfig ? 2 : 1;
}

async function checksOf(options: DoctorOptions): Promise<Check[]> {
  const { backend, environment, config, model, repair = false } = options;
  if (backend === 'aws') {
    if (repair) throw new InputError('--repair: got it with --backend aws, expected --backend embedded');
    return await examineAws({ file: config, model, environment });
  }
  requireNoEnvironment(environment);
  return await examine({ file: config, model, home: home(), repair });
}

const tints = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

function printChecks(checks: readonly Check[], problems: number): void {
  const color = process.stdout.isTTY === true;
  const width = Math.max(12, ...checks.map(({ name }) => name.length));
  for (const { name, outcome, detail, mend } of checks) {
    const mark = outcome.padEnd(7);
    const text = mend === null ? detail : `${detail.replace(/\.$/, '')}. ${mend}`;
    const shownMark = color ? styleText(tints[outcome], mark) : mark;
    printStyled(`${shownMark}  ${name.padEnd(width)}  ${cleanOutput(text)}`);
  }
  const warnings = checks.filter(({ outcome }) => outcome === 'warning').length;
  const found = [
    ...(problems === 0 ? [] : [formatCountOf(problems, 'problem')]),
    ...(warnings === 0 ? [] : [formatCountOf(warnings, 'warning')]),
  ];
  print(`\n${found.length === 0 ? 'All is well.' : `${found.join(', ')}.`}`);
}
