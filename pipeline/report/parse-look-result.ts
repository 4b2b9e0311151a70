import * as z from 'zod';
import type { LookResult } from './look-result.ts';
import { count, interval, list, parse, text, time } from './parse-report.ts';

const share = z.number().min(0).max(1);
const duration = z.number().nonnegative();
/** Rows, or that there are fewer than report.min_group. */
const few = z.union([count, z.literal('few')]);
/** Labels as detectors read them, where some count in part. */
const terms = z.number().nonnegative();
const problem = z.enum(['binary', 'multiclass', 'regression']);
const finding = z.enum(['healthy', 'watch', 'decayed', 'cannot tell']);
const outcome = z.enum(['pass', 'alarm', 'not yet', 'cannot tell']);
const estimate = z.object({ value: z.number(), interval });
const measured = z.object({ value: z.number(), interval, n: count });

const evidence = z.object({
  kind: z.enum(['scores', 'column', 'missing', 'categories', 'estimate', 'labels', 'breach']),
  name: text,
  outcome,
  detail: text,
  value: z.number().nullable(),
  interval: interval.nullable(),
  limit: z.number().nullable(),
  level: share.nullable(),
  n: terms,
  window: z.object({ start: time, end: time }).nullable(),
});

const found = z.object({
  model: text,
  package: text.nullable(),
  at: time,
  finding,
  reason: text,
  evidence: list(evidence),
  blind: list(text),
  next: list(text),
  card: z.object({
    watched: list(text),
    budget: z.object({
      drift: z
        .object({
          false_alarms_per_year: z.number().nonnegative(),
          windows_per_year: z.number().nonnegative(),
          judged: count,
          spent: z.number().nonnegative(),
        })
        .nullable(),
      labels: z.object({ mean_labels_between_false_alarms: z.number().positive(), read: terms }).nullable(),
    }),
    smallest: list(text),
    cannot_see: list(text),
  }),
});

const window = z.object({
  package: text,
  start: time,
  end: time,
  rows: count,
  scores: z.object({ outcome, value: z.number().nullable(), limit: z.number().nullable() }).nullable(),
  columns: list(text),
  why: text.nullable(),
  estimate: estimate.nullable(),
  measured: measured.nullable(),
  labels: z.object({
    state: z.enum(['not yet', 'mature']),
    why: text.nullable(),
    due: time,
    count,
    version: count,
    late: count,
  }),
});

const drift = z.object({
  package: text,
  start: time,
  end: time,
  rows: count,
  reference: count,
  scores: list(
    z.object({
      name: text,
      edges: list(z.number()),
      reference: list(z.number()),
      window: list(z.number()),
      bad: count,
      evidence: evidence.nullable(),
    }),
  ),
  decisions: list(z.object({ label: text, reference: z.number(), window: z.number() })),
  columns: list(
    z.object({
      name: text,
      type: z.enum(['number', 'category']),
      absent: z.boolean(),
      bins: list(z.object({ label: text, reference: z.number(), window: z.number() })),
      rows: z.object({ reference: count, window: count }),
      missing: z.object({ reference: few, window: few }),
      unseen: few.nullable(),
      evidence: list(evidence),
    }),
  ),
  more: count,
});

const labels = z.object({
  package: text,
  start: time,
  end: time,
  count,
  late: count,
  version: count,
  coverage: list(z.object({ rows: few, labelled: few })),
  metrics: list(
    z.object({ name: text, measured, estimate: estimate.nullable(), reference: z.number().nullable() }),
  ),
});

const report = z.object({
  version: z.literal(1),
  project: text,
  model: text,
  problem,
  execution: text,
  trigger: text,
  finding: found,
  watched: z.object({
    window: duration,
    label_delay: duration,
    coverage: share,
    truth: z.boolean(),
    drift: z.object({ tolerance: z.number().nonnegative(), false_alarms: share }).nullable(),
    decay: z
      .object({ mean_labels_between_false_alarms: z.number().positive(), retrains: z.boolean() })
      .nullable(),
    metric: text,
    limit: z.number().nullable(),
  }),
  reference: z
    .object({
      package: text,
      rows: count,
      metrics: z.record(text, z.object({ value: z.number(), interval: interval.nullable() })),
    })
    .nullable(),
  windows: list(window),
  earlier: count,
  events: list(
    z.object({
      at: time,
      kind: z.enum(['promotion', 'rollback', 'return', 'release', 'drift alarm', 'decay alarm']),
      package: text,
      details: list(text),
    }),
  ),
  drift: drift.nullable(),
  labels: labels.nullable(),
  record: list(z.object({ metric: text, held: count, of: count })),
  truth: z
    .object({
      rows: count,
      conflicts: count,
      unknown: count,
      early: count,
      future: count,
      bad: count,
      matched: count,
    })
    .nullable(),
  notes: list(text),
  privacy: z.object({ sensitive: list(text), min_group: count, row_id: text.nullable() }),
});

const result = z.object({
  version: z.literal(1),
  project: text,
  model: text,
  execution: text,
  status: z.enum(['succeeded', 'failed', 'cancelled']),
  at: time.nullable(),
  package: text.nullable(),
  finding: finding.nullable(),
  reason: text,
  superseded: z.boolean(),
  retrain: z.object({ wanted: z.boolean(), why: text }),
  cool_down: duration,
  report: report.nullable(),
  failure: z.object({ step: text, error: text, cause: text, log: list(text), hint: text }).nullable(),
  links: list(z.object({ label: text, url: text })),
});

/** Compiles only if the schema has exactly the fields of the type. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
true satisfies Equal<z.output<typeof result>, LookResult>;

/**
 * Parses what run-pipeline wrote of a look. The job that wrote it ran programs on rows, so its size and that of every part is
 * bounded, and no number is NaN or infinite. Unknown fields are dropped.
 * @throws ReportError with the first problems: where, what was found, what was expected
 */
export const parseLookResult = (json: string): LookResult => {
  const parsed = parse(json, result, 'look');
  if (parsed.finding !== null && parsed.status !== 'succeeded')
    return { ...parsed, finding: null, retrain: { wanted: false, why: 'The look did not end well.' } };
  return parsed;
};
