import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import type { Backend } from '../backends/backend.ts';
import { InputError } from '../errors.ts';
import { renderTerminal } from '../report/terminal.ts';
import { failureOf, isInputError } from '../run/account/failure.ts';
import { type ReportFiles, writeReport } from '../run/account/write-report.ts';
import type { RunOutcome } from '../run/start/run.ts';
import { RunProgress } from '../run/start/run-progress.ts';
import { startRun } from '../run/start/start-run.ts';
import { printJson } from './errors.ts';
import { home } from './home.ts';

interface RunOptions {
  backend: Backend['name'];
  environment?: string;
  mode: 'evaluate' | 'promote';
  promote: boolean;
  baseline?: string;
  config: string;
  set: string[];
  data?: string;
  image?: string;
  containers?: boolean;
  reason?: string;
  failOn?: string;
  json?: boolean;
}

export function runCommand(): Command {
  return new Command('run')
    .description('One run of the pipeline: train a candidate, compare it with the champion, judge, report.')
    .addOption(
      new Option('--backend <name>', 'where the jobs run').choices(['embedded', 'aws']).default('embedded'),
    )
    .option('--environment <name>', 'with --backend aws: which of environments in mlops.yaml')
    .addOption(
      new Option('--mode <mode>', 'evaluate: judge only; promote: make the candidate the champion on a yes')
        .choices(['evaluate', 'promote'])
        .default('evaluate'),
    )
    .option('--no-promote', 'with --mode promote: leave the promotion to a later step')
    .option('--baseline <ref>', 'where there is no champion: compare with the model of this git ref')
    .option('--config <file>', 'the configuration', 'mlops.yaml')
    .option('--set <path=value>', 'override a setting for this run; may be repeated', collect, [])
    .option('--data <uri>', 'other data than data.source: a file, a folder or s3://bucket/prefix')
    .option('--image <uri>', 'a ready model image by digest instead of model.context')
    .option('--containers', 'run train and serve in Docker, as SageMaker would')
    .option('--reason <text>', 'why this run, for the record')
    .option('--fail-on <outcomes>', 'exit 3 on reject, 4 on hold: reject, hold, or reject,hold')
    .option('--json', 'print one JSON object on standard output')
    .addHelpText(
      'after',
      `
Examples:
  mlops run                                        judge what is in model/ and mlops.yaml
  mlops run --set training.hyperparameters.C=0.1   with another setting
  mlops run --mode promote --reason "new features"
  mlops run --backend aws --environment staging    on AWS, where it is deployed

What has been made of the same inputs before is used again. Ctrl-C stops all jobs; the next run goes on from
the last finished step.`,
    )
    .action(run);
}

const collect = (value: string, all: string[]): string[] => [...all, value];

async function run(options: RunOptions): Promise<void> {
  const failOn = outcomesOf(options.failOn);
  const abort = new AbortController();
  const progress = new RunProgress(process.stderr);
  // On AWS an execution may be open before it tells of a step.
  let running = options.backend === 'aws';
  const stop = () => {
    // Before the first step there is nothing to record, and a second Ctrl-C does not wait for the jobs: what was
    // started ends with this process.
    if (!running || abort.signal.aborted) process.exit(130);
    progress.note('Stopping the jobs ...');
    abort.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);

  let outcome: RunOutcome;
  try {
    outcome = await startRun(
      {
        backend: options.backend,
        environment: options.environment,
        mode: options.mode,
        promote: options.promote,
        baseline: options.baseline,
        config: options.config,
        set: options.set,
        data: options.data,
        image: options.image,
        containers: options.containers === true,
        trigger: { kind: 'manual', reason: options.reason ?? null, actor: null },
      },
      {
        home: home(),
        runId: process.env.GITHUB_RUN_ID || null,
        signal: abort.signal,
        onNote: (line) => progress.note(line),
        onProgress: (update) => {
          running = true;
          progress.update(update);
        },
      },
    );
  } finally {
    progress.end();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  }

  const files = await writeReport(outcome.report, join(home(), 'runs', outcome.execution));
  if (options.json) printSummary(outcome, files);
  else printReport(outcome, files);
  process.exitCode = exitCode(outcome, failOn);
}

function outcomesOf(failOn: string | undefined): string[] {
  const outcomes = (failOn ?? '').split(',').filter((outcome) => outcome !== '');
  const unknown = outcomes.find((outcome) => !['reject', 'hold'].includes(outcome));
  if (unknown !== undefined) {
    throw new InputError(`--fail-on: got ${JSON.stringify(unknown)}, expected reject, hold, or reject,hold`);
  }
  return outcomes;
}

/** One JSON object on standard output; a failure is told to people too. */
function printSummary({ execution, record, report }: RunOutcome, files: ReportFiles): void {
  const { failure } = report;
  if (failure) console.error(`${failure.step} failed: ${failure.error}: ${failure.cause}`);
  printJson({
    execution,
    status: record.status,
    fingerprint: record.state.plan?.fingerprint ?? null,
    reused: report.steps.filter((step) => step.reused).map((step) => step.name),
    verdict: report.verdict,
    report: files,
    package: record.state.package?.name ?? null,
    promoted: report.run.promotion.promoted,
    steps: record.steps,
    cost: report.cost,
    ...(failure && { failure }),
  });
}

function printReport({ report }: RunOutcome, files: ReportFiles): void {
  const color = process.stdout.isTTY === true;
  console.log(renderTerminal(report, { color, columns: process.stdout.columns || 100 }));
  console.log(`\nReport: ${relative(process.cwd(), files.html)}`);
}

function exitCode({ record, report }: RunOutcome, failOn: string[]): number {
  if (record.status === 'cancelled') return 130;
  if (record.status === 'failed') return isInputError(failureOf(record)) ? 2 : 1;
  const outcome = report.verdict?.outcome;
  if (outcome === undefined || !failOn.includes(outcome)) return 0;
  return outcome === 'reject' ? 3 : 4;
}
