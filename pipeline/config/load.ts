import { ConfigError, type ConfigProblem, InputError } from '../errors.ts';
import { explain, pathOf } from './explain.ts';
import { leadsOutside } from './locate.ts';
import { addModelYaml, contextIn, folderOf } from './model-yaml.ts';
import {
  checkRoot,
  chooseModel,
  hasModels,
  modelsOf,
  modelTree,
  outsideMessage,
  overCeiling,
  rootFile,
} from './models.ts';
import { override } from './overrides.ts';
import { readText } from './read-text.ts';
import { checkRules } from './rules.ts';
import { salvage } from './salvage.ts';
import { type Config, configSchema, holdoutSource } from './schema.ts';
import { isMapping, notSettings, problemAt, readTree, type Tree } from './tree.ts';

/** A model's settings, read and checked. */
export interface LoadedConfig {
  config: Config;
  /** The file that describes the model; paths in it are relative to it. */
  path: string;
  /** The model.yaml of the model's folder; null if it has none. */
  modelYaml: string | null;
  /** Places a problem that only shows outside the file (missing data, say) at the line that sets the setting. */
  problemAt: (path: string, message: string) => ConfigProblem;
}

interface Options {
  /** Overrides `path=value`; the value is YAML and the last override wins. */
  set?: readonly string[];
  /** The model's name, where the project has several. */
  model?: string | undefined;
  /** The folder that no path may lead out of. @default the git checkout around the file or the working directory */
  root?: string | undefined;
}

/**
 * Reads and checks the settings of one model: from mlops.yaml alone or from the model's own file and the root's, and
 * from the model.yaml of its folder. Throws ConfigError with every problem, and InputError if the project has no such model.
 */
export async function loadConfig(
  path: string,
  { set = [], model, root: folder }: Options = {},
): Promise<LoadedConfig> {
  const text = await readText(path);
  const root = readTree(text, rootFile);
  if (hasModels(root)) {
    const chosen = chooseModel(await modelsOf(root, path, readText, folder), model);
    // A file that could not be read is read again, for its error.
    const own = chosen.tree ?? readTree(await readText(chosen.file), configSchema);
    const tree = modelTree(chosen, own, root, path);
    const modelYaml = await complete(tree, { file: chosen.file, set });
    const config = configOf(tree, chosen.file);
    const over = overCeiling(config.budget.max_run_usd, root, path);
    if (over !== null) throw new ConfigError(chosen.file, [problemAt(tree, 'budget.max_run_usd', over)]);
    return await within({ config, path: chosen.file, modelYaml, problemAt: placer(tree) }, folder);
  }
  const tree = soleTree(text, path);
  const modelYaml = await complete(tree, { file: path, set });
  const config = configOf(tree, path);
  if (model !== undefined && model !== config.name)
    throw new InputError(
      `--model: got ${JSON.stringify(model)}, expected ${config.name}, the only model of ${path}`,
    );
  return await within({ config, path, modelYaml, problemAt: placer(tree) }, folder);
}

const placer = (tree: Tree) => (at: string, message: string) => problemAt(tree, at, message);

/** Refuses relative paths that lead out of the project. */
async function within(loaded: LoadedConfig, folder: string | undefined): Promise<LoadedConfig> {
  const { config, path: file } = loaded;
  const named = [
    ['data.source', config.data.source],
    ['data.split.source', holdoutSource(config.data)],
    ['data.scoring', config.data.scoring],
    ['model.context', config.model.context],
    ['prepare.script', config.prepare.script],
  ] as const;
  const problems: ConfigProblem[] = [];
  for (const [path, value] of named) {
    if (value === null || value.startsWith('s3://')) continue;
    const target = await leadsOutside(value, file, folder);
    if (target === null) continue;
    const expected = `a path inside it, or the absolute path ${JSON.stringify(target)}, which names that place`;
    problems.push(loaded.problemAt(path, outsideMessage(value, target, expected)));
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
  return loaded;
}

/**
 * The names of a project's models; undefined if mlops.yaml describes the only one. Throws ConfigError.
 * @param folder as `root` of loadConfig
 */
export async function modelNames(path: string, folder?: string): Promise<string[] | undefined> {
  const root = readTree(await readText(path), rootFile);
  return hasModels(root) ? (await modelsOf(root, path, readText, folder)).map(({ name }) => name) : undefined;
}

/** The settings that a project's models share, even if a model's own file is broken. Throws ConfigError. */
export async function loadProject(path: string): Promise<Pick<Config, 'project' | 'environments'>> {
  const root = readTree(await readText(path), rootFile);
  return hasModels(root) ? checkRoot(root, path) : (await loadConfig(path)).config;
}

/** The settings of every model of the project. Throws ConfigError with the problems of the first broken file. */
export async function loadModels(path: string): Promise<[Config, ...Config[]]> {
  const [first, ...others] = (await modelNames(path)) ?? [];
  const load = async (model?: string) => (await loadConfig(path, { model })).config;
  return [await load(first), ...(await Promise.all(others.map(load)))];
}

/** Parses and checks the text of the only model's mlops.yaml, without any model.yaml. Throws ConfigError with every problem. */
export function parseConfig(
  text: string,
  { file = 'mlops.yaml', set = [] }: Omit<Options, 'model' | 'root'> & { file?: string } = {},
): Config {
  const tree = soleTree(text, file);
  override(tree, set, configSchema);
  return configOf(tree, file);
}

/** Applies the overrides, and what the model's folder says of its container beneath them. Returns its model.yaml. */
async function complete(
  tree: Tree,
  { file, set }: { file: string; set: readonly string[] },
): Promise<string | null> {
  const written = contextIn(tree);
  override(tree, set, configSchema);
  return await addModelYaml(tree, { folder: folderOf(written, tree), file, read: readText });
}

function soleTree(text: string, file: string): Tree {
  const tree = readTree(text, configSchema);
  if (tree.problems.length === 0 && (tree.value === null || tree.value === undefined))
    tree.problems.push({
      path: '',
      message: 'got an empty file, expected settings such as project, problem and data',
    });
  if (tree.problems.length > 0) throw new ConfigError(file, tree.problems);
  if (isMapping(tree.value) && Object.hasOwn(tree.value, 'name'))
    tree.problems.push(
      problemAt(
        tree,
        'name',
        'got a name in a file without `models`, expected none: the only model has the name of the project',
      ),
    );
  return tree;
}

function configOf(tree: Tree, file: string): Config {
  if (!isMapping(tree.value)) throw new ConfigError(file, [notSettings]);
  // An empty mapping makes the check report each required setting of data.
  if (tree.value.data === undefined) tree.value.data = {};

  const parsed = configSchema.safeParse(tree.value);
  const findings = parsed.success ? [] : explain(parsed.error.issues, tree.value);
  const { config, doubtful } = parsed.success
    ? { config: parsed.data, doubtful: new Set<string>() }
    : salvage(tree.value, findings);
  const breaches = checkRules(config, doubtful, tree.value);
  const problems = [
    ...tree.problems,
    ...findings.map(({ keys, message }) => problemAt(tree, pathOf(keys), message)),
    ...breaches.map(([path, message]) => problemAt(tree, path, message)),
  ];
  if (problems.length > 0) throw new ConfigError(file, problems.sort(byPlace));
  return config;
}

const byPlace = (a: ConfigProblem, b: ConfigProblem) =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
