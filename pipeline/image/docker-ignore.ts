import { posix } from 'node:path';
import ignore from 'ignore';

/** The patterns of a `.dockerignore`. */
export interface DockerIgnore {
  /** Whether Docker leaves out this path (relative, with forward slashes): the last pattern that matches it decides. */
  ignores(path: string): boolean;
  /** Whether a `!` pattern may bring back files of a folder that is left out. */
  readonly hasExceptions: boolean;
}

/**
 * Reads a `.dockerignore` as Docker does: patterns hold from the root of the context (unlike a .gitignore's), a pattern
 * that matches a folder matches all in it, the last match wins, and `!` brings back even what lies in a folder left out.
 */
export function parseDockerIgnore(text: string): DockerIgnore {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const negated = line.startsWith('!');
      const pattern = posix.join('/', (negated ? line.slice(1) : line).trim()).replace(/\/+$/, '');
      // One matcher a pattern: `ignore` alone would never look into a folder that is left out, as Git does not.
      return { negated, pattern, matcher: ignore({ ignorecase: false }).add(pattern) };
    })
    .filter((rule) => rule.pattern !== '');
  return {
    ignores: (path) =>
      rules.reduce((ignored, rule) => (rule.matcher.ignores(path) ? !rule.negated : ignored), false),
    hasExceptions: rules.some((rule) => rule.negated),
  };
}
