import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { toChange, toRead } from '../github/token-permissions.ts';
import * as shared from './options.ts';

/** Every command of `mlops` with its options; the file of the same name does the work. */
export const commands = (): Command[] => [
  run(),
  gate(),
  validate(),
  release(),
  rollback(),
  serve(),
  predict(),
  watch(),
  monitor(),
  definition(),
  history(),
  report(),
  query(),
  power(),
  doctor(),
  gc(),
  image(),
];

const run = () =>
  new Command('run')
    .description('One run of the pipeline: train a candidate, compare it with the champion, judge, report.')
    .addOption(shared.backend('where the jobs run'))
    .addOption(shared.environment())
    .addOption(shared.model(', or `all` for one run of each'))
    .addOption(
      new Option('--mode <mode>', 'evaluate: judge only; promote: promote the model if the gate says so')
        .choices(['evaluate', 'promote'])
        .default('evaluate'),
    )
    .option('--no-promote', 'with --mode promote: leave the promotion to a later step')
    .option('--no-release', 'with --mode promote: leave the release to a later step')
    .option('--baseline <ref>', 'if there is no champion yet: compare with the model of this git ref')
    .addOption(shared.config())
    .addOption(shared.set('override a setting for this run; may be repeated'))
    .option('--data <uri>', 'use this data instead of data.source')
    .option('--image <uri>', 'use this model image, by digest, instead of model.context')
    .option('--containers', 'run train and serve in Docker, as SageMaker would')
    .option('--reason <text>', 'why this run, for the record')
    .option('--fail-on <outcomes>', 'exit 3 on reject, 4 on hold: reject, hold, or reject,hold')
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
Examples:
  mlops run                                        judge what is in model/ and mlops.yaml
  mlops run --set training.hyperparameters.C=0.1   with another setting
  mlops run --mode promote --reason "new features"
  mlops run --model all                            every model of the project, one after the other
  mlops run --backend aws --environment staging    on AWS, where it is deployed

Steps whose inputs have not changed are reused. Ctrl-C stops all jobs; the next run continues after the last
finished step.`,
    )
    .action(async (options) => (await import('./run.ts')).run(options));

const gate = () =>
  new Command('gate')
    .description(
      'Judge score files, or judge recorded runs again. Exit code: 0 promote, 3 reject, 4 hold, 2 bad input.',
    )
    .option('--candidate <file>', 'scores of the candidate: CSV or parquet')
    .option('--champion <file>', 'scores of the champion on the same rows')
    .option('--anchor <file>', 'scores of the anchor on the same rows')
    .option('--replay <n>', 'instead: judge the last n recorded runs by the current policy')
    .option(
      '--config <file>',
      'the configuration (default: mlops.yaml if it exists, else the defaults of the problem)',
    )
    .addOption(shared.model())
    .addOption(shared.set())
    .addOption(shared.json('print the verdict as one JSON object'))
    .addHelpText(
      'after',
      `
Columns of a score file: row_id, label and
  binary      score (probability of the positive class)
  multiclass  score_CLASS for every class
  regression  predicted
Every other column is a slice.`,
    )
    .action(async (options) => (await import('./gate.ts')).gate(options));

const validate = () =>
  new Command('validate')
    .description('Check mlops.yaml, and the data against it; all problems are reported at once.')
    .addOption(shared.config())
    .addOption(new Option('--model <name>', "which of the project's models; default: every one"))
    .addOption(shared.set())
    .addOption(shared.json())
    .action(async (options) => (await import('./validate.ts')).validate(options));

const release = () =>
  new Command('release')
    .description(
      'Predict the rows of data.scoring with the champion, check the predictions and show them to readers.',
    )
    .argument('[package]', 'a package of the registry instead of the champion')
    .addOption(shared.backend('where the jobs run'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(shared.set('on this machine: override a setting; may be repeated'))
    .option('--containers', 'run serve in Docker, as SageMaker would')
    .option('--if-champion', 'with a package: only if it is still the champion')
    .option('--reason <text>', 'why, for the record')
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
Examples:
  mlops release                     the champion, on the rows of data.scoring
  mlops release attrition/2         another package; the champion stays the champion
  mlops release --set data.scoring=new-rows.csv

Readers of predictions_current see the release before or this one whole, never a part. The same model and rows
are not predicted again.`,
    )
    .action(async (name, options) => (await import('./release.ts')).release(name, options));

