import type { FindingName } from '../../pipeline/monitor/finding.ts';
import type { LookResult } from '../../pipeline/report/look-result.ts';

/** What an issue on looks at production remembers, in a line that nobody sees. */
export interface Memory {
  /** What the last look found; null: there was none. */
  finding: FindingName | 'failed' | null;
  /** For which package a run was asked for last, and when (ISO 8601). */
  asked: { package: string; at: string } | null;
}

const start = '<!-- mlops-look:';
const names: readonly unknown[] = ['healthy', 'watch', 'decayed', 'cannot tell', 'failed'];

/** The line for an issue's body, after its first one. */
export const memoryLine = (memory: Memory): string =>
  `${start}${encodeURIComponent(JSON.stringify(memory))} -->`;

/**
 * The memory that an issue's body holds. A body that a person has broken counts as one that asked for a run now: null would let the
 * same package be trained for again.
 */
export function memoryIn(body: string): Memory {
  const line = body.split('\n').find((each) => each.startsWith(start));
  if (line === undefined) return { finding: null, asked: body === '' ? null : forgotten };
  try {
    const text = line.slice(start.length).replace(/ -->\s*$/, '');
    const { finding, asked } = JSON.parse(decodeURIComponent(text)) as Partial<Memory>;
    const isKnown =
      asked === null || (typeof asked?.package === 'string' && Number.isFinite(Date.parse(asked.at)));
    return {
      finding: names.includes(finding) ? (finding ?? null) : null,
      asked: isKnown ? asked : forgotten,
    };
  } catch {
    return { finding: null, asked: forgotten };
  }
}

/** A run may have been asked for, for any package, at any time. */
const forgotten = { package: '*', at: '9999-12-31T00:00:00Z' };

/** Whether a look's run is to be asked for: once a package, and not within the cool-down of the last one. */
export function shouldRetrain(
  { retrain, package: name, cool_down, superseded, status }: LookResult,
  { asked }: Memory,
  now: Date,
): boolean {
  if (status !== 'succeeded' || superseded || !retrain.wanted || name === null) return false;
  if (asked === null) return true;
  if (asked.package === name || asked.package === forgotten.package) return false;
  return now.getTime() - Date.parse(asked.at) >= cool_down * 1000;
}
