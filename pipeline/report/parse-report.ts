import * as z from 'zod';
import type { Verdict } from '../gate/verdict.ts';
import { cleanText } from './clean-text.ts';
import type { Report } from './report.ts';

/** A run's JSON that is not a report. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/** Limits far above any real report, within which every rendering is fast. */
const mostBytes = 8 * 1024 * 1024;
const mostCharacters = 32_768;
const mostItems = 10_000;
/** Most items of a list: features of a wide table, files of a change, lines of a log. */
const mostLines = 100_000;
const mostPoints = 1000;
const mostKeys = 1000;

export const text = z.string().max(mostCharacters);
export const list = <Item extends z.ZodType>(item: Item, most = mostItems) => z.array(item).max(most);
export const settings = <Value extends z.ZodType>(value: Value) =>
  z.record(text, value).refine((record) => Object.keys(record).length <= mostKeys, {
    error: `expected at most ${mostKeys} keys`,
  });
export const count = z.int().nonnegative();
const duration = z.number().nonnegative();
export const time = z.iso.datetime({ offset: true });
const share = z.number().min(0).max(1);
export const interval = z
  .tuple([z.number(), z.number()])
  .refine(([lower, upper]) => lower <= upper, { error: 'expected the lower end first' });

const metricResult = z.object({
  candidate: z.number(),
  champion: z.number().nullable(),
  interval: interval.nullable(),
  champion_interval: interval.nullable(),
  difference: z.number().nullable(),
  difference_interval: interval.nullable(),
  p_value: share.nullable(),
  method: z.enum(['score', 'clustered score', 'bootstrap', 'cluster bootstrap', 'none']),
  delong: z
    .object({
      interval: interval.nullable(),
      champion_interval: interval.nullable(),
      difference_interval: interval.nullable(),
      p_value: share.nullable(),
    })
    .exactOptional(),
  note: text.exactOptional(),
});

const outcome = z.enum(['pass', 'fail', 'inconclusive', 'not_judged']);

const sliceResult = z.object({
  column: text,
  value: text,
  n: count,
  positives: count.nullable(),
  metric: text,
  candidate: z.number().nullable(),
  champion: z.number().nullable(),
  interval: interval.nullable().exactOptional(),
  difference: z.number().nullable(),
  difference_interval: interval.nullable(),
  gap: z.object({ reference: text, value: z.number(), interval: interval.nullable() }).exactOptional(),
  level: share.nullable(),
  outcome,
  reason: text,
  note: text.exactOptional(),
});

const check = z.object({
  name: text,
  outcome,
  detail: text,
  value: z.number().nullable(),
  bound: z.number().nullable(),
  limit: z.number().nullable(),
  confidence: share.nullable(),
});

const verdict = z.object({
  outcome: z.enum(['promote', 'hold', 'reject']),
  reason: text,
  n: count,
  positives: count.nullable(),
  seed: z.number(),
  confidence: share,
  smallest_detectable_difference: z.number().nullable(),
  power: z.object({ margin: z.number(), equal_passes: share, rows_for_80: count }).nullable(),
  holdout_uses: count,
  primary: text,
  enforced: z.boolean(),
  metrics: settings(metricResult),
  slices: list(sliceResult),
  checks: list(check),
  check_counts: z.object({ pass: count, fail: count, inconclusive: count, not_judged: count }),
  sealed: z.literal(true).exactOptional(),
  notes: list(text),
});

const model = z.object({
  package: text.nullable(),
  image: text,
  prepare_image: text.optional(),
  hyperparameters: settings(text),
  threshold: z.number().nullable(),
  origin: z.enum(['candidate', 'champion', 'baseline']),
  trained_at: text.nullable(),
});

const rows = z.object({ rows: count, positives: count.nullable() });
const points = list(z.tuple([z.number(), z.number()]), mostPoints);
const numbers = list(z.number(), mostPoints);
const bins = list(z.object({ predicted: z.number(), observed: z.number(), n: count, interval }), mostPoints);

const plots = z.object({
  roc: points.exactOptional(),
  pr: points.exactOptional(),
  calibration: bins.exactOptional(),
  decision: z.object({ net_benefit: points, prevalence: share, threshold: share.nullable() }).exactOptional(),
  histogram: z.object({ edges: numbers, negatives: numbers, positives: numbers }).exactOptional(),
  confusion: z
    .object({ classes: list(text, mostPoints), counts: list(numbers, mostPoints) })
    .refine(({ classes, counts }) => [counts, ...counts].every(({ length }) => length === classes.length), {
      error: 'expected as many rows and columns as classes',
    })
    .exactOptional(),
  confidence: bins.exactOptional(),
  roc_by_class: list(z.object({ class: text, roc: points }), mostPoints).exactOptional(),
  predicted_actual: points.exactOptional(),
  rows_per_point: count.exactOptional(),
  residuals: z.object({ edges: numbers, counts: numbers }).exactOptional(),
});

