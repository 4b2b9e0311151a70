import { type Metric, metricFacts, metricsOf } from '../metrics.ts';
import { watchable } from '../watchable.ts';
import { deploymentSteps, longestDeployment } from './deployment-steps.ts';
import { got, valueAt } from './explain.ts';
import { didYouMean } from './nearest.ts';
import { sizeProblems } from './prepare-size.ts';
import { guard, isDoubt } from './salvage.ts';
import { type Config, gridSize, holdoutSource, type Split } from './schema.ts';

/*
 * Rules over several settings: settings that contradict each other, and values that AWS would refuse.
 * A rule reads settings only through its arguments, so that it stops when it reads a doubtful setting.
 */

/** A broken rule: the path of the setting, and what was found and expected there. */
type Breach = [path: string, message: string];

/**
 * `given` tells whether a setting is written in the file or in an override, rather than filled in; `doubted`, whether a
 * setting within a block is doubtful and therefore missing in it.
 */
type Rule = (
  config: Config,
  given: (path: string) => boolean,
  doubted: (path: string) => boolean,
) => Iterable<Breach>;

const quoted = (value: unknown) => JSON.stringify(value);

function* repeated(path: string, values: readonly unknown[]): Iterable<Breach> {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(String(value))) yield [path, `got ${quoted(value)} twice, expected each once`];
    seen.add(String(value));
  }
}

function* positive({ problem, data }: Config): Iterable<Breach> {
  if (data.positive !== null && problem !== 'binary')
    yield [
      'data.positive',
      `got ${quoted(data.positive)}, expected none: only problem binary has a positive class`,
    ];
}

function* target({ data }: Config): Iterable<Breach> {
  for (const list of ['exclude', 'slices', 'features_exclude'] as const)
    if (data[list].includes(data.target))
      yield [`data.${list}`, `got ${quoted(data.target)}, which is data.target; expected other columns`];
  if (data.sensitive.includes(data.target))
    yield [
      'data.sensitive',
      `got ${quoted(data.target)}, which is data.target, whose classes and predictions every report shows; expected other columns`,
    ];
  if (data.row_id === data.target)
    yield ['data.row_id', `got ${quoted(data.target)}, which is data.target; expected another column`];
}

function* rowId({ data }: Config): Iterable<Breach> {
  if (data.row_id === null) return;
  for (const list of ['exclude', 'slices'] as const)
    if (data[list].includes(data.row_id))
      yield [
        `data.${list}`,
        `got ${quoted(data.row_id)}, which is data.row_id; expected other columns (a row id is never a feature)`,
      ];
}

function* columnLists({ data }: Config): Iterable<Breach> {
  for (const list of ['exclude', 'slices', 'features_exclude', 'sensitive'] as const)
    yield* repeated(`data.${list}`, data[list]);
  for (const column of data.slices)
    if (data.exclude.includes(column))
      yield [
        'data.slices',
        `got ${quoted(column)}, which data.exclude drops; expected it in one of the two lists (data.features_exclude hides a slice from the model)`,
      ];
}

/** The keys of data.split by its kind: those that it needs, and those that it may have. */
const splitKeys: Record<Split['by'], { needs: string[]; may: string[] }> = {
  hash: { needs: [], may: [] },
  group: { needs: ['column'], may: [] },
  time: { needs: ['column'], may: ['embargo'] },
  file: { needs: ['source'], may: [] },
};

