/** npm run smoke -- --environment NAME: the cheapest real run through a deployed environment, and its clean-up. */
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { dollars } from '../infra/cli/dollars.ts';
import { failed } from '../infra/cli/failed.ts';
import { InputError } from '../pipeline/errors.ts';
import { RunProgress } from '../pipeline/run/start/run-progress.ts';
import { type SmokeOptions, smoke } from './smoke/smoke.ts';

const program = new Command('smoke')
  .description(
    'Runs the sample model once through a deployed environment on the smallest instances: images, prepare, training, scores, ' +
      'gate; no promotion. Prints the price and asks first, and deletes what it made, also after a failure or Ctrl-C.',
  )
  .option('--environment <name>', 'an environment of mlops.yaml; default: the only one')
  .option('--config <file>', 'mlops.yaml', 'mlops.yaml')
  .addOption(
    new Option('--engine <name>', 'fail unless the environment is deployed with this engine').choices([
      'processing',
      'glue',
      'fargate',
    ]),
  )
  .option('--most <usd>', 'do not ask: run if it costs at most this much', dollars)
  .option('--yes', 'do not ask: run at any price')
  .option('--clean', 'run nothing: delete what an earlier smoke test left')
  .addHelpText('after', '\nExit code: 0 all went well, 1 something did not, 2 bad input, 130 stopped.')
  .action(run);

async function run(options: SmokeOptions): Promise<void> {
  const abort = new AbortController();
  const progress = new RunProgress(process.stderr);
  const stop = () => {
    if (abort.signal.aborted) {
      console.error('Stopped at once. Delete what is left: the same command with --clean.');
      process.exit(130);
    }
    progress.note('Stopping the jobs, then deleting what the run made; a second Ctrl-C leaves it ...');
    abort.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  try {
    const well = await smoke(options, {
      signal: abort.signal,
      say: (line) => progress.note(line),
      onProgress: (update) => progress.update(update),
      confirm: async (question) => await ask(question, abort.signal),
    });
    process.exitCode = abort.signal.aborted ? 130 : well ? 0 : 1;
  } finally {
    progress.end();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  }
}

async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new InputError('there is nobody to ask: got neither --most nor --yes, expected one of them');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    lines.close();
  }
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failed(error);
}
