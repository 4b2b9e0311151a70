import * as z from 'zod';
import { type Metric, metricFacts, metricNames, type metrics, type Problem, problems } from '../metrics.ts';
import { namePattern } from '../names.ts';
import { periodOf } from './period.ts';

/*
 * The schema of mlops.yaml. Every field has a description and a default. `fillIn` below sets the defaults that depend
 * on other fields; the description states them. The message of a check is a phrase that says what was expected;
 * explain.ts puts the value found before it.
 *
 * Parsing turns `off` and `none` into null, durations into seconds, and text such as `positive: 1` into a string.
 */

type Bounds = { min?: number; max?: number; above?: number; below?: number };

function phrase(noun: string, { min, max, above, below }: Bounds): string {
  if (min !== undefined && max !== undefined) return `${noun} from ${min} to ${max}`;
  const low = min !== undefined ? `of at least ${min}` : above !== undefined ? `above ${above}` : '';
  const high = max !== undefined ? `of at most ${max}` : below !== undefined ? `below ${below}` : '';
  return [noun, [low, high].filter(Boolean).join(' and ')].filter(Boolean).join(' ');
}

function bounded(schema: z.ZodNumber, { min, max, above, below }: Bounds, error: string): z.ZodNumber {
  let bound = schema;
  if (min !== undefined) bound = bound.min(min, { error });
  if (max !== undefined) bound = bound.max(max, { error });
  if (above !== undefined) bound = bound.gt(above, { error });
  if (below !== undefined) bound = bound.lt(below, { error });
  return bound;
}

function number(bounds: Bounds = {}): z.ZodNumber {
  const error = phrase('a number', bounds);
  return bounded(z.number({ error }), bounds, error);
}

function whole(bounds: Bounds): z.ZodNumber {
  const error = phrase('a whole number', bounds);
  return bounded(z.number({ error }).int({ error }), bounds, error);
}

const flag = () => z.boolean({ error: 'true or false' });

const string = (error: string, pattern = /\S/) => z.string({ error }).regex(pattern, { error });

/** Text that YAML may read as something else: `positive: 1`, a column called 2024. */
const text = (noun: string) =>
  z.union([string(noun), z.number(), z.boolean()], { error: noun }).transform(String);

const choice = <const T extends readonly [string, ...string[]]>(options: T) =>
  z.enum(options, { error: options.length === 2 ? options.join(' or ') : `one of ${options.join(', ')}` });

const object = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: 'a mapping' });

/** Turns `off`, `none`, `false` and `null` into null. */
const offOr = <T extends z.ZodType>(schema: T, error: string) =>
  z.union([z.literal(['off', 'none', false, null]).transform(() => null), schema], {
    error: `off, or ${error}`,
  });

const noneOr = <T extends z.ZodType>(schema: T, error: string) =>
  z.union([z.literal(['none', 'off', false, null]).transform(() => null), schema], {
    error: `none, or ${error}`,
  });

/** A sentence for people: one line, so that no rendering has to break it. */
const sentence = (error: string) => string(error, /^(?=.*\S)[^\r\n]{1,500}$/);

const columns = (noun: string) => z.array(text('the name of a column'), { error: `a list of ${noun}` });

const secondsPerUnit: Record<string, number> = { d: 86_400, h: 3_600, m: 60, s: 1 };
const seconds = (duration: string): number =>
  [...duration.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (secondsPerUnit[unit ?? ''] ?? Number.NaN),
    0,
  );

/** A duration such as 90s, 30m, 1h or 1h30m, kept in seconds. */
const duration = (most: string) => {
  const error = `a duration such as 90s, 30m or 1h30m, of at most ${most}`;
  return string(error, /^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/)
    .transform(seconds)
    .pipe(z.number().min(1, { error }).max(seconds(most), { error }));
};

/** A duration that may be 0d. */
const durationOrZero = (most: string) => {
  const error = `a duration such as 0d, 12h or 30d, of at most ${most}`;
  return string(error, /^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/)
    .transform(seconds)
    .pipe(z.number().max(seconds(most), { error }));
};

/** A value for train, which gets text: kept as written, since 1.0 and 1 may differ there. */
const scalar = z
  .union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' })
  .transform(String);

/** A number for train, kept as written. The forms that SageMaker takes: decimal, with or without an exponent. */
const writtenNumber = () => {
  const error = 'a number such as 10, 0.03 or 1e-4';
  return z
    .union([string(error, /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/), z.number()], { error })
    .transform(String);
};

/** A placeholder in messages: explain.ts replaces it by the list of the problem's metrics. */
export const metricPhrase = 'a metric of this problem';

const metric = z.enum(metricNames, { error: metricPhrase });

/** An amount in the metric's unit, or a share of the champion's value: 0.03 or "5%". */
const marginPhrase = 'a number of at least 0, or a share of the champion\'s value from "0%" to "100%"';
const margin = z.union(
  [
    z.number().min(0, { error: marginPhrase }),
    z
      .templateLiteral([z.number(), '%'])
      .refine((share) => Number.parseFloat(share) >= 0 && Number.parseFloat(share) <= 100, {
        error: marginPhrase,
      }),
  ],
  { error: marginPhrase },
);

