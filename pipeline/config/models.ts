import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { ConfigError, type ConfigProblem, InputError } from '../errors.ts';
import { explain, pathOf, valueAt } from './explain.ts';
import { leadsOutside } from './locate.ts';
import { didYouMean } from './nearest.ts';
import { configFile, configSchema } from './schema.ts';
import { isMapping, join as joinPath, notSettings, problemAt, readTree, type Tree } from './tree.ts';

/*
 * A project of several models: the root's mlops.yaml names their folders and holds the settings that they share; each
 * folder has its own mlops.yaml.
 */

const { project, environments, notifications, budget } = configFile.shape;

/** A model's own mlops.yaml. The root's `defaults`, then the settings' own defaults, fill in what it leaves out. */
export const modelFile = configFile
  .omit({ project: true, environments: true, notifications: true })
  .partial();

/** The root's mlops.yaml of several models. Its `defaults` are checked in each model that they are merged into. */
export const rootFile = z.strictObject(
  {
    project,
    models: z
      .array(z.string({ error: 'a folder' }).regex(/\S/, { error: 'a folder' }), {
        error: 'a list of folders',
      })
      .min(1, { error: 'a list of at least one folder' })
      .describe(
        'Folders of the models, each with its own mlops.yaml. Default: this file describes the only model.',
      ),
    defaults: modelFile
      .omit({ name: true })
      .prefault({})
      .describe("Settings of every model; a model's own file overrides them."),
    budget: budget.describe('Ceiling: no model may have a higher budget.'),
    notifications,
    environments,
  },
  { error: 'a mapping' },
);

/** Keys that only the root's file may have. */
const ofProject = ['project', 'models', 'defaults', 'environments', 'notifications'] as const;

/** Whether this is the root's file of a project of several models. */
export const hasModels = ({ value }: Tree): boolean => isMapping(value) && Object.hasOwn(value, 'models');

/** A model of the project. */
export interface ModelFile {
  name: string;
  /** The path of its own mlops.yaml. */
  file: string;
  /** Its file, parsed; null if the file cannot be read, which is an error only for this model's runs. */
  tree: Tree | null;
}

/**
 * The models that the root's file names. A model's broken file does not stop the others: the error comes when that
 * model is chosen. Throws ConfigError for problems in the root's own file.
 * @param read the text of a file; throws ConfigError
 * @param projectFolder the folder that no path may lead out of
 */
