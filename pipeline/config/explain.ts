import type { z } from 'zod';
import { metricNames, metricsOf, problems } from '../metrics.ts';
import { didYouMean, nearest } from './nearest.ts';
import { configSchema, metricPhrase } from './schema.ts';
import { fieldsOf, schemaAt } from './schema-tree.ts';
import { isMapping, join } from './tree.ts';

/** A problem with a setting. `about` lists the settings that it makes doubtful, on which no other check may build. */
export interface Finding {
  keys: string[];
  message: string;
  about: string[];
}

export const pathOf = (keys: readonly string[]): string => keys.join('.');

/** Turns zod's issues into messages: what was found, what was expected, and which known key was probably meant. */
export function explain(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  schema: unknown = configSchema,
): Finding[] {
  const findings = issues.flatMap((issue) => explainIssue(issue, [], input, schema));
  // `traget: x` is one mistake, so data.target is not reported as missing too.
  const meant = new Set(findings.flatMap(({ keys, about }) => about.filter((path) => path !== pathOf(keys))));
  return findings.filter(({ keys, message }) => !(meant.has(pathOf(keys)) && message.startsWith('missing')));
}

function explainIssue(
  issue: z.core.$ZodIssue,
  outer: PropertyKey[],
  input: unknown,
  schema: unknown,
): Finding[] {
  const keys = [...outer, ...issue.path].map(String);
  const value = valueAt(input, keys);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(keys, key, schema));
  if (issue.code === 'invalid_union') {
    const branch = issue.errors.find((issues) => isSpecific(issues, value));
    if (branch) return branch.flatMap((inner) => explainIssue(inner, keys, input, schema));
  }
  const options = issue.code === 'invalid_value' ? optionsOf(issue, input) : [];
  const expected = issue.message === metricPhrase ? `one of ${options.join(', ')}` : issue.message;
  const hint = typeof value === 'string' ? didYouMean(value, options) : '';
  const message =
    value === undefined ? `missing; expected ${expected}` : `${got(value)}, expected ${expected}${hint}`;
  return [{ keys, message, about: [pathOf(keys)] }];
}

/** Whether a union's branch accepts the value's kind (mapping or list), so that its issues are about the inside. */
function isSpecific(issues: readonly z.core.$ZodIssue[], value: unknown): boolean {
  const structured = isMapping(value) || Array.isArray(value);
  const refused = ({ path, code }: z.core.$ZodIssue) =>
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union');
  return structured && !issues.some(refused);
}

function optionsOf(issue: z.core.$ZodIssueInvalidValue, input: unknown): string[] {
  if (issue.message !== metricPhrase) return issue.values.map(String);
  const problem = problems.find((one) => one === valueAt(input, ['problem']));
  return problem ? metricsOf(problem) : metricNames;
}

function unknownKey(keys: string[], key: string, schema: unknown): Finding {
  const holder = pathOf(keys);
  const path = join(holder, key);
  const known = Object.keys(fieldsOf(schemaAt(schema, keys)) ?? {});
  const near = nearest(key, known);
  const elsewhere = near === undefined ? settingsCalled(key, schema)[0] : undefined;
  const meant = near !== undefined ? join(holder, near) : elsewhere;
  const hint =
    meant === undefined ? `; expected one of ${known.join(', ')}` : `; did you mean "${near ?? elsewhere}"?`;
  return {
    keys: [...keys, key],
    message: `unknown key "${key}"${hint}`,
    about: meant === undefined ? [path] : [path, meant],
  };
}

/** Paths of all settings with this name. */
function settingsCalled(name: string, schema: unknown, path = ''): string[] {
  const fields = fieldsOf(schema) ?? {};
  const here = Object.hasOwn(fields, name) && path !== '' ? [join(path, name)] : [];
  return [
    ...here,
    ...Object.entries(fields).flatMap(([key, field]) => settingsCalled(name, field, join(path, key))),
  ];
}

export function valueAt(input: unknown, keys: readonly string[]): unknown {
  let value = input;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Writes `got "high"`: the value as people would write it, cut short. */
export function got(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'got an empty list' : 'got a list';
  if (isMapping(value)) return 'got a mapping';
  if (typeof value !== 'string') return `got ${String(value)}`;
  const text = JSON.stringify(value);
  return `got ${text.length > 80 ? `${text.slice(0, 76)}..."` : text}`;
}
