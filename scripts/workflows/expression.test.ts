import { expect, test } from '@jest/globals';
import { evaluate, interpolate, runs } from './expression.fixture.ts';

const contexts = {
  github: { event_name: 'push', event: { changes: { base: { ref: {} } } } },
  vars: {},
  needs: {},
};

test.each([
  ["github.event_name == 'PUSH'", true],
  ["vars.NONE == ''", true],
  ["vars.NONE || 'x'", 'x'],
  ["github.event.changes.base && 'yes' || 'no'", 'yes'],
  ['!github.event.pull_request.draft', true],
  ["'a' && (false || 'b')", 'b'],
  ['contains(fromJSON(\'["skipped", "x"]\'), \'Skipped\')', true],
  ["format('{0}-{1}', 'it''s', 7)", "it's-7"],
  ["null != 'x'", true],
  ['true == 1', true],
])('%s is %j, as GitHub documents it', (text, value) => {
  expect(evaluate(text, { contexts })).toEqual(value);
});

test('a text keeps the type of its only expression', () => {
  expect(interpolate(`\${{ vars.NONE }}`, { contexts })).toBe(null);
  expect(interpolate(`a-\${{ vars.NONE }}-\${{ 7 }}`, { contexts })).toBe('a--7');
});

test('after a failure only what asks for the status runs', () => {
  const scope = { contexts, status: 'failure' as const };
  expect(
    [undefined, "vars.X == ''", 'always()', '!cancelled()', 'failure()', 'success()'].map((text) =>
      runs(text, scope),
    ),
  ).toEqual([false, false, true, true, true, false]);
});

test('what is no expression, or unknown, is refused', () => {
  for (const text of ['a ==', 'nobody.knows', 'hashFiles()', '(1', '1 2', 'a ? b'])
    expect(() => evaluate(text, { contexts })).toThrow(/^expression: got/);
});
