import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { ConfigError, type ConfigProblem, InputError } from '../errors.ts';
import { explain, type Finding, pathOf, valueAt } from './explain.ts';
import { didYouMean } from './nearest.ts';
import { configFile, configSchema } from './schema.ts';
import { isMapping, join as joinPath, type Origin, placeOf, readTree, type Tree } from './tree.ts';

/*
 * A project of several models: the root's mlops.yaml names their folders and holds what they share, and each folder has
 * an mlops.yaml of its own.
 */

const { project, environments, notifications, budget } = configFile.shape;

/** The root's mlops.yaml of several models. Its `defaults` are judged in each model that they go into. */
export const rootFile = z.strictObject(
  {
    project,
    models: z
      .array(z.string({ error: 'a folder' }).regex(/\S/, { error: 'a folder' }), {
        error: 'a list of folders',
      })
      .min(1, { error: 'a list of at least one folder' })
      .describe(
        'Folders of the models, each with an mlops.yaml of its own. Default: this file describes the only model.',
      ),
    defaults: configFile
      .omit({ project: true, environments: true, notifications: true, name: true })
      .partial()
      .prefault({})
      .describe('What every model has whose own file does not say otherwise.'),
    budget: budget.describe('The ceiling: no model may have a higher budget.'),
    notifications,
    environments,
  },
  { error: 'a mapping' },
);

/** Only the root's file has these. */
const ofProject = ['project', 'models', 'defaults', 'environments', 'notifications'] as const;

/** Whether this is the root's file of several models. */
export const hasModels = ({ value }: Tree): boolean => isMapping(value) && Object.hasOwn(value, 'models');

/** A model of the project. */
export interface ModelFile {
  name: string;
  /** The path of its own mlops.yaml. */
  file: string;
  /** What its file says; null where that cannot be read, which only this model's runs are told. */
  tree: Tree | null;
}

/**
 * The models that the root's file names. A model's broken file keeps no other from running: it is told when that model
 * is asked for. Throws ConfigError for what is wrong in the root's own file.
 * @param read the text of a file; throws ConfigError
 */
export async function modelsOf(
  root: Tree,
  rootPath: string,
  read: (path: string) => Promise<string>,
): Promise<ModelFile[]> {
  const models = await Promise.all(
    checkRoot(root, rootPath).models.map(async (folder): Promise<ModelFile> => {
      const file = join(dirname(rootPath), folder, 'mlops.yaml');
      const tree = await read(file).then(
        (text) => readTree(text, configSchema),
        (error) => {
          if (error instanceof ConfigError) return null;
          throw error;
        },
      );
      const given = valueAt(tree?.value, ['name']);
      return {
        name: typeof given === 'string' ? given : basename(file.slice(0, -'/mlops.yaml'.length)),
        file,
        tree,
      };
    }),
  );
  const problems: ConfigProblem[] = [];
  for (const [index, { name }] of models.entries()) {
    const first = models.findIndex((other) => other.name === name);
    if (first < index)
      problems.push({
        path: `models.${index}`,
        message: `got a second model called "${name}", expected names that differ: set name in one of both files`,
        ...placeOf(root, `models.${index}`),
      });
  }
  if (problems.length > 0) throw new ConfigError(rootPath, problems);
  return models;
}

/** What the root's file says. Throws ConfigError. */
export function checkRoot(root: Tree, rootPath: string): z.output<typeof rootFile> {
  const parsed = rootFile.safeParse(withoutDefaults(root.value));
  if (root.problems.length === 0 && parsed.success) return parsed.data;
  const findings = parsed.success ? [] : explain(parsed.error.issues, root.value, rootFile);
  throw new ConfigError(rootPath, [...root.problems, ...findings.map((found) => problemOf(found, root))]);
}

/** `defaults` are partial: judged here, every setting that stands in the models' own files would be missing. */
const withoutDefaults = (value: unknown) =>
  isMapping(value) && isMapping(value.defaults) ? { ...value, defaults: {} } : value;