function* split({ data }: Config, given: (path: string) => boolean): Iterable<Breach> {
  const { by } = data.split;
  const { needs, may } = splitKeys[by];
  for (const key of needs)
    if ((data.split as Record<string, unknown>)[key] === '')
      yield [
        `data.split.${key}`,
        `missing; expected ${key === 'source' ? 'a file, a folder or s3://bucket/prefix' : 'the name of a column'} with by: ${by}`,
      ];
  const own = [...needs, ...may];
  for (const key of ['column', 'embargo', 'source']) {
    if (!given(`data.split.${key}`) || own.includes(key)) continue;
    const owners = Object.entries(splitKeys).filter(([, { needs, may }]) => [...needs, ...may].includes(key));
    yield [
      `data.split.${key}`,
      `got ${key} with by: ${by}, expected ${own.length === 0 ? 'no other key' : `only ${own.join(' and ')}`}: ${key} belongs to ${owners.map(([kind]) => `by: ${kind}`).join(' or ')}`,
    ];
  }
  if (by === 'file' && given('data.holdout'))
    yield [
      'data.holdout',
      `got ${data.holdout}, expected none with data.split by: file, whose source is the whole holdout: leave it out`,
    ];
}

function* splitColumn({ data }: Config): Iterable<Breach> {
  if (data.split.by !== 'group' && data.split.by !== 'time') return;
  const { by, column } = data.split;
  const path = 'data.split.column';
  if (column === data.target)
    yield [path, `got ${quoted(column)}, which is data.target; expected another column`];
  if (by === 'group' && column === data.row_id)
    yield [
      path,
      `got ${quoted(column)}, which is data.row_id; expected a column whose values stand in several rows (with one row each, write split: hash)`,
    ];
  if (by === 'group' && data.slices.includes(column))
    yield [
      'data.slices',
      `got ${quoted(column)}, which is data.split.column; expected other columns: a group is no slice`,
    ];
  if (by === 'group' && scoreFileColumns.test(column))
    yield [
      path,
      `got ${quoted(column)}, a name that score files use for their own columns; expected another name: rename the column`,
    ];
}

function* sources({ data, monitoring }: Config): Iterable<Breach> {
  const named = {
    'data.source': data.source,
    'data.scoring': data.scoring,
    'data.split.source': holdoutSource(data),
    'monitoring.truth': monitoring?.truth ?? null,
  };
  for (const [path, uri] of Object.entries(named)) {
    if (uri?.includes('://') && !/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|$)/.test(uri))
      yield [path, `got ${quoted(uri)}, expected a file, a folder or s3://bucket/prefix`];
  }
  if (holdoutSource(data) === data.source)
    yield [
      'data.split.source',
      `got ${quoted(data.source)}, which is data.source; expected rows that training never sees`,
    ];
  if (data.scoring === data.source)
    yield [
      'data.scoring',
      `got ${quoted(data.scoring)}, which is data.source; expected rows that training never sees`,
    ];
}

function* sourceCsv({ data }: Config, given: (path: string) => boolean): Iterable<Breach> {
  const { delimiter, decimal } = data.csv;
  if (delimiter === decimal)
    yield [
      'data.csv',
      `got ${quoted(decimal)} as delimiter and as decimal mark, expected two different characters`,
    ];
  if (data.format === 'parquet' && given('data.csv'))
    yield ['data.csv', 'got settings of CSV, expected none with data.format parquet: leave them out'];
}

function* columnTypes({ problem, data }: Config): Iterable<Breach> {
  const typeOf = new Map(Object.entries(data.columns));
  if (problem === 'regression' && typeOf.get(data.target) === 'text')
    yield [
      `data.columns.${data.target}`,
      'got "text" for data.target, expected a number: problem regression predicts one',
    ];
  if (data.row_id !== null && typeOf.get(data.row_id) === 'number')
    yield [`data.columns.${data.row_id}`, 'got "number" for data.row_id, expected text: row ids are text'];
}

/** Names that score files use for their own columns. */
const scoreFileColumns = /^(row_id|label|score|predicted|score_.*)$/;

/** Most slices: a batch transform's filter lists row id, label and slices in at most 63 characters. */
const mostCsvSlices = 16;

