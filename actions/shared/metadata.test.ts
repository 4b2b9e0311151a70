import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import type * as z from 'zod/mini';
import { repository } from '../../pipeline/repository.ts';
import { actionNames } from '../build.ts';
import { readMetadata, withTables } from './metadata.ts';

interface Declared {
  inputs: z.ZodMiniObject;
  outputs: readonly string[];
}

// Each main.ts hands its declarations to start, which is not run here.
const start = jest.fn<(action: Declared) => void>();
jest.unstable_mockModule('./start.ts', () => ({ start }));
jest.unstable_mockModule('./cancelled.ts', () => ({ cancelled: () => new AbortController().signal }));

const names = await actionNames();
const declared = new Map<string, Declared>();
for (const name of names) {
  await import(`../${name}/main.ts`);
  declared.set(name, start.mock.lastCall?.[0] as Declared);
}

test.each(names)('%s declares the outputs of action.yml', async (name) => {
  const { outputs = {} } = await readMetadata(name);
  expect(declared.get(name)?.outputs).toEqual(Object.keys(outputs));
});

test.each(names)('%s: the schema of its inputs is what action.yml says', async (name) => {
  const { inputs } = declared.get(name) as Declared;
  const { inputs: described = {} } = await readMetadata(name);
  expect(Object.keys(inputs.shape).sort()).toEqual(Object.keys(described).sort());
  for (const [key, { required = false, default: value }] of Object.entries(described)) {
    const field = inputs.shape[key] as z.ZodMiniType;
    const absent = field.safeParse(undefined);
    expect({ key, required: !absent.success }).toEqual({ key, required });
    if (required) continue;
    // The runner evaluates an expression before the action starts.
    if (value?.startsWith('${{')) continue;
    // An empty value is none.
    const given = value === undefined || value === '' ? absent : field.safeParse(value);
    expect({ key, default: given.data }).toEqual({ key, default: absent.data });
  }
});

test.each(names)('%s: README.md has the inputs and outputs of action.yml', async (name) => {
  const readme = await readFile(join(repository, 'actions', name, 'README.md'), 'utf8');
  // npm run generate
  expect(readme).toBe(withTables(readme, await readMetadata(name)));
});

test.each(names)('%s runs on Node 24 from its bundle', async (name) => {
  const { runs } = await readMetadata(name);
  expect(runs).toMatchObject({ using: 'node24', main: 'dist/main.js' });
  // The runner calls no `pre` of an action in the checkout.
  expect(runs).not.toHaveProperty('pre');
});
