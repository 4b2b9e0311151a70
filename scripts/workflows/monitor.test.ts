import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FakeGitHub } from '../../actions/shared/fake-github.fixture.ts';
import { Steps } from './run-tool.fixture.ts';

/* The tools of the workflow Monitor. What they read on AWS: pipeline/run/account/last-look.test.ts. */

let steps: Steps;
let github: FakeGitHub;

beforeEach(async () => {
  steps = await Steps.start();
  ({ github } = steps);
  github.moveBranch('main', 'a'.repeat(40));
});
afterEach(async () => await steps.stop());

test('decay starts Retrain in mode promote, with the reason, and says where it runs', async () => {
  const env = { GITHUB_REF_NAME: 'main', REASON: 'Decay of churn/7 starts a run.' };
  const { code, outputs, log } = await steps.tool('start-retrain', env);
  expect([code, outputs.url]).toEqual([0, expect.stringContaining('/octo/attrition/actions/')]);
  expect(log).toContain('The model decayed');
  expect(github.dispatches).toEqual([
    {
      workflow: 'retrain.yml',
      ref: 'main',
      inputs: { reason: 'Decay of churn/7 starts a run.', mode: 'promote', decay: 'true' },
    },
  ]);
});

test('without a reason, or without the permission, nothing starts and the step fails', async () => {
  expect((await steps.tool('start-retrain', { GITHUB_REF_NAME: 'main' })).code).toBe(1);
  github.refuse({ method: 'POST', path: /dispatches/, status: 403, message: 'Resource not accessible' });
  const refused = await steps.tool('start-retrain', { GITHUB_REF_NAME: 'main', REASON: 'x' });
  expect([refused.code, refused.log]).toEqual([1, expect.stringContaining('403')]);
  expect(github.dispatches).toEqual([]);
});
