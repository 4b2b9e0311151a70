import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ConfigProblem } from '../errors.ts';
import { explain, pathOf, valueAt } from './explain.ts';
import { locate } from './locate.ts';
import { mergeInto, takingFrom } from './models.ts';
import { configFile } from './schema.ts';
import { isMapping, notSettings, problemAt, readTree, type Tree } from './tree.ts';

/*
 * model.yaml: what a model's folder says of its own container, so that no mlops.yaml has to repeat it. mlops.yaml
 * overrides it key by key.
 */

/** The settings of `model`, without those that say where the container is. */
export const modelYaml = configFile.shape.model.unwrap().omit({ context: true, image: true });

/** The folder of the model's container, as the settings say so far; null for an image that is built already. */
export function contextIn({ value }: Tree): string | null {
  const given = (key: string) => valueAt(value, ['model', key]) ?? null;
  if (given('image') !== null) return null;
  const context = given('context') ?? 'model';
  return typeof context === 'string' ? context : null;
}

/** The folder of the container with the overrides; `--image` gives an image of the folder that the file names. */
export function folderOf(before: string | null, after: Tree): string | null {
  return contextIn(after) ?? (after.origins.get('model.image') === 'set' ? before : null);
}

/**
 * Puts what the folder's model.yaml says under the settings of mlops.yaml, each with its place, and its mistakes among
 * the problems. Returns the path of model.yaml; null if the folder has none.
 * @param file the mlops.yaml to which the folder is relative
 * @param read the text of a file; throws ConfigError
 */
export async function addModelYaml(
  tree: Tree,
  { folder, file, read }: { folder: string | null; file: string; read: (path: string) => Promise<string> },
): Promise<string | null> {
  if (folder === null || !isMapping(tree.value)) return null;
  const own = tree.value.model ?? {};
  if (!isMapping(own)) return null;
  const path = shown(join(await locate(folder, file), 'model.yaml'));
  if ((await stat(path).catch(() => null)) === null) return null;
  const said = readTree(await read(path), modelYaml);
  const problems = problemsOf(said);
  tree.problems.push(...problems.map((problem) => ({ ...problem, file: path })));
  if (problems.length > 0 || !isMapping(said.value)) return path;
  // Another format in mlops.yaml leaves nothing for the layout of CSV to describe.
  if (typeof own.content_type === 'string' && own.content_type !== 'text/csv') delete said.value.csv;
  tree.value.model = mergeInto(said.value, own, 'model', takingFrom(said, path, tree), '');
  return path;
}

/** The path as a person in this working directory would write it. */
const shown = (path: string) => {
  const near = relative('.', path);
  return near.startsWith('..') ? path : near;
};

function problemsOf(said: Tree): ConfigProblem[] {
  if (said.problems.length > 0) return said.problems;
  const value = said.value ?? {};
  if (!isMapping(value)) return [notSettings];
  const misplaced = ['context', 'image'].filter((key) => Object.hasOwn(value, key));
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !misplaced.includes(key)));
  const parsed = modelYaml.safeParse(rest);
  return [
    ...misplaced.map((key) =>
      problemAt(said, key, `got this key in model.yaml, expected it in mlops.yaml: model: { ${key}: ... }`),
    ),
    ...(parsed.success ? [] : explain(parsed.error.issues, rest, modelYaml)).map(({ keys, message }) =>
      problemAt(said, pathOf(keys), message),
    ),
  ];
}