const instanceType = string('an instance type such as ml.m5.large', /^ml\.[a-z0-9-]+\.[a-z0-9-]+$/);

const jobInstance = object({
  type: instanceType.default('ml.m5.large').describe('Instance type, as SageMaker calls it.'),
  count: whole({ min: 1, max: 100 }).default(1).describe('How many instances.'),
  volume_gb: whole({ min: 1, max: 16_384 }).default(30).describe('Disk of each instance, in GB.'),
});

/** A setting with several spellings, each of which becomes the one that programs use. */
const spelling = <T extends string>(spellings: Readonly<Record<string, T>>, error: string) =>
  z
    .string({ error })
    .refine((text) => Object.hasOwn(spellings, text.toLowerCase()), { error })
    .transform((text) => spellings[text.toLowerCase()] as T);

const delimiter = spelling(
  {
    auto: 'auto',
    ...{ comma: ',', semicolon: ';', tab: '\t', bar: '|' },
    ...{ ',': ',', ';': ';', '\t': '\t', '\\t': '\t', '|': '|' },
  },
  'auto, comma, semicolon, tab or bar',
);
const encoding = spelling(
  {
    ...{ 'utf-8': 'utf-8', utf8: 'utf-8', 'utf-16': 'utf-16', utf16: 'utf-16' },
    ...{ 'latin-1': 'latin-1', latin1: 'latin-1', 'iso-8859-1': 'latin-1' },
    ...{ 'windows-1252': 'windows-1252', cp1252: 'windows-1252' },
  },
  'utf-8, latin-1, windows-1252 or utf-16',
);
const decimalMark = spelling({ '.': '.', ',': ',' }, "'.' or ','");
const splitPhrase =
  'hash, { by: group, column: C }, { by: time, column: C, embargo: 7d } or { by: file, source: F }';

/** Which keys a split takes beside `by`: rules.ts refuses the others. */
const split = object({
  by: choice(['hash', 'group', 'time', 'file']).describe(
    'What decides the side of a row. hash: a hash of its row_id. group: a hash of its group, so that a group is on one side for ever. time: the newest rows are held out. file: the rows of source are held out.',
  ),
  column: text('the name of a column')
    .optional()
    .describe(
      'by group: the column that names the group. by time: the column with the time: dates (2024-03-01), timestamps (2024-03-01T12:00:00Z; without a zone they are UTC) or numbers. It is no feature.',
    ),
  embargo: duration('3650d')
    .optional()
    .describe(
      'by time: rows of this time before the holdout are left out of training, and counted. Numbers are then Unix times in seconds, milliseconds, microseconds or nanoseconds. Default: none.',
    ),
  source: string('a file, a folder or s3://bucket/prefix')
    .optional()
    .describe(
      'by file: the rows that are held out: a file, a folder or s3://bucket/prefix, with the columns of data.source. No row may be in both.',
    ),
});

const data = object({
  source: string('a file, a folder or s3://bucket/prefix').describe(
    'The labelled rows: a file, a folder of files with the same columns, or s3://bucket/prefix. Paths are relative to mlops.yaml.',
  ),
  format: choice(['csv', 'parquet'])
    .optional()
    .describe('File format of source. Default: parquet if source ends in .parquet or .parquet.gz, else csv.'),
  target: text('the name of a column').describe('The column to predict.'),
  positive: text('the text of a class')
    .nullable()
    .default(null)
    .describe('Binary only: the positive class (label 1). Default: the rarer class; the report names it.'),
  row_id: text('the name of a column')
    .nullable()
    .default(null)
    .describe(
      'The column that identifies a row; its values are unique. Default: a hash of all columns except the target.',
    ),
  exclude: columns('columns to leave out').default([]).describe('Columns to drop.'),
  slices: columns('columns to slice by')
    .default([])
    .describe('Columns for each of whose values metrics are reported and gated. They need not be features.'),
  features_exclude: columns('columns that are no features')
    .default([])
    .describe('Columns to hide from the model; they may still be slices.'),
  sensitive: columns('columns to keep from publication')
    .default([])
    .describe(
      'Columns whose values, and what is known of their groups, no comment, page, log or artifact shows: only the private report of a run does. They may be features and slices, and their slices decide as others do.',
    ),
  holdout: number({ above: 0, below: 1 })
    .default(0.2)
    .describe('Share of rows held out of training. The gate judges models on these rows.'),
  columns: z
    .record(z.string(), choice(['text', 'number']), {
      error: 'a mapping of columns to text or number',
    })
    .default({})
    .describe(
      'What a column is where its look would say otherwise: `text` (stays as written, missing only where empty) or `number` (any other value is an error). Default: told by all its values.',
    ),
  csv: object({
    delimiter: delimiter
      .default('auto')
      .describe(
        'What stands between fields: auto, comma, semicolon, tab or bar, or the character itself. auto: told by the header.',
      ),
    encoding: encoding
      .default('utf-8')
      .describe(
        'utf-8, latin-1 (also iso-8859-1), windows-1252 (also cp1252) or utf-16 (either byte order). What the model reads is always UTF-8.',
      ),
    decimal: decimalMark
      .default('.')
      .describe(
        "The decimal mark: '.' or ','. With ',' dots may group thousands (1.234,5); what the model reads has a point.",
      ),
  })
    .prefault({})
    .describe(
      'How the CSV files of source are written. Files packed by gzip are unpacked, whatever their name.',
    ),
  drop_missing_target: flag()
    .default(false)
    .describe(
      'true: rows without a target (empty, NA, null, NaN, None) are left out and counted. false: they are an error.',
    ),
  split: z
    .union([z.literal('hash').transform(() => ({ by: 'hash' as const })), split], { error: splitPhrase })
    .prefault('hash')
    .describe('How rows are divided into training rows and holdout. Default: hash.'),
  scoring: noneOr(string('a file, a folder or s3://bucket/prefix'), 'a file, a folder or s3://bucket/prefix')
    .default(null)
    .describe(
      'Rows that batch inference predicts, in the format of source; the target is not needed. Default: none.',
    ),
});