const rollback = () =>
  new Command('rollback')
    .description('Make the champion before this one the champion again, and release it.')
    .option('--to <package>', 'another package that was the champion once')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--allow', 'the package that is left may be promoted again without a person')
    .addOption(shared.backend('where the jobs run'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(shared.set('on this machine: override a setting; may be repeated'))
    .option('--containers', 'run serve in Docker, as SageMaker would')
    .addOption(shared.json())
    .action(async (options) => (await import('./release.ts')).rollback(options));

const watch = () =>
  new Command('watch')
    .description('Watch a folder: new data there start what events of S3 start on AWS.')
    .argument('<folder>', 'where data files land: the data of each run are all that it holds')
    .option('--scoring', 'rows to predict land there: release the champion on them, instead of training')
    .addOption(
      new Option('--quiet <time>', 'how long all files must stand still: 500ms, 10s, 5m')
        .argParser(quietOf)
        .default(10_000, '10s'),
    )
    .option('--once', 'end after the first run or release')
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(shared.set('override a setting for its runs; may be repeated'))
    .option('--containers', 'run train and serve in Docker, as SageMaker would')
    .addOption(shared.json('print one JSON object a line on standard output, for each event'))
    .addHelpText(
      'after',
      `
Examples:
  mlops watch incoming/training              train in mode promote on what lands, release what was promoted
  mlops watch incoming/rows --scoring        predict what lands with the champion
  mlops watch incoming/training --once --quiet 2s

A file _SUCCESS that is written last says that the data are whole, without waiting. Files that land together start one run;
what lands during a run starts one more after it. The same data start nothing. Ctrl-C stops the run and ends.`,
    )
    .action(async (folder, options) => (await import('./watch.ts')).watch(folder, options));

function quietOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6}(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const milliseconds = Number(number) * ({ ms: 1, s: 1000, m: 60_000 }[unit] ?? 0);
  if (milliseconds < 100 || milliseconds > 3_600_000)
    throw new InvalidArgumentError('Expected a time from 100ms to 60m, such as 500ms, 10s or 5m.');
  return milliseconds;
}

const monitor = () =>
  new Command('monitor')
    .description(
      'Look at production once: is the model that readers see still good? healthy, watch, decayed, or cannot tell, and why.',
    )
    .option(
      '--at <time>',
      'as of this time, such as 2026-03-01 or 2026-03-01T12:00:00Z (default: now)',
      timeOf,
    )
    .option('--no-retrain', 'decay starts no run, whatever triggers.decay says')
    .option('--fail-on <findings>', 'exit 3 on decayed, 4 on watch: decayed, watch, or decayed,watch')
    .option('--reason <text>', 'why, for the record')
    .addOption(shared.backend('where the predictions are'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(shared.model(', or `all` for one look at each'))
    .addOption(shared.set('on this machine: override a setting; may be repeated'))
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
Examples:
  mlops monitor                       what is new since the look before
  mlops monitor --at 2027-01-31       as if it were that day: labels may be due by then
  mlops monitor --fail-on decayed

A look reads what has come since the look before. Each window of predictions is judged once, when it is over. The exit code is
0 whatever was found, unless --fail-on names it.`,
    )
    .action(async (options) => (await import('./monitor.ts')).monitor(options));

/** A day or a moment, as ISO 8601 text. Without a zone it is UTC. */
function timeOf(text: string): string {
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  const zoned = /(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  const time = isTime ? new Date(zoned) : new Date(Number.NaN);
  // Date takes February 30 for a day of March.
  const isDay = !Number.isNaN(time.getTime()) && isDayOfYear(text.slice(0, 10));
  if (!isDay) throw new InvalidArgumentError('Expected a time such as 2026-03-01 or 2026-03-01T12:00:00Z.');
  return time.toISOString();
}

const isDayOfYear = (day: string): boolean => {
  const time = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day);
};

const definition = () =>
  new Command('definition')
    .description('Print a state machine as Amazon States Language, the document that every backend runs.')
    .addArgument(
      new Argument('<machine>', 'train, release or monitor').choices(['train', 'release', 'monitor']),
    )
    .addOption(shared.json('no effect: the output is always JSON'))
    .action(async (machine) => (await import('./definition.ts')).definition(machine));

const serve = () =>
  new Command('serve')
    .description(
      'Answer predictions over HTTP with the released model; a new release takes over without a failed request.',
    )
    .option('--port <number>', 'the port; 0: any that is free', portOf, 8080)
    .option('--host <address>', 'the address; 0.0.0.0 lets others on the network ask', '127.0.0.1')
    .option('--no-capture', 'keep nothing of what is asked')
    .option('--package <name>', 'serve this package, whatever is released')
    .option('--containers', 'run the model in Docker, as SageMaker would')
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
  GET /              a page to try a record
  POST /predict      {"records": [{"COLUMN": VALUE, ...}]}: score, decision, contributions and package of each
  GET /openapi.json  the same for programs; GET /current: what answers
  GET /ping, POST /invocations: SageMaker's own interface

Ctrl-C ends it and the model. docs/serving.md says more.`,
    )
    .action(async (options) => (await import('./serve.ts')).serve(options));

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}

const predict = () =>
  new Command('predict')
    .description(
      'Predict the records in a file with the released model, which is started for this, and print a table.',
    )
    .argument('<file>', 'CSV with a header, JSON or JSON Lines; - reads standard input')
    .addOption(new Option('--package <name>', 'ask this package, whatever is released').conflicts('url'))
    .option('--url <address>', 'ask a service that runs, such as http://127.0.0.1:8080')
    .option('--containers', 'run the model in Docker, as SageMaker would')
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
Examples:
  mlops predict model/data/scoring.csv
  echo '{"Age": 41, ...}' | mlops predict -
  mlops predict rows.jsonl --url http://127.0.0.1:8080 --json

Columns that the model does not take but the training data had may stay. Exit code 2: records that cannot be
predicted, with every problem.`,
    )
    .action(async (file, options) => (await import('./predict.ts')).predict(file, options));

const history = () =>
  new Command('history')
    .description('List the runs on this machine or in an environment on AWS, newest first, and the champion.')
    .addOption(shared.backend('where the runs ran'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(
      new Option(
        '--package <name>',
        'one package: its run, commit, data, image and verdict, and what became of it',
      ).conflicts(['commit', 'limit']),
    )
    .option('--commit <sha>', 'only runs of this commit, with their packages', commitOf)
    .option('--limit <n>', 'how many runs', countOf, 20)
    .addOption(shared.json())
    .action(async (options) => (await import('./history.ts')).history(options));

function countOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return Number(text);
}

function commitOf(text: string): string {
  if (!/^[0-9a-f]{7,64}$/i.test(text))
    throw new InvalidArgumentError('Expected the first 7 or more digits of a commit.');
  return text;
}

const report = () =>
  new Command('report')
    .description('Write the report of a recorded run again: HTML, Markdown and JSON.')
    .argument('[run]', 'name of its execution', 'last')
    .addOption(shared.backend('where it ran'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(shared.json('print the report value on standard output'))
    .action(async (name, options) => (await import('./report.ts')).report(name, options));

const query = () =>
  new Command('query')
    .description(
      'Ask the predictions of releases by SQL: DuckDB on this machine, Athena on AWS, the same tables.',
    )
    .argument('[sql]', 'one SELECT, or @NAME for a saved query')
    .option('--saved', 'list the saved queries')
    .addOption(shared.backend('where the predictions are'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(new Option('--model <name>', "one model's rows only; default: all models'"))
    .option('--limit <n>', 'show at most n rows (default: 100 in a table, all with --csv or --json)', countOf)
    .addOption(new Option('--csv', 'print CSV').conflicts('json'))
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
Tables: predictions (every release), predictions_current (the current releases), trials (every trial of every
run that tuned).

Examples:
  mlops query @at_risk
  mlops query "select decision, count(*) from predictions_current group by decision"
  mlops query "select row_id, element_at(contributions, 'OverTime') from predictions_current" --csv
  mlops query @decisions --backend aws --environment production`,
    )
    .action(async (sql, options) => (await import('./query.ts')).query(sql, options));

