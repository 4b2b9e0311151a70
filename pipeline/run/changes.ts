import type { CodeFile } from '../backends/backend.ts';
import type { Config } from '../config/schema.ts';
import type { Change } from '../report/report.ts';

/** What a model was made from. */
export interface Origin {
  config: Config;
  code: CodeFile[];
  image: string;
  data: { source: string; version: string };
  hyperparameters: Record<string, string>;
}

/** What differs between the origins of two models: files of the model, settings, data, and what tuning chose. */
export function changesBetween(champion: Origin, candidate: Origin): Change[] {
  return [
    ...differences(byPath(champion.code), byPath(candidate.code)).map((change) => ({
      what: 'code' as const,
      path: change.path,
      from: change.from?.slice(0, 8) ?? null,
      to: change.to?.slice(0, 8) ?? null,
    })),
    ...differences(settings(champion.config), settings(candidate.config)).map((change) => ({
      what: 'config' as const,
      ...change,
    })),
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
    ...differences(visible(champion.hyperparameters), visible(candidate.hyperparameters)).map((change) => ({
      what: 'hyperparameters' as const,
      ...change,
    })),
  ];
}

const byPath = (files: CodeFile[]) =>
  Object.fromEntries(files.map((file) => [`model/${file.path}`, file.sha256]));

/** Hyperparameters without those that the service adds. */
const visible = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('_')));

/** Every leaf of the config by its path: `gate.confidence` -> `0.95`. */
function settings(value: unknown, path = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { [path]: typeof value === 'string' ? value : JSON.stringify(value) };
  }
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) => settings(inner, path === '' ? key : `${path}.${key}`)),
  );
}

function differences(from: Record<string, string>, to: Record<string, string>) {
  const paths = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort((a, b) => (a < b ? -1 : 1));
  return paths
    .map((path) => ({ path, from: from[path] ?? null, to: to[path] ?? null }))
    .filter((change) => change.from !== change.to);
}