const model = object({
  context: string('a folder with a Dockerfile')
    .optional()
    .describe('Folder with the Dockerfile. Default: model, unless image is set.'),
  image: string(
    'an image URI by digest: REPOSITORY@sha256: and 64 hexadecimal digits',
    /^[^\s@]+@sha256:[0-9a-f]{64}$/,
  )
    .nullable()
    .default(null)
    .describe('An image that is already built, by digest; replaces context.'),
  content_type: choice(['text/csv', 'application/jsonlines'])
    .default('text/csv')
    .describe('Format that train and serve read.'),
  csv: object({
    header: flag()
      .default(false)
      .describe("Training files start with a header row. SageMaker's built-in algorithms expect none."),
    target: choice(['first', 'last']).default('first').describe('Position of the target in training files.'),
  })
    .prefault({})
    .describe('Layout of the training files. serve gets the same columns, without header and target.'),
  channel: string('a channel name: letters, digits, dots, dashes', /^[A-Za-z0-9.\-_]{1,64}$/)
    .default('train')
    .describe('Name of the training channel.'),
  manifest_channel: noneOr(
    string('a channel name: letters, digits, dots, dashes', /^[A-Za-z0-9.\-_]{1,64}$/),
    'a channel name',
  )
    .default(null)
    .describe('Name of a second channel, with the columns and their types as JSON. Default: none.'),
  output: choice(['probability', 'label', 'value'])
    .optional()
    .describe('What serve returns for a record. Default: value for regression, else probability.'),
  extra: z
    .array(string('the name of a column'), { error: 'a list of names' })
    .default([])
    .describe('Names of the columns that serve returns after the prediction, in order.'),
  intended_use: noneOr(sentence('one sentence, of at most 500 characters'), 'one sentence')
    .default(null)
    .describe('What the model is for, in one sentence; each page of a release shows it. Default: none.'),
  limits: z
    .array(sentence('one sentence, of at most 500 characters'), { error: 'a list of sentences' })
    .max(20, { error: 'at most 20 sentences' })
    .default([])
    .describe(
      'What the model is not for, and what it cannot do: sentences that each page of a release shows.',
    ),
});

const prepare = object({
  engine: choice(['processing', 'glue', 'fargate'])
    .default('processing')
    .describe(
      'The AWS service that runs the prepare job: SageMaker Processing, the driver of a Glue 5.0 job, or an ECS task on Fargate. All run the same program, as a laptop does. glue and fargate pick their smallest size with at least the vCPUs and memory of prepare.instance.type (families c, m, r, t): glue runs two workers, G.1X (4 vCPUs, 16 GB) to G.8X (32 vCPUs, 128 GB), with the disk of the worker type; fargate offers 1 to 16 vCPUs, up to 120 GB, and volume_gb of disk, 21 to 200.',
    ),
  script: noneOr(string('the path of a Python file'), 'the path of a Python file')
    .default(null)
    .describe('A Python file that defines transform(frame) -> frame; runs after the split. Default: none.'),
  instance: jobInstance.prefault({}).describe('Size of the prepare job.'),
  max_runtime: duration('9d')
    .prefault('1h')
    .describe('Time after which the service stops the job. At most 7d with engine glue.'),
});

const training = object({
  instance: jobInstance.prefault({}).describe('Size of a training job.'),
  max_runtime: duration('28d').prefault('1h').describe('Time after which SageMaker stops a training job.'),
  spot: flag()
    .default(false)
    .describe('Train on spot instances; what train writes to /opt/ml/checkpoints outlives an interruption.'),
  input_mode: choice(['File', 'FastFile', 'Pipe'])
    .default('File')
    .describe('How SageMaker gives train its files.'),
  hyperparameters: z
    .record(z.string(), scalar, { error: 'a mapping of names to values' })
    .default({})
    .describe(
      'Values passed to train, as text and as written: 1.0 stays 1.0. Tuning overrides those listed in tuning.ranges.',
    ),
  metrics: z
    .record(z.string(), string('a regular expression with one capture group'), {
      error: 'a mapping of names to regular expressions',
    })
    .default({})
    .describe("Metrics in train's log: a name and a regular expression with one capture group."),
});

const numericRange = object({
  min: writtenNumber().describe('Lower end, passed on as written.'),
  max: writtenNumber().describe('Upper end, passed on as written.'),
  type: choice(['continuous', 'integer']).default('continuous').describe('Real numbers or whole numbers.'),
  scale: choice(['linear', 'logarithmic', 'reverse_logarithmic'])
    .default('linear')
    .describe('Scale on which the range is searched.'),
});

