import type { GitHubRefusal } from '../../github/client.ts';
import { type Check, warning } from '../check.ts';

/** One change of a repository's settings: one call of GitHub's API. */
export interface Change {
  /** What it does, in a sentence without its full stop. */
  does: string;
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
}

/** A check of a repository on GitHub, with the changes that make what was found what is expected. */
export interface Finding extends Check {
  /** In the order in which they are made; empty if nothing is wrong or only a person can decide. */
  changes: Change[];
}

/** A check with the changes that fix it. */
export const finding = (check: Check, changes: Change[] = []): Finding => ({ ...check, changes });

/** The advice of a finding whose changes fix it. */
export const protect = '`npm run protect` shows what would change, and changes it once you agree.';

/** Why GitHub refused a request, in words that say what to do. */
export function whyRefused(error: GitHubRefusal): { because: string; fix: string } {
  const { status, said, accepted, message } = error;
  if (/upgrade to github|billing plan/i.test(said))
    return {
      because: `not to be had on this plan: GitHub says "${said}"`,
      fix:
        'Private repositories need GitHub Pro or Team for rulesets, environments and their branch limits, and Enterprise Cloud for required reviewers; ' +
        'public ones have them on every plan. Until then, only people keep unreviewed changes out.',
    };
  if (status === 401)
    return { because: message, fix: 'GITHUB_TOKEN is unknown or has expired: make a new one.' };
  if (status === 429 || /rate limit/i.test(said))
    return { because: message, fix: 'Wait an hour and try again.' };
  if (status === 409) return { because: message, fix: 'An owner of the organization has to allow it.' };
  if (status === 403 || status === 404)
    return {
      because: `this token may not (${message})`,
      fix: `Use a token with ${accepted === '' ? 'the permissions that `mlops doctor --help` lists' : `the permission ${accepted}`}, of a person who administers the repository.`,
    };
  return { because: message, fix: 'Fix what the message names.' };
}

/** The finding if GitHub does not show a setting: that says nothing about the setting. */
export function unseen(name: string, error: GitHubRefusal): Finding {
  const { because, fix } = whyRefused(error);
  return finding(warning(name, `not checked, so it may be right or wrong: ${because}`, fix));
}