const problemOf = ({ keys, message }: Finding, tree: Tree) => ({
  path: pathOf(keys),
  message,
  ...placeOf(tree, pathOf(keys), message),
});

/** Which of the models is meant. Throws InputError where none is named, or none has the name. */
export function chooseModel(models: readonly ModelFile[], name: string | undefined): ModelFile {
  const [first] = models;
  if (name === undefined && first !== undefined && models.length === 1) return first;
  const found = models.find((model) => model.name === name);
  if (found !== undefined) return found;
  const names = models.map((model) => model.name);
  throw new InputError(
    `--model: got ${name === undefined ? 'none' : JSON.stringify(name)}, expected one of ${names.join(', ')}` +
      didYouMean(name ?? '', names),
  );
}

/**
 * What a model's own file, the defaults and the project's settings come to, each setting with its place. Throws
 * ConfigError for what is not a model's to say.
 */
export function modelTree(model: ModelFile, tree: Tree, root: Tree, rootPath: string): Tree {
  const own = isMapping(tree.value) ? tree.value : {};
  const problems = [...tree.problems];
  if (tree.value !== null && tree.value !== undefined && !isMapping(tree.value))
    problems.push({ path: '', message: 'got a list or a text, expected settings as `key: value` lines' });
  for (const key of ofProject)
    if (Object.hasOwn(own, key))
      problems.push({
        path: key,
        message: `got it in a model's own file, expected it in ${rootPath}, which all models share`,
        ...placeOf(tree, key),
      });
  if (problems.length > 0) throw new ConfigError(model.file, problems);

  const { defaults = {}, models: _, budget: ceiling, ...shared } = root.value as Record<string, unknown>;
  const combined: Tree = { value: {}, origins: new Map(tree.origins), problems: [] };
  const take = (path: string, from: string) => {
    for (const [origin, at] of root.origins)
      if (origin === from || origin.startsWith(`${from}.`))
        combined.origins.set(`${path}${origin.slice(from.length)}`, elsewhere(at, rootPath, origin));
  };
  const value = merge(defaults, own, '', take, 'defaults') as Record<string, unknown>;
  for (const [key, setting] of Object.entries(shared)) {
    value[key] = setting;
    take(key, key);
  }
  if (ceiling !== undefined && !Object.hasOwn(value, 'budget')) {
    value.budget = ceiling;
    take('budget', 'budget');
  }
  value.name = model.name;
  // A model's folder is the context of its image.
  const settings = isMapping(value.model) ? value.model : {};
  if (value.model === undefined || isMapping(value.model))
    value.model = Object.hasOwn(settings, 'image') ? settings : { context: '.', ...settings };
  combined.value = value;
  return combined;
}

const elsewhere = (origin: Origin, file: string, path: string): Origin =>
  origin === 'set' ? origin : { ...origin, from: { file, path } };

/** Mappings are merged; anything else that the model says takes the default's place whole. */
function merge(
  defaults: unknown,
  own: unknown,
  path: string,
  take: (path: string, from: string) => void,
  from: string,
): unknown {
  if (!isMapping(defaults) || !isMapping(own)) return own;
  const merged = { ...own };
  for (const [key, value] of Object.entries(defaults)) {
    const [inner, outer] = [joinPath(path, key), joinPath(from, key)];
    if (Object.hasOwn(own, key)) merged[key] = merge(value, own[key], inner, take, outer);
    else {
      merged[key] = value;
      take(inner, outer);
    }
  }
  return merged;
}

/** Why the model's budget is above the project's ceiling; null where it is not. */
export function overCeiling(most: number | null, root: Tree, rootPath: string): string | null {
  const ceiling = valueAt(root.value, ['budget', 'max_run_usd']);
  if (typeof ceiling !== 'number' || (most !== null && most <= ceiling)) return null;
  return `got ${most ?? 'off'}, expected at most ${ceiling}, the ceiling of ${rootPath}`;
}