function* sliceColumns({ data, model }: Config): Iterable<Breach> {
  for (const column of data.slices)
    if (scoreFileColumns.test(column))
      yield [
        'data.slices',
        `got ${quoted(column)}, a name that score files use for their own columns; expected another name (prepare.script can rename the column)`,
      ];
  // The group is carried beside the slices.
  const most = mostCsvSlices - (data.split.by === 'group' ? 1 : 0);
  if (model.content_type === 'text/csv' && data.slices.length > most)
    yield [
      'data.slices',
      `got ${data.slices.length} columns, expected at most ${most} with model.content_type text/csv (application/jsonlines takes any number)`,
    ];
}

function* image({ model }: Config, given: (path: string) => boolean): Iterable<Breach> {
  if (model.image !== null && given('model.context'))
    yield ['model.image', 'got both context and image, expected one of them'];
}

function* csvLayout({ model }: Config, given: (path: string) => boolean): Iterable<Breach> {
  if (model.content_type !== 'text/csv' && given('model.csv'))
    yield ['model.csv', `got a layout, expected none with content_type ${model.content_type}: leave it out`];
}

function* channels({ model }: Config): Iterable<Breach> {
  if (model.manifest_channel === model.channel)
    yield [
      'model.manifest_channel',
      `got ${quoted(model.channel)}, which is model.channel; expected another name`,
    ];
}

function* output({ problem, model }: Config): Iterable<Breach> {
  const fits = (model.output === 'value') === (problem === 'regression');
  if (!fits)
    yield [
      'model.output',
      problem === 'regression'
        ? `got ${quoted(model.output)}, expected value for problem regression: model: { output: value }, which is the default`
        : `got ${quoted(model.output)}, expected probability or label for problem ${problem}: model: { output: probability }, which is the default, or model: { output: label }`,
    ];
}

/** Columns that the pipeline writes beside the extra ones. */
const ownColumns = ['row_id', 'label', 'score', 'predicted'];

function* extraColumns({ model }: Config): Iterable<Breach> {
  yield* repeated('model.extra', model.extra);
  for (const name of model.extra)
    if (ownColumns.includes(name))
      yield ['model.extra', `got ${quoted(name)}, expected a name other than ${ownColumns.join(', ')}`];
}

function* prepareInstance({ prepare }: Config): Iterable<Breach> {
  const { count } = prepare.instance;
  if (count !== 1)
    yield ['prepare.instance.count', `got ${count}, expected 1: the prepare job runs on one instance`];
  for (const [setting, message] of sizeProblems(prepare)) yield [`prepare.${setting}`, message];
}

function* glueZones({ prepare, environments }: Config): Iterable<Breach> {
  if (prepare.engine !== 'glue') return;
  for (const [name, { vpc, region }] of Object.entries(environments)) {
    if (vpc === null) continue;
    const path = `environments.${name}.vpc.availability_zones`;
    const { availability_zones: zones, subnets } = vpc;
    if (zones.length !== subnets.length)
      yield [
        path,
        `got ${zones.length}, expected the zones of the ${subnets.length} subnets in the same order: engine glue needs them`,
      ];
    for (const zone of zones)
      if (!zone.startsWith(region)) yield [path, `got ${quoted(zone)}, expected a zone of region ${region}`];
  }
}

function* hyperparameters({ training }: Config): Iterable<Breach> {
  const names = Object.keys(training.hyperparameters);
  if (names.length > 100) yield ['training.hyperparameters', `got ${names.length}, expected at most 100`];
  for (const [name, value] of Object.entries(training.hyperparameters)) {
    const path = `training.hyperparameters.${name}`;
    if (name.length > 256 || /^(sagemaker_|_tuning_)/.test(name))
      yield [
        path,
        `got ${quoted(name)}, expected a name of at most 256 characters that does not start with sagemaker_ or _tuning_`,
      ];
    if (value.length > 2_500) yield [path, `got ${value.length} characters, expected at most 2500`];
    if (/[\r\n]/.test(name + value))
      yield [path, 'got a line break, expected one line: SageMaker takes no others'];
  }
}

