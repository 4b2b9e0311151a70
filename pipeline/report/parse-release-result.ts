import * as z from 'zod';
import { count, interval, list, parse, settings, text, time } from './parse-report.ts';
import type { ReleaseResult } from './release-result.ts';

const share = z.number().min(0).max(1);
const counts = list(count);

const summary = z.object({
  version: z.literal(1),
  problem: z.enum(['binary', 'multiclass', 'regression']),
  rows: count,
  threshold: z.number().nullable(),
  labels: list(text),
  positive: text.nullable(),
  score: z
    .object({
      edges: list(z.number()),
      counts,
      previous_counts: counts.nullable(),
      mean: z.number(),
      previous_mean: z.number().nullable(),
    })
    .nullable(),
  decisions: list(z.object({ label: text, rows: count, previous_rows: count.nullable() })),
  flips: z
    .object({ compared: count, changes: list(z.object({ from: text, to: text, rows: count })) })
    .nullable(),
  slices: list(
    z.object({
      column: text,
      value: text,
      rows: count,
      mean_score: z.number().nullable(),
      share: share.nullable(),
      previous_share: share.nullable(),
      flipped: count.nullable(),
    }),
  ),
  factors: list(z.object({ name: text, rows: count, mean_absolute: z.number(), mean: z.number() })),
  kept_back: list(text),
});

const predictions = z.object({
  path: text,
  source: text,
  data_version: text,
  rows: count,
  rejected: z.object({ rows: count, examples: list(text) }),
  unseen: list(z.object({ column: text, rows: count, examples: list(text) })),
  warnings: list(text),
  summary,
});

const card = z.object({
  image: text,
  fingerprint: text,
  trained_at: text,
  commit: text.nullable(),
  data: z.object({ source: text, version: text }),
  hyperparameters: settings(text),
  threshold: z.number().nullable(),
  target: text,
  positive: text.nullable(),
  labels: list(text),
  features: list(text),
  kept_from_model: list(text),
  metrics: list(z.object({ name: text, value: z.number(), interval: interval.nullable() })),
  holdout: z.object({ rows: count, positives: count.nullable() }),
  verdict: z.object({ outcome: text, reason: text }),
  intended_use: text.nullable(),
  limits: list(text),
});

const report = z.object({
  version: z.literal(1),
  project: text,
  model: text,
  problem: z.enum(['binary', 'multiclass', 'regression']),
  release: text,
  kind: z.enum(['release', 'rollback']),
  mode: z.enum(['batch', 'endpoint', 'serverless']),
  reason: text.nullable(),
  trigger: text,
  released_at: time,
  package: text,
  previous: z.object({ release: text, package: text, released_at: text }).nullable(),
  reused: text.nullable(),
  predictions: predictions.nullable(),
  card,
  notes: list(text),
  privacy: z.object({ sensitive: list(text), min_group: count, row_id: text.nullable() }),
});

const result = z.object({
  version: z.literal(1),
  kind: z.enum(['release', 'rollback']),
  project: text,
  model: text,
  execution: text,
  status: z.enum(['succeeded', 'failed', 'cancelled']),
  release: text.nullable(),
  package: text.nullable(),
  moved: z.boolean(),
  previous: z.object({ release: text, package: text }).nullable(),
  left: z
    .object({
      package: text,
      commit: z
        .string()
        .regex(/^[0-9a-f]{40}$/, 'expected a commit')
        .nullable(),
    })
    .nullable(),
  predictions: z.object({ rows: count, path: text }).nullable(),
  report: report.nullable(),
  page_problem: text.nullable(),
  reason: text.nullable(),
  actor: text.nullable(),
  notes: list(text),
  failure: z.object({ step: text, error: text, cause: text, log: list(text), hint: text }).nullable(),
  links: list(z.object({ label: text, url: text })),
});

/** Compiles only if the schema has exactly the fields of the type. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
true satisfies Equal<z.output<typeof result>, ReleaseResult>;

/**
 * Parses what run-pipeline wrote of a release. A job that runs the model's code wrote it, so its size and that of every part
 * is bounded, and no number is NaN or infinite. Unknown fields are dropped.
 * @throws ReportError with the first problems: where, what was found, what was expected
 */
export const parseReleaseResult = (json: string): ReleaseResult => parse(json, result, 'release');
