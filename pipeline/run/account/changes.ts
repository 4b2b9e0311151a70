import { stringify } from 'yaml';
import type { CodeFile } from '../../backends/backend.ts';
import type { Config } from '../../config/schema.ts';
import type { Change } from '../../report/report.ts';

/** Everything that a model was made from. */
export interface Origin {
  config: Config;
  code: CodeFile[];
  image: string;
  data: { source: string; version: string };
  hyperparameters: Record<string, string>;
}

/** The differences between the origins of two models: model files, settings, data and tuned hyperparameters. */
export function changesBetween(champion: Origin, candidate: Origin): Change[] {
  const settings = differences(champion.config, candidate.config);
  /** A hyperparameter whose change the settings already show is left out. */
  const isSetting = ({ path, from, to }: Omit<Change, 'what'>) =>
    settings.some(
      (setting) =>
        setting.path === `training.hyperparameters.${path}` && setting.from === from && setting.to === to,
    );
  return [
    ...differences(byPath(champion.code), byPath(candidate.code)).map((change) => ({
      what: 'code' as const,
      path: change.path,
      from: change.from?.slice(0, 8) ?? null,
      to: change.to?.slice(0, 8) ?? null,
    })),
    ...settings.map((change) => ({ what: 'config' as const, ...change })),
    ...(champion.data.version === candidate.data.version
      ? []
      : [
          {
            what: 'data' as const,
            path: candidate.data.source,
            from: champion.data.version.slice(0, 8),
            to: candidate.data.version.slice(0, 8),
          },
        ]),
    ...differences(visible(champion.hyperparameters), visible(candidate.hyperparameters))
      .filter((change) => !isSetting(change))
      .map((change) => ({ what: 'hyperparameters' as const, ...change })),
  ];
}

const byPath = (files: CodeFile[]) =>
  Object.fromEntries(files.map((file) => [`model/${file.path}`, file.sha256]));

/** Hyperparameters without those that SageMaker adds. */
const visible = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('_')));

/** The settings that differ, each at the deepest path that both have; for a list of names, those removed and added. */
function differences(from: unknown, to: unknown, path = ''): Omit<Change, 'what'>[] {
  if (isMapping(from) && isMapping(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort((a, b) => (a < b ? -1 : 1));
    return keys.flatMap((key) => differences(from[key], to[key], path === '' ? key : `${path}.${key}`));
  }
  // A block of settings was switched on or off; its single settings are not listed.
  if (isMapping(from) && to === null) return [{ path, from: 'on', to: 'off' }];
  if (from === null && isMapping(to)) return [{ path, from: 'off', to: 'on' }];
  const [before, after] = [shown(from), shown(to)];
  if (before === after) return [];
  if (isNames(from) && isNames(to)) {
    const removed = from.filter((name) => !to.includes(name)).join(', ');
    const added = to.filter((name) => !from.includes(name)).join(', ');
    if (removed !== '' || added !== '') {
      return [
        ...(removed === '' ? [] : [{ path, from: removed, to: null }]),
        ...(added === '' ? [] : [{ path, from: null, to: added }]),
      ];
    }
  }
  return [{ path, from: before, to: after }];
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isScalars = (value: unknown): value is (string | number | boolean)[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item !== 'object');

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as one line of mlops.yaml; null if the setting does not exist. */
function shown(value: unknown): string | null {
  if (value === undefined) return null;
  if (value === null) return 'off';
  // As text, so that a list of numbers from an earlier version equals the same list as text.
  if (isScalars(value)) return `[ ${value.join(', ')} ]`;
  return typeof value === 'string'
    ? value
    : stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