const tuning = object({
  strategy: choice(['bayesian', 'random', 'grid', 'hyperband'])
    .default('bayesian')
    .describe(
      'How values are chosen. On a laptop, bayesian and hyperband run as random; the report says so.',
    ),
  objective: object({
    metric: string('a name of training.metrics')
      .optional()
      .describe('A name from training.metrics. Default: the only one there.'),
    goal: choice(['maximize', 'minimize'])
      .optional()
      .describe(
        'Whether a higher or a lower value is better. Default: minimize if the name contains loss, error, rmse, mse, mae, mape or brier, else maximize.',
      ),
  })
    .prefault({})
    .describe('The metric that tuning optimises; train measures it on training rows only.'),
  max_jobs: whole({ min: 1, max: 10_000 })
    .optional()
    .describe("Total number of training jobs. Default: 10; grid requires the product of the ranges' sizes."),
  parallel_jobs: whole({ min: 1, max: 100 })
    .optional()
    .describe('Training jobs at a time. Default: 2, or max_jobs if that is less.'),
  warm_start: flag()
    .default(false)
    .describe(
      'Start from the results of up to 5 earlier tuning jobs: the newest with the same ranges, objective, hyperparameter names and split of rows. For strategies bayesian and random. On a laptop, their best trials run first, and later trials repeat none of theirs.',
    ),
  guided: offOr(
    object({
      share_random: number({ min: 0.05, max: 0.9 })
        .default(0.25)
        .describe(
          'Share of max_jobs that stays random over the full ranges, at least one trial: it finds what past trials miss, and shows whether guidance helps.',
        ),
      good: number({ min: 0.05, max: 1 })
        .default(0.25)
        .describe("Share of each earlier run's trials, its best, that counts as good."),
      min_trials: whole({ min: 1, max: 10_000 })
        .default(20)
        .describe('Fewer earlier trials on like data guide nothing: the search is as without guidance.'),
    }),
    'a mapping',
  )
    .default(null)
    .describe(
      "Learn from the trials of earlier runs on like data: the newest such run's best trial is tried first, the others search the ranges where past trials were good, and a share stays random over the full ranges. Like means the same preparation (settings, columns left out, script, split), problem, objective, ranges and other hyperparameters; rows and the model's code may differ. For strategies bayesian and random, without warm_start, with max_jobs of at least 3. It takes three tuning jobs, one after the other, and the best trial of all wins. Default: off.",
    ),
  ranges: z
    .record(
      z.string(),
      z.union([z.array(scalar, { error: 'a list of values' }), numericRange], {
        error: 'a list of values, or { min, max }',
      }),
      { error: 'a mapping of hyperparameters to ranges' },
    )
    .default({})
    .describe(
      'Hyperparameters to search: a list of values, each passed to train as written, or { min, max, type, scale }.',
    ),
});

const limits = (name: Metric) => {
  const { min, max } = metricFacts(name);
  const bounds = { ...(min !== null && { min }), ...(max !== null && { max }) };
  return object({
    min: number(bounds).optional().describe('Lowest value that passes.'),
    max: number(bounds).optional().describe('Highest value that passes.'),
    by: choice(['point', 'bound'])
      .default('point')
      .describe(
        'What is held to the limit: the value, or its one-sided bound on the safe side at gate.confidence.',
      ),
  });
};

type Limits = ReturnType<typeof limits>;
const thresholds = object(
  Object.fromEntries(metricNames.map((name) => [name, limits(name).optional()])) as {
    [name in keyof typeof metrics]: z.ZodOptional<Limits>;
  },
);

