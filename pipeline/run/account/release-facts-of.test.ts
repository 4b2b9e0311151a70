import { expect, test } from '@jest/globals';
import type { Request } from '../../machines/request.ts';
import { currentId, pointerKind } from '../../steps/release/records.ts';
import { releaseKind } from '../../steps/release/release-record.ts';
import { FakeSageMaker, requestOf } from '../../steps/train/fake-sagemaker.fixture.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import { releaseFactsOf } from './release-facts-of.ts';

const environments = `environments:
  staging: { account: "111111111111", region: us-east-1 }
  production: { account: "111111111111", region: xx-nowhere-1 }
`;

interface Asked {
  scoring?: Record<string, string> | null;
  settings?: string;
  inference?: 'batch' | 'endpoint' | 'serverless';
  mode?: Request['mode'];
}

/** A run that has ended, of a project whose data.scoring has these files. */
async function recorded(
  world: FakeSageMaker,
  { scoring = { 'rows.csv': 'id,x\n1,2\n2,"a\nb"\n\n3,4\n' }, settings = environments, ...asked }: Asked = {},
): Promise<RunRecord> {
  const { mode = 'evaluate', inference = 'batch' } = asked;
  const request = await requestOf(world, settings, { mode, promote: false });
  const uri = `${world.context.root}/inputs-${mode}/scoring/`;
  for (const [name, text] of Object.entries(scoring ?? {}))
    await world.context.storage.write(`${uri}${name}`, text);
  const { config } = request;
  const { execution } = await world.run({
    ...request,
    config: {
      ...config,
      data: { ...config.data, scoring: scoring && 'rows' },
      inference: { ...config.inference, mode: inference },
    },
    scoring: scoring && { source: 'rows', uri, version: '1' },
  });
  const item = await world.context.ledger.get<RunRecord>(runKind, execution);
  if (item === null) throw new Error(`${execution}: no record`);
  return item.value;
}

const onAws = ({ context }: FakeSageMaker) => ({ name: 'aws' as const, environment: 'staging', context });
const here = ({ context }: FakeSageMaker) => ({ name: 'embedded' as const, environment: null, context });
const aws = () => new FakeSageMaker('small', 'us-east-1');

test('an evaluation tells every environment that a merge deploys, each at its own prices', async () => {
  const world = aws();
  expect(await releaseFactsOf(await recorded(world), onAws(world))).toEqual({
    mode: 'batch',
    source: 'rows',
    // A quoted line break and a blank line are no rows.
    rows: 3,
    places: [
      { environment: 'staging', cost: expect.stringMatching(/^\$0\.000\d+; at rest \$0\/month$/) },
      { environment: 'production', cost: 'price not known; at rest $0/month' },
    ],
    note: expect.stringMatching(
      /^The cost of a release is that of its jobs, if they take as long as those of this run\. Release: no price is known for ml\.m5\.large \(processing\), ml\.m5\.large \(transform\) in xx-nowhere-1; .*\.$/,
    ),
  });
});

test('a run that promotes tells its own environment alone', async () => {
  const world = aws();
  const facts = await releaseFactsOf(await recorded(world, { mode: 'promote' }), onAws(world));
  expect(facts?.places.map(({ environment }) => environment)).toEqual(['staging']);
});

test('the jobs of the last release tell how long those of the next take', async () => {
  const world = aws();
  const { ledger } = world.context;
  const job = (seconds: number) => ({
    job: 'a job',
    started: '2026-11-27T12:00:00Z',
    ended: new Date(Date.parse('2026-11-27T12:00:00Z') + 1000 * seconds).toISOString(),
    instance: 'ml.m5.large',
    count: 1,
  });
  await ledger.put(pointerKind, currentId, { release: 'r1' });
  await ledger.put(releaseKind, 'r1', { state: { laid: job(180), scored: job(360) } });
  const facts = await releaseFactsOf(await recorded(world), onAws(world));
  expect(facts?.places[0]?.cost).toBe('$0.02; at rest $0/month');
  expect(facts?.note).toContain('those of the last release');
});

test('an endpoint needs no rows', async () => {
  const world = aws();
  const facts = await releaseFactsOf(
    await recorded(world, { scoring: null, inference: 'endpoint' }),
    onAws(world),
  );
  expect(facts).toMatchObject({ mode: 'endpoint', source: null, rows: null });
  expect(facts?.places[0]?.cost).toMatch(/^at rest \$0\.115\/hour, \$83\.95\/month/);
});

test('without rows and endpoint there is nothing to release', async () => {
  const world = aws();
  expect(await releaseFactsOf(await recorded(world, { scoring: null }), onAws(world))).toBeNull();
});

test('on this machine a release costs nothing', async () => {
  const world = new FakeSageMaker();
  expect(await releaseFactsOf(await recorded(world), here(world))).toEqual({
    mode: 'batch',
    source: 'rows',
    rows: 3,
    places: [],
    note: '',
  });
});

test('rows that cannot be counted have no number: the release itself says what is wrong', async () => {
  const world = new FakeSageMaker();
  const record = await recorded(world, { scoring: { 'a.csv': 'id,x\n1,2\n', 'b.csv': 'id,x\n1,"2\n' } });
  expect(await releaseFactsOf(record, here(world))).toMatchObject({ rows: null });
  const files = await recorded(world, {
    scoring: { 'a.csv': 'id,x\n1,2\n', 'b.csv': 'id,x\n3,4\n4,5\n', _SUCCESS: 'x' },
  });
  expect(await releaseFactsOf(files, here(world))).toMatchObject({ rows: 3 });
});
