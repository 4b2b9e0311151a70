import { beforeEach, expect, test } from '@jest/globals';
import { parseConfig } from '../../../config/load.ts';
import type { MonitorRequest } from '../../../machines/monitor-request.ts';
import type { ReleaseRequest } from '../../../machines/release-request.ts';
import type { Request } from '../../../machines/request.ts';
import type { Ledger, LedgerItem, StoredVersion } from '../../../ports.ts';
import type { StepContext } from '../../../steps/context.ts';
import { type LandedEvent, type Starting, startLanded } from './start-landed.ts';

const config = parseConfig(
  'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n' +
    'triggers: { data_landed: true, scoring_landed: true }\n',
);
const request = {
  model: 'churn',
  mode: 'promote',
  promote: false,
  trigger: { kind: 'push', ref: 'main', commit: 'abc', dirty: false, actor: 'octo', reason: null },
  config,
  seed: 0,
  images: { model: 'model@sha256:1', prepare: 'prepare@sha256:2' },
  data: { source: 'rows.csv', uri: 's3://artifacts/churn/inputs-promote/churn/data/1/', version: '1' },
  script: null,
  code: 's3://artifacts/churn/inputs-promote/churn/code/1.json',
  baseline: 'churn/1',
} satisfies Request;

let objects: StoredVersion[] = [];
let items: Map<string, unknown>;
let executions: Map<string, { machine: string; request: Request | ReleaseRequest | MonitorRequest }>;
let schedules: Map<string, { seconds: number; event: LandedEvent }>;
let overdue: boolean[];
let now: string;

beforeEach(() => {
  objects = [];
  items = new Map<string, unknown>([
    ['deployed current', { config, images: { prepare: 'p' }, scoring: null, request, commit: 'abc', at: '' }],
  ]);
  executions = new Map();
  schedules = new Map();
  overdue = [];
  now = '2026-01-02T03:04:05Z';
});

const ledger = {
  get: async (kind: string, id: string) => {
    const value = items.get(`${kind} ${id}`);
    return value === undefined ? null : ({ id, version: 1, value } as LedgerItem<never>);
  },
  putIf: async (kind: string, id: string, value: unknown, version: number) => {
    expect(version).toBe(1);
    items.set(`${kind} ${id}`, value);
    return { id, version: 2, value };
  },
  put: async (kind: string, id: string, value: unknown) => {
    items.set(`${kind} ${id}`, value);
    return { id, version: 1, value };
  },
} as unknown as Ledger;
const below = async (prefix: string) => objects.filter(({ uri }) => uri.startsWith(prefix));
const context = {
  model: 'churn',
  root: 's3://artifacts/churn',
  storage: { list: below, listVersions: below },
  ledger,
  clock: { now: () => new Date(now) },
} as unknown as StepContext;
const starting: Starting = {
  contextOf: () => context,
  start: async (machine, name, started) => {
    if (executions.has(name)) return 'SUCCEEDED';
    executions.set(name, { machine, request: started });
    return 'started';
  },
  requestOf: async () => ({ ...request, promote: true, trigger: { ...request.trigger, kind: 'data' } }),
  modelOf: async () => 'churn',
  overdue: (model, is) => {
    expect(model).toBe('churn');
    overdue.push(is);
  },
  schedule: async (name, seconds, event) => {
    if (schedules.has(name)) return false;
    schedules.set(name, { seconds, event });
    return true;
  },
};

const prefix = 's3://data/churn/training/';
const place = { model: 'churn', purpose: 'training', uri: prefix, quiet: 300 } as const;
const land = (name: string, version = name): LandedEvent => {
  objects.push({ uri: `${prefix}${name}`, bytes: 1, version });
  return { ...place, what: 'object', key: `churn/training/${name}` };
};

/** Lets Scheduler call what is due; a schedule goes when its call is done. Returns what the calls said. */
async function pass(meanwhile: () => Promise<unknown> = async () => {}): Promise<string[]> {
  const due = [...schedules];
  const said: string[] = [];
  for (const [name, { event }] of due) {
    said.push(await startLanded(event, starting));
    schedules.delete(name);
  }
  await meanwhile();
  return said;
}

test('a thousand files, told of twice and out of order, start one run when no more come', async () => {
  const events = Array.from({ length: 1000 }, (_, index) => land(`part-${index}.csv`));
  for (const event of [...events.reverse(), ...events]) await startLanded(event, starting);
  expect([...schedules.keys()]).toEqual(['churn-training-0']);
  await pass();
  expect(executions.size).toBe(0);
  // One more comes between two looks: what the look sees is another state, so it looks again.
  await startLanded(land('late.csv'), starting);
  for (let turn = 0; turn < 5; turn++) await pass();
  expect(schedules.size).toBe(0);
  expect([...executions.values()]).toEqual([
    {
      machine: 'promote',
      request: {
        ...request,
        promote: true,
        baseline: null,
        notes: [],
        trigger: { ...request.trigger, kind: 'data', actor: null, reason: `1001 files below ${prefix}` },
        data: expect.objectContaining({ uri: prefix, source: prefix }),
      },
    },
  ]);
});

