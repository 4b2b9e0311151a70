import { expect, test } from '@jest/globals';
import { sampleReport } from '../../pipeline/report/report.fixture.ts';
import { github, heading, ofHead, postBundled } from './post-report.fixture.ts';

/* What takes the bundle its real seconds. */

test('an outage of half a minute is sat out', async () => {
  github.goDown(30_000);
  const { code } = await postBundled(ofHead(sampleReport()));
  expect(code).toBe(0);
  expect(heading()).toEqual(['## 🟢 Promote: attrition']);
});

test('five at once end in one comment', async () => {
  github.latency = 100;
  const finished = await Promise.all([1, 2, 3, 4, 5].map(() => postBundled(ofHead(sampleReport()))));
  expect(finished.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  expect(heading()).toEqual(['## 🟢 Promote: attrition']);
});
