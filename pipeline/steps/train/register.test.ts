import { describe, expect, test } from '@jest/globals';
import type { Request } from '../../machines/request.ts';
import type { ModelPackage } from '../../ports.ts';
import { FakeSageMaker, payloadOf, requestOf } from './fake-sagemaker.fixture.ts';
import { type RegisterEvent, register } from './register.ts';
import type { RunRecord } from './run-record.ts';

/** The event that a run gave Register. */
async function registered(world: FakeSageMaker, settings = '', changes: Partial<Request> = {}) {
  return payloadOf<RegisterEvent>(await world.run(await requestOf(world, settings, changes)), 'Register');
}

test('a package tells all that serves, compares and traces it', async () => {
  const world = new FakeSageMaker();
  const event = await registered(world, 'training: { hyperparameters: { C: 1 } }', { promote: false });
  const found = await world.context.registry.get('small/1');
  expect(found).toMatchObject({
    name: 'small/1',
    status: 'PendingManualApproval',
    fingerprint: event.plan.fingerprint,
    execution: event.execution,
    image: 'model@sha256:1',
    hyperparameters: { C: '1' },
    threshold: 0.5,
    data: { source: 'data.csv', version: event.request.data.version },
    outcome: 'promote',
  });
  expect(found?.metrics.roc_auc).toBeGreaterThan(0.6);
  const { storage } = world.context;
  const { artifact, config, code, verdict, evidence, preparation } = found as ModelPackage;
  for (const uri of [artifact, config, code, verdict, evidence, preparation.settings, preparation.manifest])
    expect([uri, await storage.exists(uri)]).toEqual([uri, true]);
  const kept = JSON.parse(new TextDecoder().decode(await storage.read(config)));
  expect(kept).toEqual(JSON.parse(JSON.stringify(event.request.config)));
});

test('the same artifact again is the same package', async () => {
  const world = new FakeSageMaker();
  const event = await registered(world);
  expect(await register(event, world.context)).toEqual({ name: 'small/1', notes: [] });
  expect(await register({ ...event, execution: 'another' }, world.context)).toEqual({
    name: 'small/1',
    notes: [],
  });
  expect(await world.context.registry.list()).toHaveLength(1);
});

test('so are other settings or other code: a package says with which it is served', async () => {
  const world = new FakeSageMaker();
  const event = await registered(world);
  const { request } = event;
  const config = { ...request.config, inference: { ...request.config.inference, mode: 'endpoint' as const } };
  expect(await register({ ...event, request: { ...request, config } }, world.context)).toMatchObject({
    name: 'small/2',
  });
  const code = 's3://mlops/small/inputs-evaluate/small/code/2.json';
  expect(await register({ ...event, request: { ...request, code } }, world.context)).toMatchObject({
    name: 'small/3',
  });
  // The folder of the same code depends on the mode.
  const staged = request.code.replace('inputs-promote', 'inputs-evaluate');
  expect(await register({ ...event, request: { ...request, code: staged } }, world.context)).toMatchObject({
    name: 'small/1',
  });
});

test('another artifact is another package, though of the same fingerprint', async () => {
  const world = new FakeSageMaker();
  const event = await registered(world);
  const trained = { ...event.model.trained, artifact: 's3://mlops/small/other/model.tar.gz' };
  expect(await register({ ...event, model: { trained } }, world.context)).toEqual({
    name: 'small/2',
    notes: [],
  });
});

test('whatever the verdict: a rejected model can be found too', async () => {
  const world = new FakeSageMaker();
  world.skill.set('model@sha256:1', -1);
  await registered(world);
  expect(await world.context.registry.get('small/1')).toMatchObject({
    outcome: 'reject',
    status: 'PendingManualApproval',
  });
});

describe('images', () => {
  test('of the candidate and its preparation are held, again where the package is there already', async () => {
    const world = new FakeSageMaker();
    const event = await registered(world);
    world.held.length = 0;
    await register(event, world.context);
    expect(world.held).toEqual([
      ['model@sha256:1', 'judged'],
      ['prepare@sha256:1', 'judged'],
    ]);
  });

  test('of champion and anchor are held for ever, also by an evaluation', async () => {
    const world = new FakeSageMaker();
    await world.run(await requestOf(world));
    expect(world.held).toContainEqual(['model@sha256:1', 'always']);
    world.held.length = 0;
    const images = { model: 'model@sha256:2', prepare: 'prepare@sha256:1' };
    const anchored = 'gate: { anchor: { package: small/1 } }';
    await world.run(await requestOf(world, anchored, { images, mode: 'evaluate', promote: false }));
    expect(world.held).toEqual([
      ['model@sha256:2', 'judged'],
      ['prepare@sha256:1', 'judged'],
      ['model@sha256:1', 'always'],
      ['model@sha256:1', 'always'],
    ]);
  });

  test('that cannot be held are a note of the run, no failure', async () => {
    const world = new FakeSageMaker();
    world.context.images = { hold: async (image) => (image.startsWith('model') ? 'elsewhere' : 'held') };
    const { execution, result } = await world.run(await requestOf(world));
    expect(result.status).toBe('SUCCEEDED');
    const record = await world.context.ledger.get<RunRecord>('run', execution);
    expect(record?.value.notes).toContainEqual(
      expect.stringMatching(
        /^model@sha256:1 is in a repository outside this environment, whose own rules decide/,
      ),
    );
  });
});
