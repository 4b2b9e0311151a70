import * as z from 'zod/mini';
import { championKind } from '../../../steps/context.ts';
import { findingKind, monitoringKind, retrainKind } from '../../../steps/monitor/records.ts';
import {
  championChangeKind,
  deliveredKind,
  deployedKind,
  pointerKind,
  rolledBackKind,
} from '../../../steps/release/records.ts';
import { releaseKind } from '../../../steps/release/release-record.ts';
import { runKind } from '../../../steps/train/run-record.ts';

const text = z.string();
const mapping = z.looseObject({});

/** The least that each kind of record must have for its readers. Records of earlier versions of the template pass. */
const shapes: Record<string, z.ZodMiniType> = {
  [championKind]: z.looseObject({ package: text, execution: text }),
  [runKind]: z.looseObject({
    execution: text,
    status: text,
    started_at: text,
    finished_at: text,
    state: z.looseObject({
      request: z.looseObject({ config: mapping, trigger: mapping, data: mapping, images: mapping }),
    }),
    steps: z.array(mapping),
  }),
  [championChangeKind]: z.looseObject({ package: text, kind: text, at: text }),
  [deliveredKind]: z.looseObject({ release: text, rows: z.number(), output: text }),
  [deployedKind]: z.looseObject({ config: mapping, images: mapping }),
  [pointerKind]: z.looseObject({ release: text, package: text, mode: text }),
  [releaseKind]: z.looseObject({
    release: text,
    status: text,
    started_at: text,
    finished_at: text,
    request: mapping,
    state: mapping,
  }),
  [monitoringKind]: z.looseObject({ uri: text, sha256: text, execution: text, at: text }),
  [findingKind]: z.looseObject({
    look: text,
    status: text,
    started_at: text,
    finished_at: text,
    request: mapping,
    state: mapping,
    retrain: mapping,
  }),
  [retrainKind]: z.looseObject({ look: text, at: text }),
  [rolledBackKind]: z.looseObject({ package: text, allowed: z.boolean() }),
  execution: z.looseObject({ arn: text }),
  holdout: z.union([z.looseObject({ holdout: text }), z.looseObject({ rows: text })]),
  lease: z.looseObject({ execution: z.nullable(text), until: text }),
  look: mapping,
  model: z.looseObject({ trained: z.looseObject({ artifact: text, hyperparameters: mapping }) }),
  package: z.looseObject({
    name: text,
    status: text,
    fingerprint: text,
    execution: text,
    image: text,
    artifact: text,
    preparation: mapping,
    config: text,
    code: text,
  }),
  partition: z.looseObject({ location: text, rows: z.nullable(z.number()), at: text }),
  prepared: z.looseObject({ output: text }),
  scores: z.looseObject({ output: text }),
};

/** What is wrong with a record of this kind; null if it has what its readers need, or no reader is known here. */
export function recordProblem(kind: string, value: unknown): string | null {
  const [first = ''] = kind.split('/');
  const shape = shapes[first.startsWith('look-') ? 'look' : first];
  const issue = shape?.safeParse(value).error?.issues[0];
  if (issue === undefined) return null;
  const place = issue.path.join('.');
  return `JSON of another shape (${place === '' ? 'the whole' : place}: ${issue.message})`;
}