export async function modelsOf(
  root: Tree,
  rootPath: string,
  read: (path: string) => Promise<string>,
  projectFolder?: string,
): Promise<ModelFile[]> {
  const folders = checkRoot(root, rootPath).models;
  const outside = await Promise.all(
    folders.map(async (folder, index) => {
      const target = await leadsOutside(`./${folder}/mlops.yaml`, rootPath, projectFolder);
      return target === null
        ? []
        : [problemAt(root, `models.${index}`, outsideMessage(folder, target, 'a folder in it'))];
    }),
  );
  if (outside.flat().length > 0) throw new ConfigError(rootPath, outside.flat());
  const models = await Promise.all(
    folders.map(async (folder): Promise<ModelFile> => {
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
      problems.push(
        problemAt(
          root,
          `models.${index}`,
          `got a second model called "${name}", expected names that differ: set name in one of both files`,
        ),
      );
  }
  if (problems.length > 0) throw new ConfigError(rootPath, problems);
  return models;
}

/** The message for a path that leads out of the project, to `target`. */
export const outsideMessage = (path: string, target: string, expected: string) =>
  `got ${JSON.stringify(path)}, which leads out of the project, to ${target}; expected ${expected}`;

/** Checks and returns the settings of the root's file. Throws ConfigError. */
export function checkRoot(root: Tree, rootPath: string): z.output<typeof rootFile> {
  const parsed = rootFile.safeParse(withoutDefaults(root.value));
  if (root.problems.length === 0 && parsed.success) return parsed.data;
  const findings = parsed.success ? [] : explain(parsed.error.issues, root.value, rootFile);
  throw new ConfigError(rootPath, [
    ...root.problems,
    ...findings.map(({ keys, message }) => problemAt(root, pathOf(keys), message)),
  ]);
}

/** `defaults` are partial: checked here, they would lack every setting that is in the models' own files. */
const withoutDefaults = (value: unknown) =>
  isMapping(value) && isMapping(value.defaults) ? { ...value, defaults: {} } : value;

/** The model of this name; without a name, the only one. Throws InputError if the name is unknown or missing. */
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
 * A model's own file merged with `defaults` and the project's settings, each setting with its place. Throws ConfigError
 * if the model's file sets a key of the project.
 */
export function modelTree(model: ModelFile, tree: Tree, root: Tree, rootPath: string): Tree {
  const own = isMapping(tree.value) ? tree.value : {};
  const problems = [...tree.problems];
  if (tree.value !== null && tree.value !== undefined && !isMapping(tree.value)) problems.push(notSettings);
  for (const key of ofProject)
    if (Object.hasOwn(own, key))
      problems.push(
        problemAt(
          tree,
          key,
          `got this key in a model's own file, expected it in ${rootPath}, which all models share`,
        ),
      );
  if (problems.length > 0) throw new ConfigError(model.file, problems);

  const { defaults = {}, models: _, budget: ceiling, ...shared } = root.value as Record<string, unknown>;
  const combined: Tree = { value: {}, origins: new Map(tree.origins), problems: [] };
  const take = takingFrom(root, rootPath, combined);
  const value = mergeInto(defaults, own, '', take, 'defaults') as Record<string, unknown>;
  for (const [key, setting] of Object.entries(shared)) {
    value[key] = setting;
    take(key, key);
  }
  if (ceiling !== undefined && !Object.hasOwn(value, 'budget')) {
    value.budget = ceiling;
    take('budget', 'budget');
  }
  value.name = model.name;
  // A model's folder is the build context of its image.
  const settings = isMapping(value.model) ? value.model : {};
  if (value.model === undefined || isMapping(value.model))
    value.model = Object.hasOwn(settings, 'image') ? settings : { context: '.', ...settings };
  combined.value = value;
  return combined;
}

/** A setting comes to `path` from the path `from` of another file. */
type Take = (path: string, from: string) => void;

/** Records where settings come from: those of the other tree, which is in `file`, that `tree` takes. */
export const takingFrom =
  (other: Tree, file: string, tree: Tree): Take =>
  (path, from) => {
    for (const [at, origin] of other.origins)
      if (at === from || at.startsWith(`${from}.`))
        tree.origins.set(
          `${path}${at.slice(from.length)}`,
          origin === 'set' ? origin : { ...origin, from: { file, path: at } },
        );
  };

/**
 * Merges mappings; any other value of `own` replaces the default.
 * @param take called for each setting that comes from the defaults
 */
export function mergeInto(defaults: unknown, own: unknown, path: string, take: Take, from: string): unknown {
  if (!isMapping(defaults) || !isMapping(own)) return own;
  const merged = { ...own };
  for (const [key, value] of Object.entries(defaults)) {
    const [inner, outer] = [joinPath(path, key), joinPath(from, key)];
    if (Object.hasOwn(own, key)) merged[key] = mergeInto(value, own[key], inner, take, outer);
    else {
      merged[key] = value;
      take(inner, outer);
    }
  }
  return merged;
}

/** The error text if the model's budget is above the project's ceiling, else null. */
export function overCeiling(most: number | null, root: Tree, rootPath: string): string | null {
  const ceiling = valueAt(root.value, ['budget', 'max_run_usd']);
  if (typeof ceiling !== 'number' || (most !== null && most <= ceiling)) return null;
  return `got ${most ?? 'off'}, expected at most ${ceiling}, the ceiling of ${rootPath}`;
}
