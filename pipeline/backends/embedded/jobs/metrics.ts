import type { Metric } from './api.ts';
import { serviceError } from './errors.ts';

interface Definition {
  Name: string;
  Regex: string;
}

/** Reads metrics from a log while it is written: the last number in each definition's first group counts. */
export class MetricReader {
  readonly #definitions: readonly { name: string; source: string; regex: RegExp }[];
  readonly #last = new Map<string, Metric>();

  /** @throws `SageMaker.ValidationException` if an expression is invalid or has no group */
  constructor(definitions: readonly Definition[]) {
    this.#definitions = definitions.map(({ Name, Regex }) => ({
      name: Name,
      source: Regex,
      regex: compile(Name, Regex),
    }));
  }

  read(line: string, at: Date): void {
    for (const { name, regex } of this.#definitions) {
      for (const match of line.matchAll(regex)) {
        const text = match[1]?.trim();
        const value = text ? Number(text) : Number.NaN;
        if (Number.isFinite(value)) {
          this.#last.set(name, { MetricName: name, Value: value, Timestamp: at.toISOString() });
        }
      }
    }
  }

  /** The FinalMetricDataList: the metrics seen, in the order of the definitions. */
  final(): Metric[] {
    return this.#definitions.flatMap(({ name }) => this.#last.get(name) ?? []);
  }

  /** A sentence for each definition that has found no number yet. */
  missing(): string[] {
    return this.#definitions
      .filter(({ name }) => !this.#last.has(name))
      .map(
        ({ name, source }) =>
          `training.metrics.${name} has no value: no line that train printed has a number where "${source}" looks for it`,
      );
  }
}

function compile(name: string, source: string): RegExp {
  const at = `MetricDefinitions: ${name}: ${JSON.stringify(source)}`;
  try {
    // An added alternative that always matches shows how many groups there are.
    if (new RegExp(`${source}|`).exec('')?.length !== 1) return new RegExp(source, 'g');
  } catch (error) {
    throw serviceError('ValidationException', `${at}: ${(error as Error).message}`);
  }
  throw serviceError('ValidationException', `${at}: expected a group in parentheses around the number`);
}