const gate = object({
  primary: metric
    .optional()
    .describe(
      'The metric of the checks floor, champion and anchor. Default: roc_auc (binary), log_loss (multiclass), rmse (regression); accuracy if model.output is label.',
    ),
  confidence: number({ above: 0.5, below: 1 })
    .default(0.95)
    .describe('Confidence level of the two-sided intervals and of the one-sided bounds that decide.'),
  thresholds: thresholds
    .prefault({})
    .describe('Lowest or highest value of a metric that the candidate may have. Default: none.'),
  min_positives: whole({ min: 1 })
    .default(20)
    .describe(
      'Least number of rows of each class in the whole holdout (regression: of rows). With fewer, every comparison is inconclusive.',
    ),
  floor: flag().default(true).describe('Whether the candidate must beat a constant prediction.'),
  champion: object({
    rule: choice(['non_inferior', 'superior'])
      .default('non_inferior')
      .describe('non_inferior: not worse than the champion by more than margin. superior: better.'),
    margin: margin
      .optional()
      .describe(
        'Allowed loss, in units of primary or as a share of the champion\'s value such as "5%". superior ignores it. Default: 0.03; "5%" for log_loss, brier, calibration_slope, expected_cost, rmse, mae and mape.',
      ),
  })
    .prefault({})
    .describe('How the candidate is compared with the champion.'),
  anchor: object({
    package: noneOr(string('the name of a package'), 'the name of a package')
      .default(null)
      .describe('A model package that stays fixed, so that small losses cannot add up. Default: none.'),
    margin: margin
      .optional()
      .describe('Like champion.margin. Default: 0.05; "10%" where champion.margin defaults to "5%".'),
  })
    .prefault({})
    .describe('A fixed model that the candidate must not fall behind.'),
  costs: offOr(
    object({
      false_positive: number().describe('Cost of a negative row that is predicted positive.'),
      false_negative: number().describe('Cost of a positive row that is predicted negative.'),
      true_positive: number()
        .default(0)
        .describe('Cost of a positive row that is predicted positive; below 0 is a gain.'),
      true_negative: number().default(0).describe('Cost of a negative row that is predicted negative.'),
    }),
    '{ false_positive, false_negative }',
  )
    .default(null)
    .describe(
      'Binary: what a decision costs, in any unit, for the metric expected_cost. It predicts the positive class from the probability on at which that is no dearer. Default: off.',
    ),
  min_change: offOr(
    object({
      absolute: number({ min: 0 }).optional().describe('Least difference, in units of primary.'),
      relative: number({ min: 0 }).optional().describe("As a fraction of the champion's value: 0.01 is 1 %."),
    }),
    '{ absolute, relative }',
  )
    .default(null)
    .describe('A difference smaller than either value is inconclusive. Default: off.'),
  slices: offOr(
    object({
      metric: metric
        .optional()
        .describe(
          'The metric to compare. Default: roc_auc (binary), accuracy (multiclass, or if model.output is label), rmse (regression).',
        ),
      max_drop: margin
        .optional()
        .describe(
          'How far a slice may fall behind the champion, in units of metric or as a share of the champion\'s value. Default: 0.1; "20%" for log_loss, brier, calibration_slope, expected_cost, rmse, mae and mape.',
        ),
      min_positives: whole({ min: 1 })
        .default(20)
        .describe('Least number of rows of each class for a slice to be judged (regression: of rows).'),
      inconclusive: choice(['report', 'hold'])
        .default('report')
        .describe(
          'A slice whose value is beyond max_drop while its bound does not show it: report passes it with a note, hold makes it inconclusive.',
        ),
    }),
    '{ metric, max_drop, min_positives, inconclusive }',
  )
    .prefault({})
    .describe('The check of each value of data.slices. Default: on, as below.'),
  inconclusive: choice(['hold', 'promote', 'reject'])
    .default('hold')
    .describe('Verdict when a check is inconclusive.'),
  reuse: choice(['report', 'correct', 'sealed'])
    .default('report')
    .describe(
      'What to do when runs judge models on the same holdout again. report: count and report these looks. correct: also hold superior to a stricter level. sealed: as correct, and show only whether the candidate passes (a hold does not) until it is promoted. non_inferior has no correction.',
    ),
  enforce: flag().default(true).describe('false: the verdict is reported but does not block promotion.'),
});

/** Serverless endpoints have these sizes. */
const memoryPhrase = 'one of 1024, 2048, 3072, 4096, 5120, 6144';

const inference = object({
  mode: choice(['batch', 'endpoint', 'serverless'])
    .default('batch')
    .describe(
      'How predictions are served. batch: a release predicts data.scoring. endpoint: instances that answer requests at any time and cost at any time. serverless: an endpoint that costs nothing while nobody asks it.',
    ),
  instance: object({
    type: instanceType
      .default('ml.m5.large')
      .describe('Instance type of the batch transform jobs, and of an endpoint.'),
    count: whole({ min: 1, max: 100 }).default(1).describe('How many instances.'),
  })
    .prefault({})
    .describe(
      'Size of the batch transform jobs that score the holdout and data.scoring, and of an endpoint (not of a serverless one).',
    ),
  strategy: choice(['all_at_once', 'canary', 'linear'])
    .default('all_at_once')
    .describe('How an endpoint switches to a new model. canary and linear need at least two instances.'),
  canary: object({
    share: number({ min: 0.1, max: 0.5 })
      .default(0.1)
      .describe(
        'Share of the instances that get the new model first (canary), or with each step (linear); rounded up to whole instances, at most half of them.',
      ),
    bake: duration('1h')
      .prefault('10m')
      .describe(
        'Time to wait after each step, and with all requests on the new model before the old instances go.',
      ),
    max_error_rate: number({ above: 0, below: 1 })
      .default(0.01)
      .describe(
        'Largest share of requests that may fail while the new model bakes: the endpoint goes back where it is surely higher. With few requests that cannot be told, and the record says so.',
      ),
  })
    .prefault({})
    .describe('How an endpoint of at least two instances moves to a new model.'),
  serverless: object({
    memory_mb: whole({ min: 1024, max: 6144 })
      .multipleOf(1024, { error: memoryPhrase })
      .default(2048)
      .describe('Memory of a serverless endpoint, in MB: 1024, 2048, 3072, 4096, 5120 or 6144.'),
    max_concurrency: whole({ min: 1, max: 200 })
      .default(5)
      .describe(
        'Most requests that a serverless endpoint answers at a time; SageMaker refuses further ones.',
      ),
  })
    .prefault({})
    .describe('Size of a serverless endpoint.'),
  batch: object({
    payload_mb: whole({ min: 1, max: 100 }).default(4).describe('Largest request, in MB.'),
    strategy: choice(['multi_record', 'single_record'])
      .default('multi_record')
      .describe('Many records in a request, or one.'),
    concurrency: whole({ min: 0, max: 100 })
      .default(0)
      .describe(
        'Requests at a time to each instance. 0: as many as serve answers to GET /execution-parameters, or one.',
      ),
    max_bad_rows: number({ min: 0, max: 1 })
      .default(0.001)
      .describe(
        'Largest share of the rows of data.scoring that may be left out because a cell cannot be read; beyond it nothing is released.',
      ),
  })
    .prefault({})
    .describe('How a batch transform job sends rows. payload_mb times concurrency is at most 100.'),
});

