import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { loadProject } from '../config/load.ts';
import type { Check } from '../doctor/check.ts';
import { type Applied, apply } from '../doctor/github/apply.ts';
import type { Change } from '../doctor/github/finding.ts';
import { changesOf, checkGitHub } from '../doctor/github/github.ts';
import { InputError, SetupError } from '../errors.ts';
import { formatCountOf } from '../format.ts';
import { GitHubClient } from '../github/client.ts';
import { originRepository } from '../github/origin-repository.ts';
import { toChange } from '../github/token-permissions.ts';
import { note, print } from './print.ts';

export interface GitHubOptions {
  config: string;
  repository?: string;
  fix?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  reviewers?: string[];
  json?: boolean;
}

/** The outcome of `mlops doctor --github`. */
export interface GitHubOutcome {
  checks: Check[];
  /** What `--fix` would change or has changed. */
  changes: { does: string; call: string; body?: object; refused?: string | null }[];
}

/**
 * Checks the repository's settings on GitHub. With `fix` it prints each change before it makes any, asks on a terminal,
 * makes them, and checks again.
 */
export async function doctorGitHub(options: GitHubOptions): Promise<GitHubOutcome> {
  const { fix = false, dryRun = false, yes = false, json = false } = options;
  const client = new GitHubClient();
  if (fix && !dryRun && !client.hasToken)
    throw new SetupError(
      `--fix: got no token, expected GITHUB_TOKEN with a fine-grained token of a person who administers the repository (${toChange})`,
    );
  const project = await loadProject(options.config);
  const check = () =>
    checkGitHub({
      client,
      repository: options.repository ?? originRepository(),
      project,
      reviewers: options.reviewers ?? [],
      now: new Date(),
    });
  const findings = await check();
  const changes = changesOf(findings);
  const planned = { checks: findings.map(checkOf), changes: changes.map((change) => told(change)) };
  if (!fix || changes.length === 0) return planned;
  // With --json standard output holds one object only.
  const say = json ? note : print;
  say(`${formatCountOf(changes.length, 'change')} to ${options.repository ?? originRepository()}:\n`);
  changes.forEach((change, index) => {
    say(`${index + 1}. ${change.does}.\n   ${callOf(change)}`);
  });
  say('');
  if (dryRun) return planned;
  if (!yes && !(await agreed(process.stdin, process.stderr))) {
    say('Nothing was changed.');
    return planned;
  }
  const applied = await apply(client, changes, ({ change, refused }) =>
    say(refused === null ? `done     ${change.does}` : `refused  ${change.does}: ${refused}`),
  );
  say('');
  return {
    checks: (await check()).map(checkOf),
    changes: applied.map(({ change, refused }) => told(change, refused)),
  };
}

const checkOf = ({ name, outcome, detail, mend }: Check): Check => ({ name, outcome, detail, mend });

const callOf = ({ method, path, body }: Change): string =>
  `${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`;

const told = (change: Change, refused?: Applied['refused']) => ({
  does: change.does,
  call: `${change.method} ${change.path}`,
  ...(change.body !== undefined && { body: change.body }),
  ...(refused !== undefined && { refused }),
});

/** Asks on a terminal. Throws InputError if there is none, because then nobody has agreed. */
export async function agreed(input: Readable & { isTTY?: boolean }, output: Writable): Promise<boolean> {
  if (!input.isTTY)
    throw new InputError(
      '--fix: got no terminal to ask on, expected --yes (change it) or --dry-run (only show it)',
    );
  const terminal = createInterface({ input, output });
  try {
    return /^y(es)?$/i.test((await terminal.question('Change this on GitHub? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}
