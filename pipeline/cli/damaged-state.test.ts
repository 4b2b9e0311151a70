import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ownerOf } from '../backends/embedded/owner.ts';
import { FileLedger } from '../backends/embedded/state/file-ledger.ts';
import type { Check } from '../doctor/check.ts';
import { ModelLedger } from '../model-ledger.ts';
import type { ModelPackage } from '../ports.ts';
import { championId, championKind, type Scored } from '../steps/context.ts';
import { stackTrace, type Workspace } from './cli.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/*
 * Files of the state folder that were damaged: each costs what it held and nothing else, is said with its repair, and is
 * never taken for "there is none".
 */

/** small/1 was the champion, small/2 is it now, small/3 was rejected. */
const workspace = smallProject();

beforeAll(async () => {
  for (const args of [
    ['--mode', 'promote'],
    ['--mode', 'promote', ...behave({ weight: 2 })],
    behave({ weight: -1 }),
  ]) {
    const { code, stdout, stderr } = await workspace.mlops('run', ...args);
    expect([code, stdout, stderr]).toEqual([0, expect.anything(), expect.not.stringContaining('✗')]);
  }
});

const ledgerOf = (from: Workspace) =>
  new ModelLedger(new FileLedger(from.path('.mlops/ledger/small')), 'small');
const ids = (from: Workspace, kind: string) =>
  readdirSync(from.path('.mlops/ledger/small', kind, 'small')).sort();

/** The newest version of a record. */
function newest(from: Workspace, kind: string, id = ids(from, kind)[0] ?? ''): string {
  const folder = from.path('.mlops/ledger/small', kind, 'small', id);
  return join(folder, `${Math.max(...readdirSync(folder).map((name) => Number.parseInt(name, 10)))}.json`);
}

async function examine(from: Workspace, ...args: string[]) {
  const { code, stdout, stderr } = await from.mlops('doctor', '--json', ...args);
  expect(stderr).not.toMatch(stackTrace);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const check = (name: string) => checks.find((found) => found.name === name);
  return { code, check, bad: checks.filter(({ outcome }) => outcome === 'problem').map(({ name }) => name) };
}