function* trainingMetrics({ training }: Config): Iterable<Breach> {
  const entries = Object.entries(training.metrics);
  if (entries.length > 40) yield ['training.metrics', `got ${entries.length} metrics, expected at most 40`];
  for (const [name, pattern] of entries) {
    const path = `training.metrics.${name}`;
    if (name.length > 255) yield [path, `got a name of ${name.length} characters, expected at most 255`];
    if (pattern.length > 500) yield [path, `got ${pattern.length} characters, expected at most 500`];
    const groups = captureGroups(pattern);
    if (groups !== 1)
      yield [
        path,
        `got ${typeof groups === 'string' ? groups : `${groups} capture groups in ${quoted(pattern)}`}, expected a regular expression with one capture group, such as 'auc=([0-9.]+);'`,
      ];
  }
}

/** The number of capture groups in a pattern, or what is wrong with the pattern. */
function captureGroups(pattern: string): number | string {
  try {
    return (new RegExp(`${pattern}|`).exec('')?.length ?? 1) - 1;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function* tuningObjective({ training, tuning }: Config, given: (path: string) => boolean): Iterable<Breach> {
  if (!tuning) return;
  const names = Object.keys(training.metrics);
  const path = 'tuning.objective.metric';
  const { metric } = tuning.objective;
  if (names.length === 0)
    yield [
      path,
      `${given(path) ? `got ${quoted(metric)}` : 'missing'}; expected a name of training.metrics, which has none`,
    ];
  else if (!given(path) && names.length > 1)
    yield [path, `missing; expected one of training.metrics: ${names.join(', ')}`];
  else if (!names.includes(metric))
    yield [
      path,
      `got ${quoted(metric)}, expected one of training.metrics: ${names.join(', ')}${didYouMean(metric, names)}`,
    ];
}

function* tuningRanges(
  { tuning }: Config,
  _given: unknown,
  doubted: (path: string) => boolean,
): Iterable<Breach> {
  if (!tuning) return;
  const entries = Object.entries(tuning.ranges);
  if ((entries.length === 0 && !doubted('tuning.ranges')) || entries.length > 30)
    yield ['tuning.ranges', `got ${entries.length === 0 ? 'no' : entries.length} ranges, expected 1 to 30`];
  for (const [name, range] of entries) {
    const path = `tuning.ranges.${name}`;
    if (Array.isArray(range)) {
      if (range.length === 0 || range.length > 30)
        yield [path, `got ${range.length} values, expected 1 to 30`];
      yield* repeated(path, range);
      yield* categories(path, range);
      continue;
    }
    const { type, scale } = range;
    const [min, max] = [Number(range.min), Number(range.max)];
    if (!Number.isFinite(min) || !Number.isFinite(max)) {
      yield [path, `got min ${range.min} and max ${range.max}, expected numbers up to 1.7e308`];
      continue;
    }
    if (min >= max) yield [path, `got min ${min} and max ${max}, expected min below max`];
    if (type === 'integer' && !(isWhole(range.min) && isWhole(range.max)))
      yield [
        path,
        `got min ${range.min} and max ${range.max}, expected whole numbers of at most 15 digits for type integer`,
      ];
    if (scale === 'logarithmic' && min <= 0)
      yield [`${path}.min`, `got ${min}, expected a number above 0 for scale logarithmic`];
    if (scale === 'reverse_logarithmic' && (type === 'integer' || min < 0 || max >= 1))
      yield [
        path,
        `got ${type} from ${min} to ${max}, expected continuous, from 0 to below 1, for scale reverse_logarithmic`,
      ];
  }
}

/** SageMaker reads the ends of an integer range as integers, so 1e3 is none. */
const isWhole = (text: string): boolean => /^[+-]?\d{1,15}$/.test(text);

function* categories(path: string, values: readonly string[]): Iterable<Breach> {
  for (const value of values)
    if (value.length > 256 || /[\r\n]/.test(value))
      yield [path, `got ${got(value).slice(4)}, expected values of one line and at most 256 characters`];
}

function* tuningJobs({ tuning }: Config): Iterable<Breach> {
  if (!tuning) return;
  const { strategy, max_jobs, parallel_jobs, warm_start, guided, ranges } = tuning;
  if (parallel_jobs > max_jobs)
    yield ['tuning.parallel_jobs', `got ${parallel_jobs}, expected at most tuning.max_jobs, ${max_jobs}`];
  if (strategy === 'bayesian' && max_jobs > 750)
    yield ['tuning.max_jobs', `got ${max_jobs}, expected at most 750 for strategy bayesian`];
  if (warm_start && (strategy === 'grid' || strategy === 'hyperband'))
    yield [
      'tuning.warm_start',
      `got true, expected false with strategy ${strategy}: only bayesian and random start from earlier jobs`,
    ];
  if (guided && (strategy === 'grid' || strategy === 'hyperband'))
    yield [
      'tuning.guided',
      `got a mapping, expected off with strategy ${strategy}: only bayesian and random search narrower ranges`,
    ];
  if (guided && warm_start)
    yield [
      'tuning.guided',
      'got a mapping, expected off with warm_start: true, because a search learns from earlier ones in one of the two ways',
    ];
  if (guided && max_jobs < 3)
    yield [
      'tuning.max_jobs',
      `got ${max_jobs}, expected at least 3 with tuning.guided: one trial is the best known again, one is random`,
    ];
  if (strategy !== 'grid') return;
  const numeric = Object.entries(ranges).filter(([, range]) => !Array.isArray(range));
  for (const [name] of numeric)
    yield [
      `tuning.ranges.${name}`,
      'got min and max, expected a list of values: strategy grid takes no numeric range',
    ];
  const size = gridSize(ranges);
  if (numeric.length === 0 && max_jobs !== size)
    yield [
      'tuning.max_jobs',
      `got ${max_jobs}, expected ${size} for strategy grid, the product of the ranges' sizes (or leave it out)`,
    ];
}

/** Refuses a metric that this problem does not have, or that needs probabilities where the model returns labels. */
function* unfit(path: string, metric: Metric, { problem, model, gate }: Config): Iterable<Breach> {
  const known = metricsOf(problem);
  if (!known.includes(metric))
    yield [path, `got ${quoted(metric)}, expected a metric of problem ${problem}: ${known.join(', ')}`];
  else if (metricFacts(metric).probabilities && model.output === 'label')
    yield [
      path,
      `got ${quoted(metric)}, which needs probabilities; expected ${known.filter((name) => !metricFacts(name).probabilities).join(', ')} with model.output label, or model: { output: probability } if serve answers probabilities`,
    ];
  else if (metric === 'expected_cost' && gate.costs === null)
    yield [
      path,
      'got "expected_cost" without costs, expected gate.costs: { false_positive: 1, false_negative: 5 } with what an error costs',
    ];
}

function* gateCosts({ gate: { costs }, problem, model }: Config): Iterable<Breach> {
  if (costs === null) return;
  if (problem !== 'binary')
    yield ['gate.costs', `got costs with problem ${problem}, expected none: they are of a binary decision`];
  else if (model.output === 'label')
    yield ['gate.costs', 'got costs with model.output label, expected model: { output: probability }'];
  for (const [wrong, right] of [
    ['false_positive', 'true_negative'],
    ['false_negative', 'true_positive'],
  ] as const) {
    if (costs[wrong] > costs[right]) continue;
    yield [
      `gate.costs.${wrong}`,
      `got ${costs[wrong]}, expected more than ${right}, ${costs[right]}: an error costs more than the right decision`,
    ];
  }
}

function* gatePrimary(config: Config): Iterable<Breach> {
  yield* unfit('gate.primary', config.gate.primary, config);
}

function* gateSlices(config: Config, given: (path: string) => boolean): Iterable<Breach> {
  if (config.gate.slices && given('gate.slices.metric'))
    yield* unfit('gate.slices.metric', config.gate.slices.metric, config);
}

function* gateThresholds(config: Config): Iterable<Breach> {
  for (const [metric, limits] of Object.entries(config.gate.thresholds)) {
    if (!limits) continue;
    const path = `gate.thresholds.${metric}`;
    yield* unfit(path, metric as Metric, config);
    const { min, max } = limits;
    if (min === undefined && max === undefined)
      yield [path, 'got neither min nor max, expected at least one of them'];
    if (min !== undefined && max !== undefined && min > max)
      yield [path, `got min ${min} and max ${max}, expected min of at most max`];
  }
}

function* minChange({ gate }: Config): Iterable<Breach> {
  const change = gate.min_change;
  if (change && change.absolute === undefined && change.relative === undefined)
    yield ['gate.min_change', 'got neither absolute nor relative, expected at least one of them, or off'];
}

function* rollout({ inference }: Config): Iterable<Breach> {
  const { mode, strategy, instance } = inference;
  if (strategy === 'all_at_once') return;
  if (mode !== 'endpoint')
    yield [
      'inference.strategy',
      `got ${quoted(strategy)}, expected all_at_once with mode ${mode}: only an endpoint moves in steps`,
    ];
  if (instance.count < 2)
    yield [
      'inference.instance.count',
      `got ${instance.count}, expected at least 2 instances for strategy ${strategy}`,
    ];
}

/** Making and removing instances takes its time too. */
const longestBakes = longestDeployment - 3600;

function* bakes({ inference }: Config): Iterable<Breach> {
  const { mode, canary, instance } = inference;
  if (mode !== 'endpoint' || instance.count < 2) return;
  const { bakes } = deploymentSteps(inference);
  if (bakes > longestBakes)
    yield [
      'inference.canary.bake',
      `got ${canary.bake} s, ${bakes} s over all steps, expected at most ${longestBakes} s in all: bake for less long or take a larger share`,
    ];
}

function* batchSize({ inference }: Config): Iterable<Breach> {
  const { payload_mb, concurrency } = inference.batch;
  if (payload_mb * concurrency > 100)
    yield [
      'inference.batch',
      `got payload_mb ${payload_mb} times concurrency ${concurrency}, expected at most 100 MB together`,
    ];
}

function* serverless({ inference, environments }: Config): Iterable<Breach> {
  if (inference.mode !== 'serverless') return;
  for (const [name, { vpc, network_isolation }] of Object.entries(environments)) {
    if (vpc) yield [`environments.${name}.vpc`, 'got a VPC, expected none: a serverless endpoint has no VPC'];
    if (network_isolation)
      yield [
        `environments.${name}.network_isolation`,
        'got true, expected false: a serverless endpoint cannot have network isolation',
      ];
  }
}

function* decay(config: Config, given: (path: string) => boolean): Iterable<Breach> {
  if (config.monitoring && !config.monitoring.drift && !config.monitoring.decay)
    yield [
      'monitoring',
      'got drift: off and no decay, expected at least one of them: nothing would be watched',
    ];
  const found = config.monitoring?.decay;
  if (!found) return;
  const path = 'monitoring.decay';
  const isGiven = given(`${path}.metric`);
  const breaches = isGiven ? [...unfit(`${path}.metric`, found.metric, config)] : [];
  yield* breaches;
  const why = watchable(found.metric, config.problem);
  if (why !== null && breaches.length === 0)
    yield [
      `${path}.metric`,
      `got ${quoted(found.metric)}${isGiven ? '' : ', which is gate.primary'}, expected one whose decay can be watched (${watchableMetrics(config)}): ${why}`,
    ];
  if (config.monitoring?.truth === null)
    yield [
      path,
      'got decay without monitoring.truth, expected the labels: without them no decay can be seen',
    ];
  const { min, max, tolerance } = found;
  const limits = [min, max, tolerance].filter((limit) => limit !== undefined);
  if (limits.length !== 1)
    yield [
      path,
      `got ${limits.length === 0 ? 'none' : limits.length} of min, max and tolerance, expected one of them`,
    ];
  const { better, ...range } = metricFacts(found.metric);
  const [wrong, right] = better === 'lower' ? (['min', 'max'] as const) : (['max', 'min'] as const);
  if (found[wrong] !== undefined)
    yield [
      `${path}.${wrong}`,
      `got ${wrong} of ${found.metric}, expected ${right}: a ${better === 'lower' ? 'higher' : 'lower'} value is worse`,
    ];
  for (const [key, limit] of Object.entries({ min, max }))
    if (limit !== undefined && (limit < (range.min ?? limit) || limit > (range.max ?? limit)))
      yield [
        `${path}.${key}`,
        `got ${limit}, expected a value that ${found.metric} can take: ${[range.min !== null && `at least ${range.min}`, range.max !== null && `at most ${range.max}`].filter(Boolean).join(', ')}`,
      ];
}

const watchableMetrics = ({ problem }: Config): string =>
  metricsOf(problem)
    .filter((name) => watchable(name, problem) === null)
    .join(', ');

function* truth({ monitoring, data }: Config): Iterable<Breach> {
  const path = 'monitoring.truth';
  const found = monitoring?.truth ?? null;
  if (found === null) return;
  if (found === data.source || found === data.scoring)
    yield [
      path,
      `got ${quoted(found)}, which is ${found === data.source ? 'data.source' : 'data.scoring'}; expected files with the labels of predictions`,
    ];
}

function* triggers({ triggers, monitoring }: Config): Iterable<Breach> {
  if (!isTimeZone(triggers.time_zone))
    yield [
      'triggers.time_zone',
      `got ${quoted(triggers.time_zone)}, expected a time zone of the IANA database such as Europe/Berlin`,
    ];
  if (triggers.decay && !monitoring?.decay)
    yield ['triggers.decay', 'got true, expected false while monitoring.decay is off'];
}

/** EventBridge Scheduler takes names of the database, no offset such as +02:00. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function* environmentNames({ environments }: Config): Iterable<Breach> {
  for (const name of Object.keys(environments))
    if (!/^[a-z](?=.{0,11}$)(-?[a-z0-9])*$/.test(name) || name.endsWith('-approval'))
      yield [
        `environments.${name}`,
        `got ${quoted(name)}, expected a name of at most 12 lower-case letters, digits and hyphens that does not end in -approval`,
      ];
}

function* environmentArns({ environments }: Config): Iterable<Breach> {
  for (const [name, { account, region, kms_key, permissions_boundary }] of Object.entries(environments)) {
    const [, , , keyRegion, keyAccount] = (kms_key ?? '').split(':');
    if (kms_key !== null && keyRegion !== region)
      yield [
        `environments.${name}.kms_key`,
        `got a key of region ${quoted(keyRegion)}, expected one of ${region}`,
      ];
    if (kms_key !== null && !/^\d{12}$/.test(keyAccount ?? ''))
      yield [
        `environments.${name}.kms_key`,
        `got ${quoted(kms_key)}, expected arn:aws:kms:REGION:ACCOUNT:key/ID`,
      ];
    const owner = (permissions_boundary ?? '').split(':')[4];
    if (permissions_boundary !== null && owner !== account && owner !== 'aws')
      yield [
        `environments.${name}.permissions_boundary`,
        `got a policy of account ${quoted(owner)}, expected one of ${account}`,
      ];
  }
}

function* dispatch({ environments, triggers, data }: Config): Iterable<Breach> {
  for (const [name, { account, region, repository_dispatch: dispatch }] of Object.entries(environments)) {
    if (dispatch === null) continue;
    const path = `environments.${name}.repository_dispatch`;
    const [, , , itsRegion, owner] = dispatch.connection.split(':');
    if (itsRegion !== region || owner !== account)
      yield [
        `${path}.connection`,
        `got a connection of account ${quoted(owner)} in ${itsRegion}, expected one of ${account} in ${region}`,
      ];
    if (!triggers.data_landed)
      yield [path, 'got a repository, expected none while triggers.data_landed is false'];
    if (triggers.quiet !== null)
      yield [
        path,
        `got a repository and triggers.quiet of ${triggers.quiet} s, expected triggers.quiet: off: only a file _SUCCESS tells GitHub`,
      ];
    if (!data.source.startsWith('s3://'))
      yield [
        path,
        `got a repository and data.source ${quoted(data.source)}, expected data.source on s3://: Retrain reads the rows from there`,
      ];
  }
}

function* tags({ environments }: Config): Iterable<Breach> {
  for (const [name, { tags }] of Object.entries(environments)) {
    const path = `environments.${name}.tags`;
    const entries = Object.entries(tags);
    if (entries.length > 40) yield [path, `got ${entries.length} tags, expected at most 40`];
    for (const [key, value] of entries) {
      if (key.length > 128 || /^aws:/i.test(key))
        yield [
          `${path}.${key}`,
          `got ${quoted(key)}, expected a name of at most 128 characters that does not start with aws:`,
        ];
      if (value.length > 256)
        yield [`${path}.${key}`, `got ${value.length} characters, expected at most 256`];
    }
  }
}

/**
 * Most bytes of settings. AWS Step Functions passes at most 262,144 from state to state: the settings, up to 32,768 of
 * an error's cause, and the results of the run.
 */
const mostSettings = 180_000;

/** A run's state holds the settings once, and those of training several times: requested, planned, trained, reused. */
function* size(config: Config): Iterable<Breach> {
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');
  const sections = Object.entries(config).map(([name, value]) => ({ name, bytes: bytes(value) }));
  const { hyperparameters, metrics } = config.training;
  const again = 3 * bytes(hyperparameters) + bytes(metrics) + bytes(config.tuning);
  const total = sections.reduce((sum, section) => sum + section.bytes, again);
  if (total <= mostSettings) return;
  const largest =
    again > total / 2 ? 'training' : sections.reduce((a, b) => (b.bytes > a.bytes ? b : a)).name;
  yield [
    largest,
    `got ${Math.ceil(total / 1000)} KB of settings in a run's state, expected at most ${mostSettings / 1000} KB; this block is the largest: shorten it`,
  ];
}

const rules: readonly Rule[] = [
  positive,
  target,
  rowId,
  columnLists,
  sources,
  sourceCsv,
  columnTypes,
  split,
  splitColumn,
  sliceColumns,
  image,
  csvLayout,
  channels,
  output,
  extraColumns,
  prepareInstance,
  glueZones,
  hyperparameters,
  trainingMetrics,
  tuningObjective,
  tuningRanges,
  tuningJobs,
  gatePrimary,
  gateSlices,
  gateThresholds,
  gateCosts,
  minChange,
  rollout,
  bakes,
  batchSize,
  serverless,
  decay,
  truth,
  triggers,
  environmentNames,
  environmentArns,
  dispatch,
  tags,
  size,
];

/**
 * Every breach of the rules by a config. Settings that are `doubtful` (dotted paths) are not checked, nor is anything
 * that depends on them. `input` is the config as it was written.
 */
export function checkRules(config: Config, doubtful: ReadonlySet<string>, input: unknown): Breach[] {
  const guarded = guard(config, doubtful);
  const given = (path: string) => valueAt(guard(input as object, doubtful), path.split('.')) !== undefined;
  const doubted = (path: string) => [...doubtful].some((at) => at.startsWith(`${path}.`));
  const breaches: Breach[] = [];
  for (const rule of rules) {
    try {
      for (const breach of rule(guarded, given, doubted)) breaches.push(breach);
    } catch (error) {
      if (!isDoubt(error)) throw error;
    }
  }
  return breaches;
}
