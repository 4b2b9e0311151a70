import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Check } from '../doctor/check.ts';
import type { Finished } from './cli.fixture.ts';
import { behave } from './small-project.fixture.ts';
import { newRows, releasableProject } from './small-release.fixture.ts';

/*
 * A release on this machine: what a promotion shows to readers, what a rollback brings back, and what a failure leaves alone.
 */

const project = releasableProject();
const mlops = async (...args: string[]) => {
  const finished = await project.mlops(...args, '--json');
  return { ...finished, said: JSON.parse(finished.stdout) };
};
const file = '.mlops/s3/mlops/small/pointers/small.json';
const pointer = () => JSON.parse(project.read(file));
let first: Awaited<ReturnType<typeof mlops>>;

beforeAll(async () => {
  first = await mlops('run', '--mode', 'promote');
});

test('a promotion is released at once: predictions, page and pointer', () => {
  expect([first.code, first.said.promoted]).toEqual([0, true]);
  const { release } = first.said;
  expect(release).toMatchObject({
    model: 'small',
    status: 'succeeded',
    package: 'small/1',
    previous: null,
    moved: true,
    predictions: { rows: 50 },
  });
  expect(pointer()).toMatchObject({
    model: 'small',
    package: 'small/1',
    release: release.release,
    mode: 'batch',
  });
  expect(existsSync(release.page)).toBe(true);
  const folder = `.mlops/s3/mlops/small/predictions/model=small/release=${release.release}`;
  expect(readdirSync(project.path(folder))).toEqual(['part-00000.parquet']);
  expect(readdirSync(release.predictions.path)).toEqual(['part-00000.parquet']);
});

test('the same again predicts nothing and says what it reused', async () => {
  const { stdout, code } = await project.mlops('release');
  expect(code).toBe(0);
  expect(stdout).toContain('small/1 is released already; readers see what they saw before.');
  const again = await mlops('release');
  expect(again.said).toMatchObject({ moved: false, release: first.said.release.release });
  expect(again.said.reused).toEqual([first.said.release.release]);
  expect(again.stderr).not.toMatch(/Lay out rows|Predict|Deliver/);
});

describe('a second champion', () => {
  let second: Awaited<ReturnType<typeof mlops>>;
  const better = behave({ weight: 1.5 });

  beforeAll(async () => {
    second = await mlops('run', '--mode', 'promote', ...better);
  });

  test('is released, and the release before it is named', () => {
    expect(second.said.release).toMatchObject({
      package: 'small/2',
      previous: { package: 'small/1', release: first.said.release.release },
    });
  });

  test('a rollback brings the first back, with the predictions that were there, and says so in the history', async () => {
    const back = await mlops('rollback', '--reason', 'complaints');
    expect(back.code).toBe(0);
    expect(back.said).toMatchObject({ package: 'small/1', release: first.said.release.release, moved: true });
    expect(pointer()).toMatchObject({ package: 'small/1', release: first.said.release.release });
    const { stdout } = await project.mlops('history', '--json');
    const history = JSON.parse(stdout);
    expect(history.champion).toMatchObject({ package: 'small/1', reason: 'Rolled back: complaints' });
    expect(history.releases[0]).toMatchObject({ kind: 'rollback', package: 'small/1', reason: 'complaints' });
    expect((await project.mlops('history')).stdout).toMatch(/rolled back +small\/1/);
    // The page compares with the release that is left, and not with what the predictions were first compared with.
    const summaryOf = ({ execution }: { execution: string }) =>
      JSON.parse(project.read(`.mlops/runs/${execution}/release.json`)).predictions.summary;
    const [before, now] = [summaryOf(second.said.release), summaryOf(back.said)];
    expect(before.flips.compared).toBe(50);
    expect(now.flips).toEqual({
      compared: 50,
      changes: before.flips.changes.map(({ from, to, rows }: { from: string; to: string; rows: number }) => ({
        from: to,
        to: from,
        rows,
      })),
    });
    expect(now.score.previous_mean).toBe(before.score.mean);
  });

  test('what was rolled back from is not promoted again by itself', async () => {
    const again = await mlops('run', '--mode', 'promote', ...better);
    expect(again.said.promoted).toBe(false);
    expect(again.said.release).toBeNull();
    const report = JSON.parse(project.read(`.mlops/runs/${again.said.execution}/report.json`));
    expect(report.run.promotion.detail).toMatch(
      /small\/2 was not promoted: .*rolled back from on .*complaints/,
    );
    expect(pointer()).toMatchObject({ package: 'small/1' });
  });

  test('there is nothing before the first champion to go back to', async () => {
    const further = await mlops('rollback', '--reason', 'once more');
    expect([further.code, further.said.status]).toEqual([1, 'failed']);
    expect(further.said.failure.cause).toContain(
      'got no champion before small/1, expected one to go back to',
    );
    const same = await mlops('rollback', '--to', 'small/1', '--reason', 'again');
    expect([same.code, same.said.failure.cause]).toEqual([
      2,
      expect.stringContaining('which is the champion'),
    ]);
    const empty = await project.mlops('rollback', '--reason', ' ');
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('--reason: got nothing')]);
  });

  test('a package that never was a champion can be released by name, and the champion stays', async () => {
    const named = await mlops('release', 'small/2');
    expect(named.said).toMatchObject({ package: 'small/2', moved: true });
    expect(named.said.notes.join(' ')).toMatch(
      /small\/2 is .*not the champion, which is small\/1.*rolled back from/,
    );
    expect(JSON.parse((await project.mlops('history', '--json')).stdout).champion.package).toBe('small/1');
    const skipped = await mlops('release', 'small/2', '--if-champion');
    expect(skipped.said).toMatchObject({ status: 'succeeded', moved: false });
    expect(skipped.said.notes[0]).toContain('no longer the champion');
    await mlops('release');
    expect(pointer().package).toBe('small/1');
  });
});