const schedule = string(
  'hourly, daily, weekly, monthly, cron(...) or rate(...)',
  /^(hourly|daily|weekly|monthly|cron\(\S+( \S+){5}\)|rate\([1-9]\d* (minute|hour|day)s?\))$/,
);

const monitoring = object({
  schedule: schedule
    .default('daily')
    .describe(
      "When production is looked at: hourly, daily, weekly, monthly, or EventBridge's cron(...) or rate(...), in UTC.",
    ),
  window: duration('31d')
    .optional()
    .describe(
      'Predictions are judged together by the time they were made, in windows of this length. Default: the period of schedule, 1d where it has none.',
    ),
  truth: noneOr(
    string('a file, a folder or s3://bucket/prefix', /\S/),
    'a file, a folder or s3://bucket/prefix',
  )
    .default(null)
    .describe(
      'Labels as they come to be known: a file, a folder or s3://bucket/prefix with columns data.row_id and data.target, and optionally package, predicted_at and known_at. Default: none.',
    ),
  label_delay: durationOrZero('1825d')
    .prefault('0d')
    .describe('How long after a prediction its label is known: windows are mature so long after their end.'),
  coverage: number({ above: 0, max: 1 })
    .default(0.5)
    .describe(
      'The share of predictions in each tenth of the scores that must have a label before a window is mature.',
    ),
  drift: offOr(
    object({
      tolerance: number({ min: 0 })
        .default(0.1)
        .describe('Population stability index beyond what chance gives that is no drift.'),
      false_alarms: number({ above: 0, max: 0.5 })
        .default(0.05)
        .describe(
          'The share of healthy years with a false alarm of drift, over all scores, columns and looks.',
        ),
    }),
    '{ tolerance, false_alarms }',
  )
    .prefault({})
    .describe('Compares scores and columns with those of training. It tells people and never retrains.'),
  decay: offOr(
    object({
      metric: metric.optional().describe('The metric to watch. Default: gate.primary.'),
      min: number().optional().describe('A lower value is decay.'),
      max: number().optional().describe('A higher value is decay.'),
      tolerance: number({ above: 0 })
        .optional()
        .describe("Instead of min or max: how much worse than the bound of the package's holdout is decay."),
      mean_labels_between_false_alarms: whole({ min: 100, max: 1_000_000_000 })
        .default(20_000)
        .describe('Mean number of labels between two false alarms of a model that is as good as the limit.'),
      cool_down: durationOrZero('365d')
        .prefault('7d')
        .describe('Shortest time between two runs that decay starts (triggers.decay).'),
    }),
    '{ metric, min, max or tolerance }',
  )
    .default(null)
    .describe('Compares predictions with labels that arrive later. Default: off.'),
});

const triggers = object({
  data_landed: flag()
    .default(false)
    .describe(
      'Whether files that land start a run in mode promote: below data.source if it is s3://, else below MODEL/training/ of the data bucket.',
    ),
  scoring_landed: flag()
    .default(false)
    .describe(
      'Whether files that land start a release of the champion on them: below data.scoring if it is s3://, else below MODEL/scoring/ of the data bucket.',
    ),
  quiet: offOr(duration('1d'), 'a duration such as 90s, 30m or 1h30m, of at most 1d')
    .prefault('5m')
    .describe(
      'Files are complete when no other came for so long, or with a file named _SUCCESS. off: only with that file.',
    ),
  schedule: noneOr(schedule, 'hourly, daily, weekly, monthly, cron(...) or rate(...)')
    .default(null)
    .describe(
      "Runs in mode promote at set times, with the rows as they are then: hourly, daily, weekly, monthly, or EventBridge's cron(...) or rate(...). Default: none.",
    ),
  time_zone: string('a time zone of the IANA database such as Europe/Berlin')
    .default('UTC')
    .describe('The time zone of schedule, such as Europe/Berlin.'),
  decay: flag()
    .default(false)
    .describe(
      'Whether decay that monitoring finds starts a run in mode promote: once a package, and only with labels newer than its training.',
    ),
});

const arn = (service: string, error: string) => string(error, new RegExp(`^arn:aws[a-z-]*:${service}:\\S+$`));

