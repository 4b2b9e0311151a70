import { expect, test } from '@jest/globals';
import * as z from 'zod/mini';
import { flag, flagOr, readInputs } from './inputs.ts';

const schema = z.strictObject({
  wait: z._default(flag, true),
  promote: z._default(flagOr('approved'), 'false'),
});
const read = (env: Record<string, string>) => readInputs(schema, env);

// https://yaml.org/spec/1.2/spec.html#id2804923, as getBooleanInput of @actions/core reads it.
test.each([
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  [' FALSE\n', false],
])('the boolean %j', (text, expected) => {
  expect(read({ INPUT_WAIT: text, INPUT_PROMOTE: text })).toEqual({
    wait: expected,
    promote: String(expected),
  });
});

test.each(['yes', 'tRUE', '1', 'on', 'null'])('%j is no boolean', (text) => {
  expect(() => read({ INPUT_WAIT: text })).toThrow(
    `input wait: got ${JSON.stringify(text)}, expected one of true, True, TRUE, false, False, FALSE`,
  );
});

test('a word besides the booleans', () => {
  expect(read({ INPUT_PROMOTE: 'approved' })).toEqual({ wait: true, promote: 'approved' });
  expect(() => read({ INPUT_PROMOTE: 'maybe' })).toThrow(/expected one of .*, FALSE, approved$/);
});
