import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { lexer, type Token, walkTokens } from 'marked';
import { parse } from 'yaml';

/* The files that GitHub itself reads: an error in one of them shows nowhere but in a corner of GitHub's pages. */

const textOf = (file: string) => readFileSync(file, 'utf8');

interface Update {
  'package-ecosystem': string;
  directory?: string;
  directories?: string[];
  schedule: { interval: string };
  cooldown: { 'default-days': number };
  groups: Record<string, { patterns: string[] }>;
}

describe('Dependabot', () => {
  const { version, updates } = parse(textOf('.github/dependabot.yml')) as {
    version: number;
    updates: Update[];
  };
  const foldersOf = (ecosystem: string) =>
    updates
      .filter((update) => update['package-ecosystem'] === ecosystem)
      .flatMap(({ directory, directories = [] }) => directories.concat(directory ?? []))
      .flatMap((folder) => (folder === '/' ? '.' : globSync(folder.slice(1))))
      .sort();
  // The template's own: a user may delete model/ and examples/, and edits the list with it.
  const foldersWith = (...patterns: string[]) =>
    [
      ...new Set(
        patterns
          .flatMap((pattern) => globSync(pattern, { exclude: ['node_modules', 'fixtures'] }))
          .map(dirname),
      ),
    ]
      .filter((folder) => !/^(fixtures|node_modules|\.mlops)\b/.test(folder))
      .sort();

  test('looks after every file that names a version', () => {
    expect(version).toBe(2);
    expect(foldersOf('github-actions')).toEqual(['.', ...foldersWith('.github/actions/*/action.yml')].sort());
    expect(foldersOf('npm')).toEqual(foldersWith('package-lock.json'));
    expect(foldersOf('pip')).toEqual(foldersWith('*/**/requirements*.txt'));
    expect(foldersOf('docker')).toEqual(foldersWith('*/**/Dockerfile'));
  });

  test('asks once a week, in few pull requests, for versions that are a week old', () => {
    for (const update of updates)
      expect(update).toMatchObject({
        schedule: { interval: 'weekly' },
        cooldown: { 'default-days': 7 },
        groups: expect.any(Object),
      });
    for (const { groups } of updates) expect(Object.values(groups).at(-1)).toEqual({ patterns: ['*'] });
  });
});

test('CODEOWNERS names nobody, and its examples would be right', () => {
  const lines = textOf('.github/CODEOWNERS').split('\n');
  expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  const rules = lines.flatMap((line) => /^# ([/*]\S*) +(@.+)$/.exec(line)?.slice(1) ?? []);
  const paths = rules.filter((_, index) => index % 2 === 0);
  expect(paths).toEqual(expect.arrayContaining(['*', '/mlops.yaml', '/model/', '/.github/', '/infra/']));
  // Each is there, but what a user may delete.
  const owned = paths.filter((path) => path.startsWith('/') && path !== '/model/');
  expect(owned.filter((path) => !existsSync(path.slice(1)))).toEqual([]);
  for (const owners of rules.filter((_, index) => index % 2 === 1))
    expect(owners).toMatch(/^@ORGANIZATION\/[a-z-]+( @ORGANIZATION\/[a-z-]+)*$/);
});

// https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms
test.each(globSync('.github/ISSUE_TEMPLATE/*.yml').filter((file) => !file.endsWith('config.yml')))(
  '%s is a form',
  (file) => {
    const { name, description, body } = parse(textOf(file)) as {
      name: string;
      description: string;
      body: {
        type: string;
        id?: string;
        attributes: { label?: string; value?: string; options?: string[] };
        validations?: { required?: boolean };
      }[];
    };
    expect([name, description]).toEqual([expect.any(String), expect.any(String)]);
    const asked = body.filter(({ type }) => type !== 'markdown');
    expect(asked.length).toBeGreaterThan(0);
    for (const { type, attributes } of asked) {
      expect(['input', 'textarea', 'dropdown', 'checkboxes']).toContain(type);
      expect(attributes.label).toEqual(expect.any(String));
      if (type === 'dropdown') expect(new Set(attributes.options).size).toBe(attributes.options?.length);
    }
    const ids = asked.map(({ id }) => id);
    expect(ids.every((id) => /^[\w-]+$/.test(id ?? ''))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  },
);

test.each(['SECURITY.md', 'CHANGELOG.md', 'README.md', 'CONTRIBUTING.md'])(
  'the links of %s lead somewhere',
  (file) => {
    const links: string[] = [];
    void walkTokens(lexer(textOf(file)), (token: Token) => {
      if (token.type === 'link' || token.type === 'image') links.push(String(token.href));
    });
    const own = links.filter((link) => !/^(https?:|#)/.test(link)).map((link) => link.replace(/#.*$/, ''));
    // The sample's own README goes with the sample.
    const kept = own.filter((link) => !/^(model|examples)\//.test(link));
    expect(kept.filter((link) => !existsSync(join(dirname(file), link)))).toEqual([]);
  },
);

test('the changelog has a place for what is not released yet, and one section for each version', () => {
  const headings = [...textOf('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
  expect(headings[0]).toBe('[Unreleased]');
  for (const heading of headings.slice(1)) expect(heading).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  expect(new Set(headings).size).toBe(headings.length);
});
