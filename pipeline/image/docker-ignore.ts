import { posix } from 'node:path';
import ignore from 'ignore';

/** The patterns of a `.dockerignore`. */
export interface DockerIgnore {
  /** Whether Docker ignores this path (relative, with forward slashes). The last pattern that matches it decides. */
  ignores(path: string): boolean;
  /** Whether a `!` pattern may include files of an ignored folder. */
  readonly hasExceptions: boolean;
}

/**
 * Reads a `.dockerignore` as Docker does: patterns start at the context's root (unlike a .gitignore's), a pattern for
 * a folder matches everything in it, the last match wins, and `!` includes even files of an ignored folder.
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
      // One matcher per pattern, because a single one would, like Git, never look into an ignored folder.
      return { negated, pattern, matcher: ignore({ ignorecase: false }).add(pattern) };
    })
    .filter((rule) => rule.pattern !== '');
  return {
    ignores: (path) =>
      rules.reduce((ignored, rule) => (rule.matcher.ignores(path) ? !rule.negated : ignored), false),
    hasExceptions: rules.some((rule) => rule.negated),
  };
}
