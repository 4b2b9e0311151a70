import { expect, test } from '@jest/globals';
import { type Champion, championId, championKind } from '../context.ts';
import { FakeSageMaker, requestOf } from './fake-sagemaker.fixture.ts';
import { promote } from './promote.ts';

/** Two packages that nobody has promoted. */
async function withPackages() {
  const world = new FakeSageMaker();
  for (const digest of ['1', '2']) {
    const images = { model: `model@sha256:${digest}`, prepare: 'prepare@sha256:1' };
    await world.run(await requestOf(world, '', { images, promote: false }));
  }
  const { context } = world;
  const champion = async () => await context.ledger.get<Champion>(championKind, championId);
  const status = async (name: string) => (await context.registry.get(name))?.status;
  const promoted = (name: string, expected_version: number, fence: number | null = null) =>
    promote(
      {
        execution: `of ${name}`,
        package: name,
        compared_with: 'small/0',
        expected_version,
        fence,
        reason: 'better',
      },
      context,
    );
  return { world, context, champion, status, promoted };
}

test('makes a package the champion, approves it, and remembers the one before', async () => {
  const { champion, status, promoted } = await withPackages();
  expect(await champion()).toBeNull();
  expect(await promoted('small/1', 0)).toEqual({ promoted: true, version: 1, refused: null });
  expect(await promoted('small/2', 1)).toEqual({ promoted: true, version: 2, refused: null });
  expect(await champion()).toEqual({
    id: championId,
    version: 2,
    value: {
      package: 'small/2',
      previous: 'small/1',
      compared_with: 'small/0',
      execution: 'of small/2',
      reason: 'better',
      at: '2026-01-01T00:00:00.000Z',
    },
  });
  expect(await status('small/2')).toBe('Approved');
});

test('asked again changes nothing, and mends an approval that a kill left out', async () => {
  const { context, champion, status, promoted } = await withPackages();
  await promoted('small/1', 0);
  await context.registry.approve('small/1', 'PendingManualApproval', 'as if killed before');
  expect(await promoted('small/1', 0)).toEqual({ promoted: false, version: 1, refused: null });
  expect(await champion()).toMatchObject({ version: 1, value: { package: 'small/1', previous: null } });
  expect(await status('small/1')).toBe('Approved');
});

test('a verdict on an older champion promotes nobody', async () => {
  const { champion, status, promoted } = await withPackages();
  await promoted('small/1', 0);
  await expect(promoted('small/2', 0)).rejects.toThrow('got version 1, expected 0');
  await expect(promoted('small/2', 0)).rejects.toMatchObject({ name: 'ConflictError' });
  expect((await champion())?.value.package).toBe('small/1');
  expect(await status('small/2')).toBe('PendingManualApproval');
});

test('of two promotions at once one wins', async () => {
  const { champion, promoted } = await withPackages();
  const settled = await Promise.allSettled([promoted('small/1', 0), promoted('small/2', 0)]);
  expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect((await champion())?.version).toBe(1);
});

test('a run that has lost its lease promotes nobody', async () => {
  const { champion, promoted } = await withPackages();
  await expect(promoted('small/1', 0, 7)).rejects.toMatchObject({ name: 'LeaseLostError' });
  expect(await champion()).toBeNull();
});

test('the image of a champion is held for ever, and a package without its image is not promoted', async () => {
  const { world, context, champion, promoted } = await withPackages();
  world.held.length = 0;
  await promoted('small/1', 0);
  expect(world.held).toEqual([['model@sha256:1', 'always']]);
  context.images = { hold: async () => 'gone' };
  await expect(promoted('small/2', 1)).rejects.toThrow(
    'model package small/2: its image model@sha256:2 is no longer in its repository',
  );
  context.images = { hold: async () => 'elsewhere' };
  expect(await promoted('small/2', 1)).toMatchObject({ promoted: true });
  expect(await champion()).toMatchObject({ value: { package: 'small/2' } });
});

test('a package that the registry does not have promotes nobody', async () => {
  const { champion, promoted } = await withPackages();
  await expect(promoted('small/9', 0)).rejects.toThrow(
    'package: got small/9, expected one of the registry; nothing was promoted',
  );
  expect(await champion()).toBeNull();
});
