import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ActFixture, repositoryName } from './act.fixture.ts';
import { GitHubReleases } from './github-releases.fixture.ts';
import { goTool } from './tools.fixture.ts';

/* The workflow Release from its start to the published release, with git itself. */
jest.setTimeout(600_000);

const token = `ghs_${'0123456789abcdefghijklmnopqrstuvwxyz'}`;
let github: GitHubReleases;
let act: ActFixture;

beforeAll(async () => {
  github = await GitHubReleases.start(repositoryName);
  act = await ActFixture.create({ act: await goTool('act'), token, env: { GITHUB_API_URL: github.url } });
});
afterAll(async () => {
  await github?.stop();
  await act?.remove();
});

async function release(version: string) {
  const main = await act.git('rev-parse', 'main');
  const repository = {
    full_name: repositoryName,
    name: 'attrition',
    default_branch: 'main',
    visibility: 'private',
    owner: { login: 'octo' },
  };
  const inputs = { version };
  const finished = await act.run('release.yml', {
    name: 'workflow_dispatch',
    sha: main,
    ref: 'refs/heads/main',
    inputs,
    payload: { repository, ref: 'refs/heads/main', inputs },
  });
  expect(finished.log).not.toContain(token);
  return { main, ...finished };
}

test('a version that the changelog does not describe is not released', async () => {
  const { jobs, log } = await release('v1.2.3');
  expect(jobs).toEqual({ Build: 'failure' });
  expect(log).toContain('got no section "## [1.2.3] - YYYY-MM-DD"');
  expect(github.requests).toEqual([]);
});

test("a release is main with the actions' bundles, under its tag and its major one, and on GitHub with the bundles", async () => {
  const changelog = join(act.checkout, 'CHANGELOG.md');
  const text = readFileSync(changelog, 'utf8');
  writeFileSync(changelog, `${text}\n## [1.2.3] - 2026-11-27\n\n### Fixed\n\n- All of it.\n`);
  await act.land(await act.commit('Describe 1.2.3'));
  const { main, jobs, log } = await release('v1.2.3');
  expect(Object.values(jobs).includes('failure') ? log : '').toBe('');
  expect(jobs).toEqual({ Build: 'success', 'Tag and publish': 'success' });

  await act.git('fetch', '--quiet', '--tags', 'origin');
  expect(await act.git('rev-parse', 'v1')).toBe(await act.git('rev-parse', 'v1.2.3'));
  expect(await act.git('rev-parse', 'v1^')).toBe(main);
  const added = (await act.git('diff', '--name-only', 'v1^', 'v1')).split('\n');
  expect(added).toEqual(
    expect.arrayContaining(['actions/run-pipeline/dist/main.js', 'actions/post-report/dist/main.js']),
  );
  expect(added.filter((file) => !/^actions\/[^/]+\/dist\//.test(file))).toEqual([]);

  expect(github.releases).toMatchObject([
    { tag_name: 'v1.2.3', draft: false, body: '### Fixed\n\n- All of it.' },
  ]);
  const assets = github.releases[0]?.assets ?? new Map<string, Buffer>();
  const bundles = assets.get('bundles.tar.gz') ?? Buffer.alloc(0);
  const digest = createHash('sha256').update(bundles).digest('hex');
  expect(assets.get('bundles.tar.gz.sha256')?.toString()).toBe(`${digest}  bundles.tar.gz\n`);
  // The release's bundles are those under the tag.
  const folder = await mkdtemp(join(tmpdir(), 'mlops-assets-'));
  writeFileSync(join(folder, 'bundles.tar.gz'), bundles);
  execFileSync('tar', ['-xzf', 'bundles.tar.gz'], { cwd: folder });
  const mainJs = 'actions/post-report/dist/main.js';
  expect(readFileSync(join(folder, mainJs), 'utf8').trim()).toBe(await act.git('show', `v1.2.3:${mainJs}`));
  await rm(folder, { recursive: true });
});
