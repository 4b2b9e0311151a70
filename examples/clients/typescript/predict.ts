/**
 * Asks a prediction service: node predict.ts URL RECORDS.json
 *
 * URL is that of `mlops serve`, or of the HTTP API on AWS. It needs nothing but fetch.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

type Value = number | string | boolean | null;
type InputRecord = Record<string, Value>;

interface Prediction {
  /** The row id, if the record had one. */
  id?: string;
  /** Probability of the positive or decided class, or the value; null for a model that answers labels alone. */
  score: number | null;
  /** The decided class; null for regression. */
  decision: string | null;
  /** The probability of every class, of which there are more than two. */
  scores?: Record<string, number>;
  contributions: { name: string; value: number }[];
  /** Columns with a category that training did not know. */
  unseen?: string[];
  package: string;
}

interface Problem {
  /** From 1; null: the request as a whole. */
  record: number | null;
  column: string | null;
  message: string;
}

/** The service refused the records, or did not answer. */
export class PredictionError extends Error {
  readonly problems: readonly Problem[];

  constructor(status: number, problems: readonly Problem[]) {
    const lines = problems.map(({ record, column, message }) => `record ${record}, ${column}: ${message}`);
    super(`status ${status}: ${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** One prediction for each record, in their order. Waits while nothing is released, `attempts` times at most. */
export async function predict(url: string, records: InputRecord[], attempts = 3): Promise<Prediction[]> {
  const response = await fetch(new URL('predict', url.endsWith('/') ? url : `${url}/`), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ records }),
  });
  if (response.status === 503 && attempts > 1) {
    await delay(1000 * Number(response.headers.get('Retry-After') ?? 1));
    return await predict(url, records, attempts - 1);
  }
  const answer = (await response.json()) as { predictions?: Prediction[]; errors?: Problem[] };
  if (!response.ok || answer.predictions?.length !== records.length)
    throw new PredictionError(response.status, answer.errors ?? []);
  return answer.predictions;
}

if (import.meta.main) {
  const [url = '', file = ''] = process.argv.slice(2);
  const records = JSON.parse(await readFile(file, 'utf8')) as InputRecord[];
  for (const prediction of await predict(url, records)) console.log(JSON.stringify(prediction));
}
