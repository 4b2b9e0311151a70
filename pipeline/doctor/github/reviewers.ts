import { InputError } from '../../errors.ts';
import { type GitHubClient, GitHubRefusal } from '../../github/client.ts';

/** A person or a team that approves. */
export interface Reviewer {
  type: 'User' | 'Team';
  id: number;
  /** As the option gives it. */
  name: string;
}

/** GitHub takes no more for an environment. */
const most = 6;

/** Looks up the people (LOGIN) and teams (ORGANIZATION/TEAM) of --reviewers. Throws InputError for one that GitHub does not know. */
export async function findReviewers(client: GitHubClient, names: readonly string[]): Promise<Reviewer[]> {
  if (names.length > most) throw new InputError(`--reviewers: got ${names.length}, expected at most ${most}`);
  return await Promise.all(names.map((name) => findReviewer(client, name.replace(/^@/, ''))));
}

async function findReviewer(client: GitHubClient, name: string): Promise<Reviewer> {
  const [, organization, team] = /^([\w-]+)\/([\w.-]+)$/.exec(name) ?? [];
  const wrong = (why: string) => new InputError(`--reviewers: got ${JSON.stringify(name)}, ${why}`);
  if (organization === undefined && !/^[\w-]+$/.test(name))
    throw wrong('expected LOGIN or ORGANIZATION/TEAM');
  try {
    if (organization !== undefined) {
      const { id } = await client.get<{ id: number }>(`/orgs/${organization}/teams/${team}`);
      return { type: 'Team', id, name };
    }
    const { id, type } = await client.get<{ id: number; type: string }>(`/users/${name}`);
    if (type === 'User') return { type: 'User', id, name };
  } catch (error) {
    if (!(error instanceof GitHubRefusal) || ![403, 404].includes(error.status)) throw error;
    throw wrong(
      organization === undefined
        ? 'expected the login of a person; GitHub knows none of this name'
        : 'expected a team; GitHub shows none of this name (the token needs the permission "Members: read" of the organization)',
    );
  }
  throw wrong('expected a person; for a team write ORGANIZATION/TEAM');
}
