/**
 * Publishes the GitHub Release of the tag VERSION with ASSETS, file names one per line, and the notes of CHANGELOG.md. A
 * release whose assets cannot change once it is public (immutable releases) needs them before: it is a draft until then.
 * A second try after a failure begins with a new draft.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { annotateError } from '../../../actions/shared/annotate.ts';
import { GitHubClient } from '../../../pipeline/github/client.ts';
import { changesOf } from '../changelog.ts';
import { repository } from '../github.ts';

interface Release {
  id: number;
  tag_name: string;
  draft: boolean;
  html_url: string;
  /** `https://uploads.github.com/...{?name,label}` */
  upload_url: string;
}

const { VERSION: version = '', ASSETS: assets = '' } = process.env;
const releases = `/repos/${repository()}/releases`;
const client = new GitHubClient();

async function publish(): Promise<string> {
  const all = await client.list<Release>(`${releases}?per_page=100`);
  const earlier = all.filter(({ tag_name }) => tag_name === version);
  const published = earlier.find(({ draft }) => !draft);
  if (published !== undefined) return `${published.html_url} exists already.`;
  for (const { id } of earlier) await client.send('DELETE', `${releases}/${id}`);
  const draft = await client.send<Release>('POST', releases, {
    tag_name: version,
    name: version,
    body: changesOf(await readFile('CHANGELOG.md', 'utf8'), version),
    draft: true,
    // A repair of an older version does not become the latest.
    make_latest: 'legacy',
  });
  if (draft === undefined) throw new Error('POST releases: got an empty answer, expected the draft');
  for (const file of assets
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')) {
    const address = draft.upload_url.replace(/\{.*$/, '');
    await client.upload(`${address}?name=${encodeURIComponent(basename(file))}`, await readFile(file));
  }
  const done = await client.send<Release>('PATCH', `${releases}/${draft.id}`, { draft: false });
  return `Published ${done?.html_url}.`;
}

try {
  console.log(await publish());
} catch (error) {
  annotateError((error as Error).message, { title: 'Release' });
  process.exitCode = 1;
}
