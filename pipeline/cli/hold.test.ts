import { expect, test } from '@jest/globals';
import { smallProject } from './small-project.fixture.ts';

/** Lines joined, as a reader reads them. */
const said = (text: string) => text.replace(/\s+/g, ' ');

test('a hold says what to do next, and what it says works', async () => {
  const workspace = smallProject();
  const first = await workspace.mlops('run', '--mode', 'promote', '--set', 'data.positive=');
  expect(said(first.stdout)).toContain('small/1 is the champion now.');
  // Which class is the positive one is said once.
  expect(first.stdout.match(/rarer/g)).toHaveLength(1);

  // For train, 1.0 is another text than 1, so this model is no reused one, although it predicts the same.
  const twin = ['--set', 'training.hyperparameters.weight=1.0', '--set', 'gate.champion.rule=superior'];
  const held = await workspace.mlops('run', '--mode', 'promote', '--set', 'data.positive=', ...twin);
  expect(held.stderr).toContain('✓ Train');
  expect(held.stdout).toContain('training.hyperparameters.weight: 1 → 1.0');
  expect(said(held.stdout)).toContain(
    'Next: a candidate that predicts otherwise than the champion. To promote it all the same, run again with --mode promote --set gate.inconclusive=promote.',
  );
  const again = await workspace.mlops(
    ...(['run', '--mode', 'promote', '--set', 'gate.inconclusive=promote'] as const),
    ...['--set', 'data.positive=', ...twin],
  );
  expect(said(again.stdout)).toContain('small/3 is the champion now.');
  expect(again.stdout).not.toContain('Next:');
});
