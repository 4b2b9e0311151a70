import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { lexer, type Token } from 'marked';
import { parse } from 'yaml';
import { repository } from '../pipeline/repository.ts';
import { actionNames } from './build.ts';
import { readMetadata } from './shared/metadata.ts';

/* The examples in the actions' READMEs: whoever copies one gets a step that works. */

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
  run?: string;
}

/** Every list of steps in a README's examples. */
async function examplesOf(name: string): Promise<Step[][]> {
  const readme = await readFile(join(repository, 'actions', name, 'README.md'), 'utf8');
  const code = (lexer(readme) as Token[]).flatMap((token) =>
    token.type === 'code' ? [String(token.text)] : [],
  );
  return code.flatMap((text) => stepsIn(parse(text)));
}

const stepsIn = (value: unknown): Step[][] => {
  if (Array.isArray(value)) return [value as Step[]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stepsIn);
};

const names = await actionNames();
const released = /^OWNER\/REPO\/actions\/([\w-]+)@v\d+$/;
const own = /^\.\/actions\/([\w-]+)$/;

test.each(names)(
  '%s: its examples give inputs that exist, all that are required, and a form that has bundles',
  async (name) => {
    const examples = await examplesOf(name);
    let shown = 0;
    for (const steps of examples)
      for (const [index, { uses = '', with: given = {} }] of steps.entries()) {
        const action = (released.exec(uses) ?? own.exec(uses))?.[1];
        if (action === undefined) {
          // Somebody else's.
          expect(uses).not.toContain(`actions/${name}`);
          continue;
        }
        const { inputs = {} } = await readMetadata(action);
        const required = Object.entries(inputs)
          .filter(([, input]) => input.required)
          .map(([key]) => key);
        expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
        expect(Object.keys(given)).toEqual(expect.arrayContaining(required));
        // A checkout has no bundles.
        const unpacks = steps.slice(0, index).some(({ run = '' }) => run.includes('tar -xzf bundles.tar.gz'));
        expect({ uses, unpacks }).toEqual({ uses, unpacks: own.test(uses) });
        if (action === name) shown++;
      }
    expect(shown).toBeGreaterThan(0);
  },
);
