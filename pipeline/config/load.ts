import { readFile } from 'node:fs/promises';
import { sha256 } from '../hash.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { explain, pathOf } from './explain.ts';
import { override } from './overrides.ts';
import { checkRules } from './rules.ts';
import { salvage } from './salvage.ts';
import { type Config, configSchema } from './schema.ts';
import { isMapping, readTree, type Tree } from './tree.ts';

/** mlops.yaml as it was read. */
export interface LoadedConfig {
  config: Config;
  path: string;
  text: string;
  /** Of the text, without overrides. */
  sha256: string;
  /** Overrides as given: `path=value`. */
  set: string[];
}

interface Options {
  /** Overrides `path=value`, the last one winning; the value is YAML. */
  set?: readonly string[];
  /** Of a file from before a setting was refused: it had no effect then, so it is left alone. @default false */
  takesNotBuilt?: boolean;
}

const largestFile = 1_000_000;

/** Reads and checks mlops.yaml. Throws ConfigError with every problem. */
export async function loadConfig(
  path: string,
  { set = [], ...options }: Options = {},
): Promise<LoadedConfig> {
  const text = await readText(path);
  return {
    config: parseConfig(text, { file: path, set, ...options }),
    path,
    text,
    sha256: sha256(text),
    set: [...set],
  };
}

/** Text of mlops.yaml -> config with every default filled in. Throws ConfigError with every problem. */
export function parseConfig(
  text: string,
  { file = 'mlops.yaml', set = [], takesNotBuilt = false }: Options & { file?: string } = {},
): Config {
  const tree = readTree(text, configSchema);
  if (tree.problems.length === 0 && (tree.value === null || tree.value === undefined))
    tree.problems.push({
      path: '',
      message: 'got an empty file, expected settings such as project, problem and data',
    });
  if (tree.problems.length > 0) throw new ConfigError(file, tree.problems);
  override(tree, set, configSchema);
  if (!isMapping(tree.value))
    throw new ConfigError(file, [
      { path: '', message: 'got a list or a text, expected settings as `key: value` lines' },
    ]);
  // So that what data must hold is told one by one.
  if (tree.value.data === undefined) tree.value.data = {};

  const parsed = configSchema.safeParse(tree.value);
  const findings = parsed.success ? [] : explain(parsed.error.issues, tree.value);
  const { config, doubtful } = parsed.success
    ? { config: parsed.data, doubtful: new Set<string>() }
    : salvage(tree.value, findings);
  const breaches = checkRules(config, doubtful, tree.value, takesNotBuilt);
  const problems = [
    ...tree.problems,
    ...findings.map(({ keys, message }) => locate(pathOf(keys), message, tree)),
    ...breaches.map(([path, message]) => locate(path, message, tree)),
  ];
  if (problems.length > 0) throw new ConfigError(file, problems.sort(byPlace));
  return config;
}

/** A problem of a setting that only the world outside the file shows, with the place where the setting is written. */
export function problemAt({ text, set }: LoadedConfig, path: string, message: string): ConfigProblem {
  const tree = readTree(text, configSchema);
  override(tree, set, configSchema);
  return locate(path, message, tree);
}

/** The place of a problem: of the setting itself, or of the nearest one around it that is written. */
function locate(path: string, message: string, { origins }: Tree): ConfigProblem {
  const origin = origins.get(path);
  if (origin === 'set') return { path, message, from_set: true };
  if (origin) return { path, message, ...(message.startsWith('unknown key') ? origin.key : origin.value) };
  for (let around = path; around.includes('.'); ) {
    around = around.slice(0, around.lastIndexOf('.'));
    const outer = origins.get(around);
    if (outer) return { path, message, ...(outer === 'set' ? { from_set: true } : outer.key) };
  }
  return { path, message };
}

const byPlace = (a: ConfigProblem, b: ConfigProblem) =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

async function readText(path: string): Promise<string> {
  const fail = (message: string) => new ConfigError(path, [{ path: '', message }]);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw fail('no such file; --config names another');
    if (code === 'EISDIR') throw fail('got a folder, expected a file');
    throw fail(`cannot be read: ${(error as Error).message}`);
  }
  if (bytes.length > largestFile) throw fail(`got ${bytes.length} bytes, expected at most ${largestFile}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fail('got bytes that are not UTF-8, expected text in UTF-8');
  }
}