const damages: [how: string, damage: (file: string) => void, found: string][] = [
  ['cut short', (file) => truncateSync(file, Math.floor(statSync(file).size / 2)), 'text that is no JSON'],
  [
    'of another shape',
    (file) => writeFileSync(file, '{"execution":7,"package":null}'),
    'JSON of another shape (',
  ],
  [
    'a folder',
    (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    'a folder',
  ],
];

describe.each(damages)('a record that is %s', (_how, damage, found) => {
  test('of a run: history, report and the gate leave it out and say so, a run works, doctor moves it aside', async () => {
    const copy = workspace.copy();
    const runs = ids(copy, 'run');
    const file = newest(copy, 'run', runs[1]);
    damage(file);
    const history = await copy.mlops('history', '--json');
    expect(history.code).toBe(0);
    const told = JSON.parse(history.stdout);
    expect(told.runs.map(({ execution }: { execution: string }) => execution)).toEqual([runs[2], runs[0]]);
    expect(told.champion.package).toBe('small/2');
    expect(told.unreadable).toEqual([expect.stringContaining(`${file}: got ${found}`)]);
    expect(history.stderr).toContain('`mlops doctor --repair`');

    const last = await copy.mlops('report', 'last');
    expect([last.code, last.stderr]).toEqual([0, expect.stringContaining(`Left out: ${file}: got ${found}`)]);
    const itself = await copy.mlops('report', runs[1] ?? '');
    expect([itself.code, itself.stderr]).toEqual([1, expect.stringContaining(`${file}: got ${found}`)]);
    expect(itself.stderr).not.toMatch(stackTrace);
    const replay = await copy.mlops('gate', '--replay', '5', '--json');
    expect([replay.code, JSON.parse(replay.stdout).runs.length]).toEqual([0, 2]);
    const run = await copy.mlops('run', '--json');
    expect([run.code, JSON.parse(run.stdout).verdict.outcome]).toEqual([0, 'promote']);

    const before = await examine(copy);
    expect([before.code, before.bad]).toEqual([1, ['Ledger']]);
    expect(before.check('Ledger')?.detail).toContain(found);
    const repaired = await examine(copy, '--repair');
    expect([repaired.code, repaired.bad]).toEqual([0, []]);
    expect(repaired.check('Ledger')?.detail).toContain(
      `run/small ${runs[1]} was moved to .mlops/aside/ledger/small/run/small/${runs[1]}/2.json; its version 1 counts`,
    );
    expect(existsSync(copy.path('.mlops/aside/ledger/small/run/small', runs[1] ?? '', '2.json'))).toBe(true);
    expect((await examine(copy)).check('Ledger')?.outcome).toBe('ok');
    expect(JSON.parse((await copy.mlops('history', '--json')).stdout).runs).toHaveLength(4);
  });

  test('of the champion: nothing is judged without it, and doctor restores it from the run that promoted it', async () => {
    const copy = workspace.copy();
    const { value } = (await ledgerOf(copy).get(championKind, championId)) ?? {};
    const file = newest(copy, 'champion');
    damage(file);
    const run = await copy.mlops('run', '--mode', 'promote', '--json', ...behave({ weight: 3 }));
    expect(run.code).toBe(1);
    const { verdict, promoted, failure } = JSON.parse(run.stdout);
    expect([verdict, promoted, failure.step, failure.error]).toEqual([
      null,
      false,
      'Plan',
      'UnreadableRecordError',
    ]);
    expect(failure.cause).toContain(`${file}: got ${found}`);
    const history = await copy.mlops('history');
    expect([history.code, history.stdout]).toEqual([1, expect.stringContaining('Champion: unreadable')]);
    expect((await copy.mlops('run', '--baseline', 'HEAD')).code).toBe(1);

    const repaired = await examine(copy, '--repair');
    expect([repaired.code, repaired.bad]).toEqual([0, []]);
    expect(repaired.check('Ledger')?.detail).toMatch(
      /small\/2, which run \d{8}T\S+ promoted with it, is the champion of model small still$/,
    );
    const now = (await ledgerOf(copy).get<typeof value>(championKind, championId))?.value;
    expect(now).toEqual({ ...(value as object), at: expect.any(String) });
  });
});

test.each(['prepared', 'model', 'scores', 'lease', 'holdout'])(
  'of kind %s: the run says so, or does it again',
  async (kind) => {
    const copy = workspace.copy();
    for (const id of ids(copy, kind)) writeFileSync(newest(copy, kind, id), '{"half":');
    const run = await copy.mlops('run', '--mode', 'promote', '--json', ...behave({ weight: 2 }));
    if (kind === 'holdout') {
      // How often the holdout was looked at is not known.
      expect([run.code, JSON.parse(run.stdout).failure.error]).toEqual([1, 'UnreadableRecordError']);
      expect((await examine(copy, '--repair')).bad).toEqual([]);
      expect((await copy.mlops('run')).code).toBe(0);
      return;
    }
    expect([run.code, JSON.parse(run.stdout).verdict?.outcome]).toEqual([0, 'promote']);
    const report = JSON.parse(readFileSync(JSON.parse(run.stdout).report.json, 'utf8'));
    if (kind === 'model')
      expect(report.notes.join()).toMatch(
        /model of an earlier run was not reused, and trained again: .*got text that is no JSON/,
      );
    expect((await examine(copy, '--repair')).bad).toEqual([]);
  },
);

test('a look whose record is damaged still counts', async () => {
  const copy = workspace.copy();
  const looks = readdirSync(copy.path('.mlops/ledger/small')).filter((name) => name.startsWith('look-'));
  const [kind = ''] = looks;
  for (const id of ids(copy, kind)) writeFileSync(newest(copy, kind, id), '');
  const run = await copy.mlops('run', '--json', ...behave({ weight: -1 }));
  expect([run.code, JSON.parse(run.stdout).verdict.holdout_uses]).toEqual([0, 3]);
  const more = await copy.mlops('run', '--json', ...behave({ weight: -2 }));
  expect(JSON.parse(more.stdout).verdict.holdout_uses).toBe(4);
});

describe('an artifact', () => {
  const artifactOf = async (from: Workspace, name: string): Promise<string> => {
    const found = await ledgerOf(from).get<ModelPackage>('package', name);
    return from.path('.mlops/s3', (found?.value.artifact ?? '').replace('s3://', ''));
  };
  const harms: [how: string, harm: (file: string) => void, found: RegExp][] = [
    ['deleted', (file) => rmSync(file), /model\.tar\.gz\)? is gone/],
    ['cut short', (file) => truncateSync(file, 20), /model\.tar\.gz\)? is cut short: 20 of \d+ bytes/],
    [
      'swapped',
      (file) => writeFileSync(file, 'x'.repeat(5000)),
      /model\.tar\.gz\)? has other content than what was recorded/,
    ],
  ];
  test.each(harms)(
    '%s of a model that is not the champion: trained again, and said so',
    async (_how, harm, found) => {
      const copy = workspace.copy();
      harm(await artifactOf(copy, 'small/3'));
      const { bad, check } = await examine(copy);
      expect(bad).toEqual(['Artifacts']);
      const [, , made] = ids(copy, 'run');
      expect(check('Artifacts')?.detail).toMatch(found);
      expect(check('Artifacts')?.detail).toContain(`model of run ${made}: `);
      expect(check('Artifacts')?.detail).toContain(`package small/3 of run ${made}: `);
      expect(check('Artifacts')?.mend).toContain('small/3 can be neither promoted nor compared with');

      const run = await copy.mlops('run', '--json', ...behave({ weight: -1 }));
      const { reused, verdict, report } = JSON.parse(run.stdout);
      expect([run.code, verdict.outcome]).toEqual([0, 'reject']);
      expect(reused).not.toContain('Train');
      expect(JSON.parse(readFileSync(report.json, 'utf8')).notes.join()).toContain(
        'not reused, and trained again',
      );
    },
  );

  test.each(harms)(
    '%s of the champion: nothing is judged, and doctor says how to go on',
    async (_how, harm, found) => {
      const copy = workspace.copy();
      harm(await artifactOf(copy, 'small/2'));
      const run = await copy.mlops('run', '--json', ...behave({ weight: 3 }));
      expect(run.code).toBe(1);
      const { verdict, failure } = JSON.parse(run.stdout);
      expect([verdict, failure.error]).toEqual([null, 'ArtifactChangedError']);
      expect(failure.cause).toContain('`mlops doctor`');
      const { bad, check } = await examine(copy);
      expect(bad).toContain('Champion');
      expect(check('Champion')?.detail).toMatch(found);
      // The model that was the champion, trained again, takes its place.
      const again = await copy.mlops('run', '--mode', 'promote', '--json', ...behave({ weight: 2 }));
      expect([again.code, JSON.parse(again.stdout).promoted]).toEqual([0, true]);
      expect((await examine(copy)).check('Champion')?.outcome).toBe('ok');
    },
  );

  test('--repair moves the record of a damaged result aside, not a package', async () => {
    const copy = workspace.copy();
    const found = await ledgerOf(copy).list<Scored>('scores');
    const output = (found[0]?.value.output ?? '').replace('s3://', '');
    writeFileSync(copy.path('.mlops/s3', output, 'holdout.csv.out'), 'no');
    const before = await examine(copy);
    expect([before.code, before.check('Artifacts')?.outcome]).toEqual([0, 'warning']);
    const repaired = await examine(copy, '--repair');
    expect(repaired.check('Artifacts')?.detail).toMatch(
      /^repaired: 1 damaged artifact: scores of run \d{8}T.*; moved aside, so that the next run makes them again: \.mlops\/aside\/ledger\/small\/scores\/small\//,
    );
    expect((await examine(copy)).check('Artifacts')?.outcome).toBe('ok');
    expect((await copy.mlops('run', '--mode', 'promote', ...behave({ weight: 2 }))).code).toBe(0);
  });

  test.each(['config', 'settings'] as const)(
    'a %s of the champion that was edited: nothing is judged',
    async (part) => {
      const copy = workspace.copy();
      const champion = (await ledgerOf(copy).get<ModelPackage>('package', 'small/2'))?.value;
      const uri = part === 'config' ? champion?.config : champion?.preparation.settings;
      const file = copy.path('.mlops/s3', (uri ?? '').replace('s3://', ''));
      writeFileSync(file, readFileSync(file, 'utf8').replace('csv', 'CSV'));
      expect((await examine(copy)).bad).toContain('Artifacts');
      // Other data need another preparation, so that this run compares them.
      const run = await copy.mlops('run', '--json', '--set', 'data.holdout=0.3');
      expect([run.code, JSON.parse(run.stdout).failure?.error]).toEqual([1, 'ArtifactChangedError']);
    },
  );
});

