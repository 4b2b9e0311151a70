import { expect, test } from '@jest/globals';
import type { Config } from '../../config/schema.ts';
import { changesBetween, type Origin } from './changes.ts';

const origin = (written: Record<string, unknown>, trained: Record<string, string>): Origin => ({
  config: { training: { hyperparameters: written } } as Config,
  code: [{ path: 'src/train.py', sha256: 'a'.repeat(64) }],
  image: `model@sha256:${'b'.repeat(64)}`,
  data: { source: 'data.csv', version: 'c'.repeat(64) },
  hyperparameters: trained,
});

test('models made from the same differ in nothing', () => {
  expect(changesBetween(origin({ C: 1 }, { C: '1' }), origin({ C: 1 }, { C: '1' }))).toEqual([]);
});

test('a hyperparameter changed in mlops.yaml is told once', () => {
  const changes = changesBetween(origin({ C: 1 }, { C: '1' }), origin({ C: 0.1 }, { C: '0.1' }));
  expect(changes).toEqual([{ what: 'config', path: 'training.hyperparameters.C', from: '1', to: '0.1' }]);
});

test('1 and 1.0 are two values, which train can tell apart', () => {
  const champion = origin({ C: '1', deep: '007' }, { C: '1', deep: '007' });
  const candidate = origin({ C: '1.0', deep: '007' }, { C: '1.0', deep: '007' });
  expect(changesBetween(champion, candidate)).toEqual([
    { what: 'config', path: 'training.hyperparameters.C', from: '1', to: '1.0' },
  ]);
});

test('a list of numbers of an earlier version equals the same list as text', () => {
  const changed = (from: unknown[], to: unknown[]) =>
    changesBetween(origin({ list: from }, {}), origin({ list: to }, {})).map(({ from, to }) => [from, to]);
  expect(changed([1, 2.5, true], ['1', '2.5', 'true'])).toEqual([]);
  expect(changed([1, 2], ['1.0', '2'])).toEqual([['[ 1, 2 ]', '[ 1.0, 2 ]']]);
});

test('of a list of names what was removed and added is told', () => {
  const changed = (from: unknown[], to: unknown[]) =>
    changesBetween(origin({ list: from }, {}), origin({ list: to }, {})).map(({ from, to }) => [from, to]);
  expect(
    changed(['Gender', 'Age', 'MaritalStatus'], ['Age', 'OverTime', 'MaritalStatus', 'JobLevel']),
  ).toEqual([
    ['Gender', null],
    [null, 'OverTime, JobLevel'],
  ]);
  expect(changed([], ['Age'])).toEqual([[null, 'Age']]);
  expect(changed(['a', 'b'], ['b', 'a'])).toEqual([['[ a, b ]', '[ b, a ]']]);
  expect(changed([2, 3], [3, 4])).toEqual([['[ 2, 3 ]', '[ 3, 4 ]']]);
});

test('a hyperparameter that tuning chose is told beside the setting', () => {
  const champion = origin({ C: 1 }, { C: '1', _tuning_objective_metric: 'cv_roc_auc' });
  const changes = changesBetween(champion, origin({ C: 0.1 }, { C: '0.37' }));
  expect(changes).toEqual([
    { what: 'config', path: 'training.hyperparameters.C', from: '1', to: '0.1' },
    { what: 'hyperparameters', path: 'C', from: '1', to: '0.37' },
  ]);
});

test('code and data are told by the start of their hashes, a new or gone file by null', () => {
  const champion = origin({}, {});
  const candidate = {
    ...origin({}, {}),
    code: [{ path: 'src/serve.py', sha256: 'd'.repeat(64) }],
    data: { source: 'new.csv', version: 'e'.repeat(64) },
  };
  expect(changesBetween(champion, candidate)).toEqual([
    { what: 'code', path: 'model/src/serve.py', from: null, to: 'dddddddd' },
    { what: 'code', path: 'model/src/train.py', from: 'aaaaaaaa', to: null },
    { what: 'data', path: 'new.csv', from: 'cccccccc', to: 'eeeeeeee' },
  ]);
});

test('a block of settings is switched on or off, whatever it holds', () => {
  const [off, on] = [origin({}, {}), origin({}, {})];
  const tuning = { strategy: 'random', max_jobs: 8 } as never;
  const changes = (from: object | null, to: object | null) =>
    changesBetween(
      { ...off, config: { ...off.config, tuning: from as never } },
      { ...on, config: { ...on.config, tuning: to as never } },
    ).map(({ path, from: before, to: after }) => [path, before, after]);
  expect(changes(null, tuning)).toEqual([['tuning', 'off', 'on']]);
  expect(changes(tuning, null)).toEqual([['tuning', 'on', 'off']]);
});
