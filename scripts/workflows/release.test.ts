import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { changesOf } from './changelog.ts';
import { GitHubReleases } from './github-releases.fixture.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-release-'));
});
afterEach(() => rm(folder, { recursive: true }));

const changelog = `# Changelog

## [Unreleased]

## [1.10.0] - 2026-11-02

### Added

- Ten.

## [1.1.0] - 2026-10-01

### Fixed

- One.

## [1.0.0] - 2026-09-01

[1.1.0]: https://github.com/octo/attrition/releases/tag/v1.1.0
`;

function run(
  program: string,
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; log: string }> {
  return new Promise((settle) => {
    execFile(
      program,
      args,
      { cwd: folder, env: { PATH: process.env.PATH, ...env } },
      (error, stdout, stderr) => settle({ code: error ? 1 : 0, log: stdout + stderr }),
    );
  });
}
const tool = (name: string, env: Record<string, string>) =>
  run(process.execPath, [resolve(`scripts/workflows/tools/${name}.ts`)], env);

describe('the changelog', () => {
  test('of a version is its section', () => {
    expect(changesOf(changelog, 'v1.1.0')).toBe('### Fixed\n\n- One.');
    expect(changesOf(changelog, 'v1.10.0')).toBe('### Added\n\n- Ten.');
  });

  test.each([
    ['v1.1', 'got no section "## [1.1] - YYYY-MM-DD"'],
    ['v1.1.1', 'got no section "## [1.1.1] - YYYY-MM-DD"'],
    ['v1.0.0', 'got nothing in the section of 1.0.0'],
  ])('without one of %s: nothing is built', async (version, message) => {
    await writeFile(join(folder, 'CHANGELOG.md'), changelog);
    const { code, log } = await tool('check-changelog', { VERSION: version });
    expect(code).toBe(1);
    expect(log).toContain('::error file=CHANGELOG.md,title=Release::CHANGELOG.md: ');
    expect(log).toContain(message);
  });
});

describe('the GitHub Release', () => {
  let github: GitHubReleases;
  beforeEach(async () => {
    github = await GitHubReleases.start('octo/attrition');
    await writeFile(join(folder, 'CHANGELOG.md'), changelog);
    await writeFile(join(folder, 'bundles.tar.gz'), 'bytes');
    await writeFile(join(folder, 'bundles.tar.gz.sha256'), 'digest');
  });
  afterEach(() => github.stop());

  const publish = (version = 'v1.1.0') =>
    tool('publish-release', {
      VERSION: version,
      ASSETS: 'bundles.tar.gz\nbundles.tar.gz.sha256\n',
      GITHUB_API_URL: github.url,
      GITHUB_TOKEN: 'token',
      GITHUB_REPOSITORY: 'octo/attrition',
    });

  test('has its assets before it is published, as an immutable one needs', async () => {
    const { code, log } = await publish();
    expect([code, log]).toEqual([0, 'Published https://github.com/octo/attrition/releases/tag/v1.1.0.\n']);
    const [release, ...others] = github.releases;
    expect(others).toEqual([]);
    expect(release).toMatchObject({
      tag_name: 'v1.1.0',
      name: 'v1.1.0',
      body: '### Fixed\n\n- One.',
      draft: false,
      make_latest: 'legacy',
    });
    expect([...(release?.assets ?? [])].map(([name, bytes]) => [name, bytes.toString()])).toEqual([
      ['bundles.tar.gz', 'bytes'],
      ['bundles.tar.gz.sha256', 'digest'],
    ]);
    expect((await publish()).log).toBe(
      'https://github.com/octo/attrition/releases/tag/v1.1.0 exists already.\n',
    );
    expect(github.releases).toHaveLength(1);
  });

  test('that failed halfway is never public, and begins anew', async () => {
    github.failNextUpload = 502;
    const failed = await publish();
    expect(failed.code).toBe(1);
    expect(failed.log).toMatch(
      /^::error title=Release::GitHub answered 502 to POST \/uploads\/1: Upload failed$/m,
    );
    expect(github.releases).toMatchObject([{ draft: true }]);
    expect((await publish()).code).toBe(0);
    expect(github.releases).toMatchObject([{ id: 2, draft: false }]);
  });
});

describe('the tags', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  const remote = () => join(folder, 'remote.git');
  const tags = () =>
    Object.fromEntries(
      git('ls-remote', '--tags', 'origin')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) =>
          line
            .split('\t')
            .reverse()
            .map((text) => text.replace('refs/tags/', '')),
        ),
    ) as Record<string, string>;
  const tag = async (version: string, bundle = version) => {
    git('checkout', '--quiet', '--detach', 'main');
    await mkdir(join(folder, 'actions/run/dist'), { recursive: true });
    await writeFile(join(folder, 'actions/run/dist/main.js'), bundle);
    return await run('bash', [resolve('.github/scripts/tag-release.sh')], {
      VERSION: version,
      TOKEN: 'secret-token',
      GITHUB_SERVER_URL: 'https://github.com',
      HOME: folder,
    });
  };

  beforeEach(async () => {
    git('init', '--quiet', '--initial-branch', 'main');
    await writeFile(join(folder, '.gitignore'), 'dist/\nremote.git/\n');
    git('add', '.gitignore');
    git('commit', '--quiet', '--message', 'First');
    git('init', '--quiet', '--bare', remote());
    git('remote', 'add', 'origin', remote());
  });

  test('a version and its major one point to main with the bundles; the next version moves the major one', async () => {
    const { code, log } = await tag('v1.9.0');
    expect(code === 0 ? '' : log).toBe('');
    expect(log).not.toContain('secret-token');
    expect(git('show', '--name-only', '--format=', tags().v1 ?? '')).toBe('actions/run/dist/main.js');
    expect(git('rev-parse', `${tags().v1}^`)).toBe(git('rev-parse', 'main'));
    await tag('v1.10.0');
    expect(tags()).toMatchObject({ v1: tags()['v1.10.0'] });
    expect(tags()['v1.9.0']).not.toBe(tags().v1);
  });

  test('a repair of an older version leaves the major tag', async () => {
    await tag('v1.10.0');
    const { v1 } = tags();
    const { code, log } = await tag('v1.9.1');
    expect([code, tags().v1]).toEqual([0, v1]);
    expect(log).toContain('::notice::v1 stays at v1.10.0, which is newer than v1.9.1.');
    expect(tags()).toHaveProperty(['v1.9.1']);
  });

  test('a remote that refuses one tag gets none', async () => {
    const hook = join(remote(), 'hooks/update');
    await writeFile(hook, '#!/bin/sh\ntest "$1" != refs/tags/v1\n');
    await chmod(hook, 0o755);
    expect((await tag('v1.0.0')).code).toBe(1);
    expect(tags()).toEqual({});
  });

  test('the same again is left, another content is refused', async () => {
    await tag('v1.0.0');
    const before = tags();
    expect(await tag('v1.0.0')).toMatchObject({
      code: 0,
      log: expect.stringContaining('v1.0.0 is tagged already'),
    });
    expect(await tag('v1.0.0', 'other')).toMatchObject({
      code: 1,
      log: expect.stringContaining('got v1.0.0, which exists'),
    });
    expect(tags()).toEqual(before);
  });

  test.each(['1.0.0', 'v1.0', 'v01.0.0', 'v1.0.0-rc.1', 'v1.0.0; id'])(
    '%s is no version',
    async (version) => {
      const { code, log } = await tag(version);
      expect(code).toBe(1);
      expect(log).toContain(`got ${version}, expected a version such as v1.2.3`);
    },
  );
});