const environment = object({
  account: string('12 digits in quotes, such as "111111111111"', /^\d{12}$/).describe(
    'AWS account id: 12 digits, in quotes.',
  ),
  region: string('an AWS region such as us-east-1', /^[a-z]{2}(-[a-z]+)+-\d$/).describe('AWS region.'),
  approval: flag().default(false).describe('Whether a person may approve a candidate that the gate holds.'),
  pull_request_role: flag()
    .optional()
    .describe(
      'Whether pull requests may run here, with code that nobody has reviewed. Default: unless `approval` is true.',
    ),
  vpc: noneOr(
    object({
      subnets: z
        .array(string('a subnet id such as subnet-0a1b2c3d', /^subnet-[0-9a-f]{8,17}$/), {
          error: 'a list of subnet ids',
        })
        .min(1, { error: 'at least one subnet id' })
        .max(16, { error: 'at most 16 subnet ids' })
        .describe('Subnets of every job and Lambda function.'),
      security_groups: z
        .array(string('a security group id such as sg-0a1b2c3d', /^sg-[0-9a-f]{8,17}$/), {
          error: 'a list of security group ids',
        })
        .min(1, { error: 'at least one security group id' })
        .max(5, { error: 'at most 5 security group ids' })
        .describe('Security groups of every job and Lambda function.'),
      availability_zones: z
        .array(string('an availability zone such as us-east-1a', /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/), {
          error: 'a list of availability zones',
        })
        .default([])
        .describe("The subnets' zones, in the same order; only prepare.engine glue needs them."),
    }),
    '{ subnets, security_groups }',
  )
    .default(null)
    .describe('An existing VPC to run in. Default: none.'),
  kms_key: noneOr(
    arn('kms', 'the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID'),
    'the ARN of a KMS key',
  )
    .default(null)
    .describe('Customer managed key that encrypts everything at rest. Default: keys that AWS owns.'),
  data_kms_keys: z
    .array(
      string(
        'the ARN of a KMS key, not of an alias: arn:aws:kms:REGION:ACCOUNT:key/ID',
        /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
      ),
      { error: 'a list of ARNs of KMS keys' },
    )
    .max(10, { error: 'at most 10 keys' })
    .default([])
    .describe('KMS keys that encrypt data in other buckets, which `data.source` or `data.scoring` names.'),
  permissions_boundary: noneOr(
    arn('iam', 'the ARN of an IAM policy: arn:aws:iam::ACCOUNT:policy/NAME'),
    'the ARN of an IAM policy',
  )
    .default(null)
    .describe('Permissions boundary of every role that the stacks create.'),
  repository_dispatch: noneOr(
    object({
      repository: string(
        'a repository on github.com: OWNER/REPOSITORY',
        /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!\.{1,2}$)[\w.-]{1,100}$/,
      ).describe('The repository on github.com whose workflow Retrain is started: OWNER/REPOSITORY.'),
      connection: string(
        'the ARN of an EventBridge connection: arn:aws:events:REGION:ACCOUNT:connection/NAME/ID',
        /^arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:connection\/[\w.-]+\/[A-Za-z0-9-]+$/,
      ).describe('EventBridge connection that keeps a token of GitHub (infra/README.md has the commands).'),
    }),
    '{ repository, connection }',
  )
    .default(null)
    .describe(
      'Training data that land start the workflow Retrain on GitHub, in place of the run on AWS. Needs `triggers.data_landed: true`, `triggers.quiet: off` and `data.source` on S3. Default: none.',
    ),
  network_isolation: flag().default(false).describe('Training jobs and models run without network access.'),
  tags: z
    .record(z.string(), text('a text'), { error: 'a mapping of names to texts' })
    .default({})
    .describe('Tags of every resource.'),
});

/** A name that fits into SageMaker's and IAM's names: no dots, no two hyphens in a row. */
const name = () =>
  string(
    'a name of 2 to 20 lower-case letters, digits and hyphens that starts with a letter and ends with a letter or digit',
    namePattern,
  );

export const configFile = object({
  project: name().describe(
    'Name of the project; the names of all resources and jobs start with it. At most 20 characters.',
  ),
  name: name()
    .optional()
    .describe(
      "Name of the model. Only in a model's own file, where a project has several. Default: the folder's name.",
    ),
  problem: choice(problems).describe('What to predict: one of two classes, one of several, or a number.'),
  data: data.describe('The rows to learn from.'),
  model: model.prefault({}).describe('The model container; SageMaker runs its train and serve.'),
  prepare: prepare.prefault({}).describe('The job that checks, splits and lays out the data.'),
  training: training.prefault({}).describe('The training job.'),
  tuning: offOr(tuning, 'a mapping').default(null).describe('Search for hyperparameters. Default: off.'),
  gate: gate.prefault({}).describe('The checks that a candidate must pass to be promoted.'),
  inference: inference
    .prefault({})
    .describe('How models predict. Each run scores the holdout with a batch transform job.'),
  monitoring: offOr(monitoring, 'a mapping')
    .default(null)
    .describe('Looks at production after a release. Default: off.'),
  triggers: triggers.prefault({}).describe('What starts a run, besides people and pull requests.'),
  budget: object({
    max_run_usd: offOr(number({ above: 0 }), 'a number above 0')
      .default(25)
      .describe(
        'Highest estimated cost of a run, in US dollars. A run with a higher estimate does not start. off: no limit.',
      ),
  })
    .prefault({})
    .describe('What a run may cost.'),
  report: object({
    min_group: whole({ min: 1 })
      .default(10)
      .describe(
        'Least number of rows of a group, such as a slice, that is shown outside the private report.',
      ),
  })
    .prefault({})
    .describe('What reports show to everybody.'),
  notifications: object({
    email: z
      .array(string('an email address', /^[^\s@]+@[^\s@]+\.[^\s@]+$/), { error: 'a list of email addresses' })
      .default([])
      .describe(
        "Addresses that get each environment's alarms (failed runs included) and the alerts of its monthly budget. Verdicts are not mailed.",
      ),
  })
    .prefault({})
    .describe('Who is notified.'),
  environments: z
    .record(z.string(), environment, { error: 'a mapping of names to environments' })
    .default({})
    .describe('AWS accounts to deploy to. A laptop needs none.'),
});