test('the same files twice start nothing and say so; other files start again', async () => {
  land('a.csv');
  const marker = land('_SUCCESS');
  expect(await startLanded(marker, starting)).toMatch(/^training-[0-9a-f]{32}: started$/);
  const [first] = executions.keys();
  expect(await startLanded(marker, starting)).toBe(
    `${first}: these files have been taken already (SUCCEEDED): nothing new, nothing starts`,
  );
  // The marker, written again, is no data.
  objects = objects.map((object) => (object.uri.endsWith('_SUCCESS') ? { ...object, version: '2' } : object));
  expect(await startLanded(marker, starting)).toContain('nothing new');
  objects[0] = { uri: `${prefix}a.csv`, bytes: 1, version: 'changed' };
  expect(await startLanded(marker, starting)).toContain(': started');
  expect(executions.size).toBe(2);
});

test('without a quiet time only the marker starts, and a marker without files does not', async () => {
  const event = { ...land('a.csv'), quiet: null } as LandedEvent;
  expect(await startLanded(event, starting)).toBe(`${prefix}: waits for a file _SUCCESS`);
  expect(schedules.size).toBe(0);
  objects = [];
  expect(await startLanded({ ...land('_SUCCESS'), quiet: null } as LandedEvent, starting)).toBe(
    `${prefix}: no file of rows landed; nothing starts`,
  );
});

test('before main has deployed anything nothing starts', async () => {
  items.clear();
  land('a.csv');
  expect(await startLanded(land('_SUCCESS'), starting)).toBe(
    'churn: main has deployed nothing yet; nothing starts',
  );
  expect([...items.keys()]).toEqual([]);
});

test('rows to predict start a release of the champion, which finds them in the ledger', async () => {
  const uri = 's3://data/churn/scoring/';
  objects = ['a.csv', '_SUCCESS'].map((name) => ({ uri: uri + name, bytes: 1, version: name }));
  const event: LandedEvent = {
    ...place,
    purpose: 'scoring',
    uri,
    what: 'object',
    key: 'churn/scoring/_SUCCESS',
  };
  expect(await startLanded(event, starting)).toMatch(/^scoring-[0-9a-f]{32}: started$/);
  const [started] = executions.values();
  expect(started).toMatchObject({
    machine: 'release',
    request: { kind: 'release', package: null, if_champion: false, trigger: { kind: 'data' } },
  });
  expect(items.get('landed scoring')).toMatchObject({ uri, version: expect.any(String) });
});

test('a timetable trains once for its time, on what landed last', async () => {
  land('a.csv');
  await startLanded(land('_SUCCESS'), starting);
  executions.clear();
  const time: LandedEvent = { what: 'timetable', model: 'churn', at: '2026-03-04T05:06:00Z' };
  expect(await startLanded(time, starting)).toBe('schedule-churn-20260304050600: started');
  expect(await startLanded(time, starting)).toContain('nothing starts');
  expect([...executions.values()][0]?.request).toMatchObject({
    trigger: { kind: 'schedule' },
    data: { uri: prefix },
  });
});

test('what a run without anybody behind it promoted is released; what it did not promote, or a workflow did, is not', async () => {
  const arn = 'arn:aws:states:eu-west-1:111111111111:execution:churn--staging--train-promote:training-1';
  const ended: LandedEvent = { what: 'ended', arn };
  items.set('landed scoring', { source: 's3://data/x/', uri: 's3://data/x/', version: '1', at: '' });
  items.set('champion current', { package: 'churn/7', execution: 'other' });
  expect(await startLanded(ended, starting)).toBe('training-1: it promoted nothing; nothing starts');
  items.set('champion current', { package: 'churn/7', execution: 'training-1' });
  expect(await startLanded(ended, { ...starting, requestOf: async () => request })).toBe(
    'training-1: a run of push; whoever started it releases',
  );
  const dispatched = { ...request, trigger: { ...request.trigger, kind: 'data' as const } };
  expect(await startLanded(ended, { ...starting, requestOf: async () => dispatched })).toBe(
    'training-1: a run of data that does not promote by itself; the workflow behind it releases',
  );
  expect(await startLanded(ended, starting)).toBe('release-training-1: started');
  expect(executions.get('release-training-1')?.request).toMatchObject({
    package: 'churn/7',
    if_champion: true,
  });
  items.delete('landed scoring');
  expect(await startLanded(ended, starting)).toContain('no rows to predict');
});

const monitored = (monitoring: string) => ({
  config: parseConfig(
    `project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\nmonitoring: ${monitoring}\n`,
  ),
  images: { prepare: 'p' },
  scoring: null,
  request,
  commit: 'abc',
  at: '2026-01-01T00:00:00Z',
});

