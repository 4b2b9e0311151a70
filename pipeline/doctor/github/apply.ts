import { type GitHubClient, GitHubRefusal } from '../../github/client.ts';
import { type Change, whyRefused } from './finding.ts';

/** What became of a change. */
export interface Applied {
  change: Change;
  /** Why GitHub refused it, and what to do; null if it is done. */
  refused: string | null;
}

/** Makes the changes one after another. One that GitHub refuses does not keep back the others. */
export async function apply(
  client: GitHubClient,
  changes: readonly Change[],
  onApplied: (applied: Applied) => void,
): Promise<Applied[]> {
  const all: Applied[] = [];
  for (const change of changes) {
    const applied = { change, refused: await refusalOf(client, change) };
    onApplied(applied);
    all.push(applied);
  }
  return all;
}

async function refusalOf(client: GitHubClient, { method, path, body }: Change): Promise<string | null> {
  try {
    await client.send(method, path, body);
    return null;
  } catch (error) {
    if (!(error instanceof GitHubRefusal)) throw error;
    const { because, fix } = whyRefused(error);
    return `${because}. ${fix}`;
  }
}