const power = () =>
  new Command('power')
    .description(
      'Plan the size of the holdout: how many rows a comparison needs, by the scores of the newest run that compared two models.',
    )
    .option('--margin <margin>', 'a number, or a share such as 5% (default: gate.champion.margin)', marginOf)
    .option(
      '--confidence <level>',
      'of the bound, between 0.5 and 1 (default: gate.confidence)',
      between(0.5, 1),
    )
    .option('--metric <name>', 'default: gate.primary')
    .option('--power <probability>', 'of passing, to reach; between 0 and 1', between(0, 1), 0.8)
    .option(
      '--lead <difference>',
      "the candidate's true lead over the champion (default: 0, an equal candidate; with rule superior: the margin)",
      numberOf,
    )
    .option(
      '--correlation <r>',
      'of two models, below 1, where no run has compared two yet',
      between(-1, 1),
      0.5,
    )
    .addOption(shared.backend('where the runs ran'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(shared.model())
    .addOption(shared.set('override a setting; may be repeated'))
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
Examples:
  mlops power                                    can today's holdout tell an equal candidate from a worse one?
  mlops power --margin 0.01 --power 0.9
  mlops power --metric log_loss --margin 5%
  mlops power --set gate.champion.rule=superior --lead 0.02

It prints a curve and writes it as a page. Variances are taken to shrink with the number of rows.`,
    )
    .action(async (options) => (await import('./power.ts')).power(options));

function marginOf(text: string): number | `${number}%` {
  if (/^\d+(\.\d+)?%$/.test(text)) return text as `${number}%`;
  const margin = numberOf(text);
  if (margin < 0) throw new InvalidArgumentError('Expected a number of at least 0 or a share such as 5%.');
  return margin;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

const between = (low: number, high: number) => (text: string) => {
  const value = numberOf(text);
  if (value > low && value < high) return value;
  throw new InvalidArgumentError(`Expected a number above ${low} and below ${high}.`);
};

const doctor = () =>
  new Command('doctor')
    .description(
      'Check what a run needs on this machine, on AWS or in the settings of the repository on GitHub, and say how to fix what is missing.',
    )
    .addOption(shared.backend('where the jobs will run'))
    .addOption(shared.environment())
    .addOption(shared.config())
    .addOption(shared.model())
    .option(
      '--repair',
      'fix the state folder: keys of an earlier version, a registry that differs from the ledger, leftovers of killed runs; no model is lost',
    )
    .addOption(
      new Option('--github', 'check the repository on GitHub instead').conflicts(['repair', 'environment']),
    )
    .option('--repository <owner/name>', 'with --github: the repository; default: that of the remote origin')
    .addOption(
      needsGitHub(
        '--fix',
        'show what has to change on GitHub, ask, and change it (`npm run protect` does this)',
      ),
    )
    .addOption(needsGitHub('--dry-run', 'with --fix: only show it'))
    .addOption(new Option('--yes', 'with --fix: do not ask').conflicts('dryRun'))
    .addOption(
      new Option(
        '--reviewers <names>',
        'with --github: who approves where mlops.yaml says `approval: true`, as LOGIN or ORGANIZATION/TEAM, separated by commas; default: who does already',
      ).argParser(namesOf),
    )
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
With --github, GITHUB_TOKEN holds a fine-grained token for the repository, of a person who administers it, with
  to check      ${toRead}
  with --fix    ${toChange}
  for a team among --reviewers, also the organization's Members: read
What the token may not see is reported as not checked, never as missing.

Exit code: 0 no problem, 1 a problem, 2 a problem in mlops.yaml.`,
    )
    .action(async (options) => (await import('./doctor.ts')).doctor(options));

const gc = () =>
  new Command('gc')
    .description('Remove from .mlops what old runs left and nothing needs any more.')
    .addOption(
      new Option('--age <days>', 'how old runs, their files and unused environments must be')
        .argParser(daysOf)
        .default(30),
    )
    .addOption(
      new Option('--count <n>', 'how many runs of each model stay, however old')
        .argParser(countOrNone)
        .default(30),
    )
    .option('--dry-run', 'only show what would go')
    .addOption(shared.json())
    .addHelpText(
      'after',
      `
A run goes if it is older than --age and not among the newest --count of its model. What goes with it: its report, its jobs,
its prepared data, staged inputs, scores and image, unless another run that stays needs them. Python environments go if no job
has used them for --age days; a run that needs one installs it again.

Packages stay with all that serving, comparing and promoting them takes, and so do the champion, the champions before it with
their runs, leases, and the looks that were taken at a holdout. While a run or the service is in progress nothing is removed.`,
    )
    .action(async (options) => (await import('./gc.ts')).gc(options));

function daysOf(text: string): number {
  if (!/^\d{1,5}(\.\d+)?$/.test(text))
    throw new InvalidArgumentError('Expected a number of days, such as 30.');
  return Number(text);
}

function countOrNone(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

/** An option that only `doctor --github` has. */
const needsGitHub = (flags: string, description: string) =>
  new Option(flags, description).implies({ github: true });

const namesOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function image(): Command {
  const parent = new Command('image').description(
    'Push or copy the images that AWS runs, in its registry ECR.',
  );
  const child = (name: string) =>
    parent
      .command(name)
      .addOption(
        new Option('--environment <name>', 'which of the environments in mlops.yaml; default: the only one'),
      )
      .addOption(shared.config())
      .addOption(shared.model())
      .addOption(shared.json())
      .exitOverride()
      .showHelpAfterError('(add --help for the options)');
  child('push')
    .description('Build the model and prepare images, and push those that are not there yet.')
    .option('--repository <uri>', "HOST/NAME to push to; default: the environment's candidate repository")
    .option(
      '--context <folder>',
      'build only this folder, as the model image; default: model.context and prepare',
    )
    .option('--platform <platform>', 'the platform to build for', 'linux/amd64')
    .addHelpText(
      'after',
      "\nAn image's tag is the hash of its folder's content. It needs Docker and AWS credentials.",
    )
    .action(async (options) => (await import('./image.ts')).push(options));
  child('copy')
    .description(
      "Copy this checkout's images from the environment's candidate repository to its release repository, unchanged.",
    )
    .action(async (options) => (await import('./image.ts')).copy(options));
  return parent;
}