const tuning = z.object({
  strategy: text,
  ran_as: text,
  objective: z.object({ metric: text, goal: z.enum(['maximize', 'minimize']) }),
  trials: list(
    z.object({
      name: text,
      hyperparameters: settings(text),
      value: z.number().nullable(),
      seconds: duration,
      status: z.enum(['completed', 'failed', 'stopped']),
      guided: z.boolean().exactOptional(),
    }),
  ),
  best: text.nullable(),
  warm_start: z.object({ parents: z.number(), best: z.number().nullable() }).exactOptional(),
  guidance: z
    .object({
      guide: z
        .object({
          runs: count,
          trials: count,
          parts: z.object({ first: count, guided: count, random: count }),
          first: settings(text),
          ranges: settings(
            z.union([
              list(text, mostKeys),
              z.object({
                min: text,
                max: text,
                type: z.enum(['continuous', 'integer']),
                scale: z.enum(['linear', 'logarithmic', 'reverse_logarithmic']),
              }),
            ]),
          ),
        })
        .nullable(),
      why: text.nullable(),
      standing: z.object({
        runs: count,
        guided: count,
        random: count,
        won: count,
        better: share.nullable(),
        interval: interval.nullable(),
      }),
    })
    .exactOptional(),
});

const run = z.object({
  execution: text,
  mode: z.enum(['evaluate', 'promote']),
  trigger: text,
  reason: text.nullable(),
  started_at: time,
  finished_at: time,
  seconds: duration,
  commit: z.object({ sha: text, ref: text.nullable(), dirty: z.boolean() }).nullable(),
  fingerprint: text,
  status: z.enum(['succeeded', 'failed', 'cancelled']),
  promotion: z.object({ promoted: z.boolean(), package: text.nullable(), detail: text }),
});

const report = z.object({
  version: z.literal(1),
  project: text,
  model: text,
  problem: z.enum(['binary', 'multiclass', 'regression']),
  backend: z.enum(['embedded', 'aws']),
  environment: text.nullable(),
  run,
  verdict: verdict.nullable(),
  failure: z
    .object({ step: text, error: text, cause: text, log: list(text, mostLines), hint: text })
    .nullable(),
  candidate: model.nullable(),
  champion: model.nullable(),
  data: z
    .object({
      source: text,
      version: text,
      target: text,
      positive: text.nullable(),
      positive_defaulted: z.boolean(),
      labels: list(text),
      train: rows,
      holdout: rows,
      split: z
        .object({
          by: z.enum(['hash', 'group', 'time', 'file']),
          column: text.exactOptional(),
          groups: z.object({ train: count, holdout: count }).exactOptional(),
          boundary: text.exactOptional(),
          embargo: z.number().nonnegative().exactOptional(),
          embargoed: count.exactOptional(),
          source: text.exactOptional(),
        })
        .exactOptional(),
      groups: count.exactOptional(),
    })
    .nullable(),
  plots: z.object({ candidate: plots, champion: plots.nullable() }).nullable(),
  explanation: z
    .object({
      kind: text,
      unit: text,
      features: list(
        z.object({
          name: text,
          value: z.number(),
          champion: z.number().nullable().exactOptional(),
          class: text.exactOptional(),
        }),
        mostLines,
      ),
    })
    .nullable(),
  tuning: tuning.nullable(),
  changes: list(
    z.object({
      what: z.enum(['code', 'data', 'config', 'image', 'hyperparameters']),
      path: text,
      from: text.nullable(),
      to: text.nullable(),
    }),
    mostLines,
  ).nullable(),
  steps: list(z.object({ name: text, seconds: duration, reused: z.boolean(), saved_seconds: duration })),
  cost: z.object({
    estimated_usd: duration.nullable(),
    actual_usd: duration.nullable(),
    note: text,
  }),
  release: z
    .object({
      mode: z.enum(['batch', 'endpoint', 'serverless']),
      source: text.nullable(),
      rows: count.nullable(),
      places: list(z.object({ environment: text, cost: text }), mostKeys),
      note: text,
    })
    .nullable()
    .exactOptional(),
  notes: list(text),
  model_notes: list(text).exactOptional(),
  privacy: z.object({ sensitive: list(text), min_group: count, row_id: text.nullable() }).exactOptional(),
  links: list(z.object({ label: text, url: text })),
});

/** Compiles only if both schemas have exactly the fields of their types. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
true satisfies Equal<z.output<typeof report>, Report>;
true satisfies Equal<z.output<typeof verdict>, Verdict>;

/**
 * Parses a run's JSON as a report. The text may come from anybody (a fork's artifact), so its size and that of every
 * part is bounded, and no number is NaN or infinite. Unknown fields are dropped.
 * @throws ReportError with the first problems: where, what was found, what was expected
 */
export function parseReport(text: string): Report {
  return parse(text, report, 'report');
}

/** Parses the verdict that gate-promotion wrote, with the same bounds as parseReport. */
export function parseVerdict(text: string): Verdict {
  return parse(text, verdict, 'verdict');
}

/** Parses JSON of bounded size by a schema. Throws ReportError with the first problems. */
export function parse<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  what: string,
): z.output<Schema> {
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) throw new ReportError(`${what}: got ${bytes} bytes, expected at most ${mostBytes}`);
  const value = jsonOf(text, what);
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const problems = error.issues.slice(0, 3).map((issue) => `${what}: ${problem(issue, value)}`);
  const more = error.issues.length - problems.length;
  throw new ReportError([...problems, ...(more > 0 ? [`and ${more} more problems`] : [])].join('\n'));
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ReportError(`${what}: expected JSON: ${cleanText((error as Error).message, 200)}`);
  }
}

function problem({ path, message }: z.core.$ZodIssue, value: unknown): string {
  const found = path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  const where = cleanText(path.map(String).join('.'), 200);
  return `${where === '' ? '' : `${where}: `}got ${shown(found)}: ${message}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  // JSON.parse reads 1e999 as Infinity, which JSON cannot write.
  if (typeof value === 'number') return String(value);
  return cleanText(JSON.stringify(value).slice(0, 200), 60);
}