const lossLike = /loss|error|rmse|mse|mae|mape|brier/i;

/** Sets the defaults that depend on other fields. */
function fillIn(given: z.output<typeof configFile>) {
  const { data, model, tuning, monitoring, problem, project } = given;
  const output = model.output ?? usualOutput(problem);
  const gate = fillInGate(given.gate, problem, output);
  return {
    ...given,
    name: given.name ?? project,
    data: {
      ...data,
      split: fillInSplit(data.split),
      format: data.format ?? (/\.parquet(\.gz)?$/.test(data.source) ? 'parquet' : 'csv'),
    },
    model: { ...model, output, context: model.context ?? (model.image === null ? 'model' : null) },
    tuning: tuning && fillInTuning(tuning, Object.keys(given.training.metrics)),
    gate,
    monitoring: monitoring && {
      ...monitoring,
      window: monitoring.window ?? periodOf(monitoring.schedule),
      decay: monitoring.decay && { ...monitoring.decay, metric: monitoring.decay.metric ?? gate.primary },
    },
  };
}

/** How rows are divided into training rows and holdout; `embargo` is in seconds. */
export type Split =
  | { by: 'hash' }
  | { by: 'group'; column: string }
  | { by: 'time'; column: string; embargo: number }
  | { by: 'file'; source: string };

/** The place of the holdout's rows, if data.split names one; null if the holdout is a part of data.source. */
export const holdoutSource = ({ split }: { split: Split }): string | null =>
  split.by === 'file' ? split.source : null;

/** A missing key becomes empty, which rules.ts refuses. */
function fillInSplit({ by, ...given }: { by: Split['by'] } & Partial<z.output<typeof split>>): Split {
  const { column = '', embargo = 0, source = '' } = given;
  switch (by) {
    case 'hash':
      return { by };
    case 'group':
      return { by, column };
    case 'time':
      return { by, column, embargo };
    case 'file':
      return { by, source };
  }
}

const usualOutput = (problem: Problem) => (problem === 'regression' ? 'value' : 'probability');

const usualPrimary = { binary: 'roc_auc', multiclass: 'log_loss', regression: 'rmse' } as const;
const usualSliceMetric = { binary: 'roc_auc', multiclass: 'accuracy', regression: 'rmse' } as const;

function fillInGate(
  given: z.output<typeof gate>,
  problem: Problem,
  output: 'probability' | 'label' | 'value',
) {
  const labelsOnly = output === 'label' && problem !== 'regression';
  const primary = given.primary ?? (labelsOnly ? 'accuracy' : usualPrimary[problem]);
  const marginOf = (name: Metric, amount: number, share: `${number}%`) =>
    metricFacts(name).scaleFree ? amount : share;
  const sliceMetric = given.slices?.metric ?? (labelsOnly ? 'accuracy' : usualSliceMetric[problem]);
  return {
    ...given,
    primary,
    champion: { ...given.champion, margin: given.champion.margin ?? marginOf(primary, 0.03, '5%') },
    anchor: { ...given.anchor, margin: given.anchor.margin ?? marginOf(primary, 0.05, '10%') },
    slices: given.slices && {
      ...given.slices,
      metric: sliceMetric,
      max_drop: given.slices.max_drop ?? marginOf(sliceMetric, 0.1, '20%'),
    },
  };
}

/** The gate's settings when mlops.yaml has no gate block. */
export const defaultGate = (problem: Problem) => fillInGate(gate.parse({}), problem, usualOutput(problem));

function fillInTuning(given: z.output<typeof tuning>, names: string[]) {
  const metric = given.objective.metric ?? (names.length === 1 ? (names[0] ?? '') : '');
  const goal = given.objective.goal ?? (lossLike.test(metric) ? 'minimize' : 'maximize');
  const max_jobs = given.max_jobs ?? (given.strategy === 'grid' ? gridSize(given.ranges) : 10);
  return {
    ...given,
    objective: { metric, goal },
    max_jobs,
    parallel_jobs: given.parallel_jobs ?? Math.min(2, max_jobs),
  };
}

/** Number of combinations of the ranges' values. A range with min and max counts as one; grid refuses it. */
export const gridSize = (ranges: z.output<typeof tuning>['ranges']): number =>
  Object.values(ranges).reduce((product, range) => product * (Array.isArray(range) ? range.length : 1), 1);

/** Turns mlops.yaml as it is written into the config with every default filled in. */
export const configSchema = configFile.transform(fillIn);

/** mlops.yaml with every default filled in: `off` and `none` are null, durations are seconds. */
export type Config = z.output<typeof configSchema>;