test('the time of a look starts one look for that time, and none where main has monitoring off', async () => {
  const time: LandedEvent = { what: 'monitor', model: 'churn', at: '2026-03-04T03:00:00Z' };
  expect(await startLanded(time, starting)).toContain('monitoring is off');
  items.set('deployed current', monitored('{}'));
  expect(await startLanded(time, starting)).toBe('look-churn-20260304030000: started');
  expect(await startLanded(time, starting)).toContain('this time has been looked at already (SUCCEEDED)');
  expect([...executions.values()]).toEqual([
    {
      machine: 'monitor',
      request: {
        model: 'churn',
        at: '2026-03-04T03:00:00Z',
        retrain: true,
        trigger: expect.objectContaining({ kind: 'schedule', reason: '2026-03-04T03:00:00Z' }),
      },
    },
  ]);
  items.delete('deployed current');
  expect(await startLanded(time, starting)).toContain('main has deployed nothing yet');
});

const look = 'look-churn-20260304030000';
const looked: LandedEvent = {
  what: 'looked',
  arn: `arn:aws:states:eu-west-1:111111111111:execution:churn--staging--monitor:${look}`,
};
const found = (wanted: boolean, why: string) =>
  items.set(`finding ${look}`, {
    look,
    retrain: { wanted, why, since: '2026-02-01T00:00:00Z' },
    state: { plan: { package: 'churn/7' } },
  });

test('decay starts one run for the look that says so, named by it, and the claim of the package names the run', async () => {
  items.set('deployed current', monitored('{ truth: truth.csv, decay: { min: 0.7 } }'));
  items.set('retrain churn/7', { look, at: '', run: null });
  found(true, 'ROC AUC is below 0.7');
  expect(await startLanded(looked, starting)).toBe(`decay-${look}: started`);
  expect(await startLanded(looked, starting)).toContain('the look has started its run already');
  expect([...executions]).toEqual([
    [
      `decay-${look}`,
      {
        machine: 'promote',
        request: expect.objectContaining({
          mode: 'promote',
          promote: true,
          baseline: null,
          trigger: expect.objectContaining({
            kind: 'decay',
            reason: `decay of churn/7 (look ${look})`,
            since: '2026-02-01T00:00:00Z',
            actor: null,
          }),
        }),
      },
    ],
  ]);
  expect(items.get('retrain churn/7')).toEqual({ look, at: '', run: `decay-${look}` });
});

test('a look that wants no run starts none and says why; one without a record is an error', async () => {
  items.set('deployed current', monitored('{ truth: truth.csv, decay: { min: 0.7 } }'));
  await expect(startLanded(looked, starting)).rejects.toThrow('got no record of the look');
  found(false, 'churn/7 has been retrained for already');
  expect(await startLanded(looked, starting)).toBe(
    `${look}: churn/7 has been retrained for already; nothing starts`,
  );
  expect(executions.size).toBe(0);
  found(true, 'x');
  expect(await startLanded(looked, starting)).toContain('nothing claims the run for churn/7');
  // The event came out of the queue of lost events, after a later look had found the same.
  items.set('retrain churn/7', { look: 'look-churn-20260305030000', at: '', run: 'other' });
  expect(await startLanded(looked, starting)).toContain('look look-churn-20260305030000 claims the run');
  expect(executions.size).toBe(0);
  items.set('retrain churn/7', { look, at: '', run: null });
  items.delete('deployed current');
  await expect(startLanded(looked, starting)).rejects.toThrow('got no request of main in the ledger');
});

test('names of runs of decay fit, whatever their look is called, and differ', async () => {
  items.set('deployed current', monitored('{}'));
  for (const end of ['a', 'b']) {
    const name = `${'x'.repeat(79)}${end}`;
    const state = { plan: { package: `churn/${end}` } };
    items.set(`finding ${name}`, { look: name, retrain: { wanted: true, why: 'x' }, state });
    items.set(`retrain churn/${end}`, { look: name, at: '', run: null });
    await startLanded({ what: 'looked', arn: `arn:aws:states:r:1:execution:m:${name}` }, starting);
  }
  expect([...executions.keys()].map((name) => /^decay-[0-9a-z]+$/.test(name) && name.length <= 80)).toEqual([
    true,
    true,
  ]);
});

test('looks are overdue when none has ended well for longer than the schedule and a look may take', async () => {
  const beat: LandedEvent = { what: 'heartbeat', model: 'churn' };
  // A model without monitoring has no looks.
  await startLanded(beat, starting);
  items.set('deployed current', monitored('{}'));
  now = '2026-01-02T05:59:00Z';
  await startLanded(beat, starting);
  now = '2026-01-02T06:01:00Z';
  expect(await startLanded(beat, starting)).toContain('overdue: expected at most 30.0');
  items.set('monitoring current', { at: '2026-01-02T03:00:00Z' });
  expect(await startLanded(beat, starting)).toBe('churn: the last look was 3.0 hours ago, of at most 30.0');
  now = '2026-01-03T09:01:00Z';
  await startLanded(beat, starting);
  // A time that is none is no sign of life.
  items.set('monitoring current', { at: 'x' });
  await startLanded(beat, starting);
  expect(overdue).toEqual([false, false, true, false, true, true]);
});
