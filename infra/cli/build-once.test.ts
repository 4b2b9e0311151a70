import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { buildOnce } from './build-once.ts';

const files = {
  'package-lock.json': '{}',
  'package.json': '{ "type": "module" }',
  'src/entry.ts': "import { name } from './name.ts'; import part from 'part'; console.log(name, part);",
  'src/name.ts': "export const name: string = 'first';",
  'node_modules/part/package.json': '{ "main": "one.js" }',
  'node_modules/part/one.js': 'module.exports = 1;',
  'node_modules/part/two.js': 'module.exports = 2;',
};
let root = '';
let folder = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlops-build-'));
  folder = join(root, 'built');
  for (const [path, text] of Object.entries(files)) write(path, text);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** With esbuild: what it says that it read is what the rest stands on. */
async function once(recipe = 'recipe', during = () => {}) {
  // An edit in the same tick of the files' clock would count as one during the build.
  await setTimeout(20);
  return buildOnce(folder, {
    root,
    recipe,
    build: async () => {
      const { metafile } = await build({
        entryPoints: [join(root, 'src/entry.ts')],
        outdir: folder,
        absWorkingDir: root,
        bundle: true,
        metafile: true,
        platform: 'node',
        logLevel: 'silent',
      });
      during();
      return [...Object.keys(metafile.inputs), 'package-lock.json'];
    },
  });
}
const built = () => readFileSync(join(folder, 'entry.js'), 'utf8');

test('what nothing has changed is kept, byte by byte', async () => {
  expect(await once()).toBe('built');
  const before = built();
  expect(await once()).toBe('kept');
  expect(built()).toBe(before);
});

test.each([
  ['the entry', 'src/entry.ts', "console.log('other');", /other/],
  ['what it imports', 'src/name.ts', "export const name: string = 'second';", /second/],
  ['a package', 'node_modules/part/one.js', 'module.exports = "three";', /three/],
  ['what is taken of a package', 'node_modules/part/package.json', '{ "main": "two.js" }', /= 2;/],
  ['settings that were not there', 'src/tsconfig.json', '{ "compilerOptions": { "strict": true } }', /first/],
  ['the lock file', 'package-lock.json', '{ "lockfileVersion": 3 }', /first/],
])('an edit of %s makes a new build', async (_, path, text, expected) => {
  await once();
  write(path, text);
  expect(await once()).toBe('built');
  expect(built()).toMatch(expected);
  expect(await once()).toBe('kept');
});

test('a file taken away makes a new build', async () => {
  await once();
  rmSync(join(root, 'package.json'));
  expect(await once()).toBe('built');
  rmSync(join(root, 'src/name.ts'));
  await expect(once()).rejects.toThrow('name.ts');
});

test('other options make a new build', async () => {
  await once();
  expect(await once('other')).toBe('built');
});

test.each([
  ['missing', () => rmSync(join(folder, 'entry.js'))],
  ['cut short', () => truncateSync(join(folder, 'entry.js'), 3)],
  ['too many', () => writeFileSync(join(folder, 'more.js'), '')],
  ['not recorded', () => rmSync(join(folder, 'built.json'))],
  ['badly recorded', () => truncateSync(join(folder, 'built.json'), 30)],
])('files that are %s are built again', async (_, harm) => {
  await once();
  const before = built();
  harm();
  expect(await once()).toBe('built');
  expect(built()).toBe(before);
  expect(await once()).toBe('kept');
});

test('a build that failed, or whose input changed meanwhile, is not kept', async () => {
  const fail = () => {
    throw new Error('interrupted');
  };
  await expect(once('recipe', fail)).rejects.toThrow('interrupted');
  expect(await once()).toBe('built');
  const change = () => write('src/name.ts', "export const name = 'meanwhile';");
  expect(await once('other', change)).toBe('built');
  expect(await once('other')).toBe('built');
  expect(built()).toMatch('meanwhile');
});