test('a package that the registry does not know is a bad argument', async () => {
  for (const args of [
    ['release', 'small/77'],
    ['rollback', '--to', 'small/77', '--reason', 'why not'],
  ]) {
    const { code, stderr } = await project.mlops(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining('package: got "small/77", expected one of')]);
  }
});

test('two releases and a rollback at once go one after the other', async () => {
  const shared = releasableProject();
  await shared.mlops('run', '--mode', 'promote');
  await shared.mlops('run', '--mode', 'promote', ...behave({ weight: 1.5 }), '--no-release');
  const finished = await Promise.all(
    [['release'], ['rollback', '--reason', 'at once'], ['release']].map(
      (args) => shared.start(...args, '--json').finished,
    ),
  );
  expect(finished.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(finished.map(({ stderr }) => stderr).join('')).toMatch(/waiting for the lease held by/);
  const told = JSON.parse((await shared.mlops('history', '--json')).stdout);
  expect(told.champion.package).toBe('small/1');
  // Whichever came last released the champion of its time, and after a rollback that is the earlier one.
  expect(JSON.parse(shared.read(file)).package).toBe('small/1');
  expect(told.releases.map(({ status }: { status: string }) => status)).toEqual(
    Array.from({ length: 4 }, () => 'succeeded'),
  );
  // A wrong rollback is undone in the same way, and then nothing is in the way of that model.
  const undone = await shared.mlops('rollback', '--to', 'small/2', '--reason', 'it was right', '--json');
  expect([undone.code, JSON.parse(undone.stdout).package]).toEqual([0, 'small/2']);
  const back = await shared.mlops('rollback', '--reason', 'no, after all', '--json');
  expect(JSON.parse(back.stdout).package).toBe('small/1');
});

describe('readers see what they saw before', () => {
  const cases: [what: string, rows: string, message: RegExp][] = [
    ['without a row', 'id,x,noise,group\n', /no rows/],
    ['without a feature', newRows(20).replaceAll(/,[^,\n]*(,[^,\n]*)$/gm, '$1'), /noise/],
    [
      'with too many words in a column of numbers',
      newRows(20).replaceAll(/^(n1?\d),[^,]*/gm, '$1,much'),
      /max_bad_rows/,
    ],
    ['with an id twice', newRows(20).replace('n3,', 'n2,'), /must be unique.* lines 4, 5/],
    ['without the row id', newRows(20).replace('id,', 'key,'), /"id" is missing, which data.row_id names/],
  ];

  test.each(cases)('where rows come %s', async (_, rows, message) => {
    const before = pointer();
    writeFileSync(project.path('bad.csv'), rows);
    const failed = await mlops('release', '--set', 'data.scoring=bad.csv');
    expect([failed.code, failed.said.status]).toEqual([2, 'failed']);
    expect(failed.said.failure).toMatchObject({ step: 'Lay out rows', error: 'DataContractError' });
    const { cause, log } = failed.said.failure;
    expect(cause + log.join('\n')).toMatch(message);
    // Nothing is said twice: the first message is the cause.
    for (const line of log) expect(line).not.toContain(cause.replace(/ \(and \d+ more, below\)$/, ''));
    expect(pointer()).toEqual(before);
  });

  test('where the answers are of no use', async () => {
    const broken = releasableProject();
    const run = async (...args: string[]): Promise<Finished> => await broken.mlops(...args, '--json');
    await run('run', '--mode', 'promote', '--no-release');
    expect(existsSync(broken.path('.mlops/s3/mlops/small/pointers'))).toBe(false);
    // The image of a package is its own: the program is changed where it is kept.
    for (const [behaviour, message] of [
      ['nan', /NaN|nan/],
      ['short', /one line for each/],
    ] as const) {
      const { code, stdout } = await run(
        'run',
        '--mode',
        'promote',
        ...behave({ serve: behaviour }),
        '--set',
        'gate.enforce=false',
      );
      expect(code).not.toBe(0);
      expect(stdout).toMatch(message);
      expect(existsSync(broken.path('.mlops/s3/mlops/small/pointers'))).toBe(false);
    }
  });
});

describe('mlops doctor', () => {
  const release = async (...args: string[]) => {
    const { stdout } = await project.mlops('doctor', '--json', ...args);
    return (JSON.parse(stdout) as { checks: Check[] }).checks.find(({ name }) => name === 'Release');
  };

  test('mends a pointer that a kill or a hand has left behind the ledger', async () => {
    const before = project.read(file);
    expect(await release()).toMatchObject({ outcome: 'ok' });
    project.write({ [file]: before.replace('small/1', 'small/9') });
    expect(await release()).toMatchObject({ outcome: 'problem', mend: expect.stringContaining('--repair') });
    expect(await release('--repair')).toMatchObject({ outcome: 'ok' });
    expect(project.read(file)).toBe(before);
  });

  test('finds predictions that are not what was delivered; a release makes them anew', async () => {
    const { release: id } = pointer();
    const path = `.mlops/s3/mlops/small/predictions/model=small/release=${id}/part-00000.parquet`;
    rmSync(project.path(path));
    project.write({ [path]: 'PAR1PAR1' });
    expect(await release()).toMatchObject({ outcome: 'problem', detail: expect.stringContaining('sha256') });
    const anew = await mlops('release');
    expect([anew.code, anew.said.moved]).toEqual([0, true]);
    expect(anew.said.release).not.toBe(id);
    expect(await release()).toMatchObject({ outcome: 'ok' });
  });
});