describe('a lease', () => {
  const hold = async (copy: Workspace, owner: string | null) => {
    await ledgerOf(copy).put('lease', 'promotion', { execution: 'gone', until: '2999-01-01T00:00:00Z' });
    if (owner === null) return;
    mkdirSync(copy.path('.mlops/runs/gone'), { recursive: true });
    writeFileSync(copy.path('.mlops/runs/gone/owner'), owner);
  };
  const [boot = '', pid = ''] = ownerOf(process.pid).split('/');

  test.each([
    ['a killed process', null],
    ['a process whose id another one has now', `${boot}/${pid}/1`],
  ])(
    'of %s: the next run takes it at once, doctor --repair frees it and says whose',
    async (_whose, owner) => {
      const copy = workspace.copy();
      await hold(copy, owner);
      const before = await examine(copy);
      expect([before.code, before.check('Lease')?.outcome]).toEqual([0, 'warning']);
      expect(before.check('Lease')?.detail).toBe('run gone holds it, and its process is gone');
      const run = await copy.mlops('run', '--mode', 'promote', ...behave({ weight: 2 }));
      expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining('waiting for the lease')]);

      await hold(copy, owner);
      const repaired = await examine(copy, '--repair');
      expect(repaired.check('Lease')).toMatchObject({
        outcome: 'ok',
        detail: 'freed: run gone held it, and its process is gone',
      });
      expect((await examine(copy)).check('Lease')?.detail).toBe('free');
    },
  );

  test('of a live process is never taken, whatever its age and the name of its host', async () => {
    const copy = workspace.copy();
    await hold(copy, ownerOf(process.pid));
    expect((await examine(copy, '--repair')).check('Lease')?.detail).toBe(
      'run gone, which is in progress, holds it',
    );
    const run = copy.start('run', '--mode', 'promote', ...behave({ weight: 2 }));
    await run.until(() => run.stderr.includes('waiting for the lease held by gone'));
    // Its process ends while the run waits.
    writeFileSync(copy.path('.mlops/runs/gone/owner'), `${boot}/${pid}/1`);
    expect((await run.finished).code).toBe(0);
  });
});
