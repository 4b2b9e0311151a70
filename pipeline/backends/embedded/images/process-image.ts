import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'smol-toml';
import { SetupError } from '../../../errors.ts';
import { ForkServer } from './fork-server.ts';
import type { Image, Program, ProgramOptions } from './image.ts';
import { startCommand } from './process-group.ts';
import { ensureEnvironment } from './python-environment.ts';

/** What a process needs of the host to start; all else, above all every credential, stays out. */
const HOST_VARIABLES =
  process.platform === 'win32'
    ? ['PATH', 'SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA']
    : ['PATH', 'HOME', 'LANG', 'TMPDIR'];
/** Variables that differ from job to job and that no library reads as it is imported. */
const OF_THE_JOB = /^(SAGEMAKER|SM|TRAINING_JOB|PROCESSING_JOB|TRANSFORM_JOB)_/;

/**
 * The image in `folder` as plain Python processes: the programs of its pyproject.toml, with the packages of its
 * requirements.txt and its own code from `src`.
 * @throws SetupError where one of the three is missing or malformed, or the packages cannot be installed
 */
export async function openProcessImage(options: {
  readonly uri: string;
  readonly folder: string;
  readonly environments: string;
  readonly onProgress: (line: string) => void;
}): Promise<Image> {
  const { uri, folder } = options;
  const name = uri.slice(0, uri.indexOf('@'));
  const programs = await readPrograms(join(folder, 'pyproject.toml'), name);
  const { python, bytecode } = await ensureEnvironment({
    requirements: join(folder, 'requirements.txt'),
    root: options.environments,
    name,
    onProgress: options.onProgress,
  });
  const source = join(folder, 'src');
  /** One server for each set of variables that libraries may read as they are imported. */
  const servers = new Map<string, ForkServer>();

  function server(env: Readonly<Record<string, string>>): ForkServer {
    const shared = Object.fromEntries(Object.entries(env).filter(([key]) => !OF_THE_JOB.test(key)));
    const key = JSON.stringify(Object.entries(shared).sort());
    let found = servers.get(key);
    if (found === undefined || found.ended) {
      found = new ForkServer(python, source, shared);
      servers.set(key, found);
    }
    return found;
  }

  async function start(program: string, job: ProgramOptions): Promise<Program> {
    const entry = programs.get(program);
    if (entry === undefined) {
      throw new SetupError(
        `${name}: has no program "${program}"; [project.scripts] of its pyproject.toml names ${
          [...programs.keys()].join(', ') || 'none'
        }`,
      );
    }
    const env: Record<string, string> = {
      ...hostEnvironment(dirname(python)),
      PYTHONPATH: source,
      PYTHONUNBUFFERED: '1',
      PYTHONUTF8: '1',
      // Not into the snapshot: its digest is checked.
      PYTHONPYCACHEPREFIX: bytecode,
      // Jobs run side by side, and results must not depend on the number of cores.
      OMP_NUM_THREADS: '1',
      ...job.env,
      SAGEMAKER_BASE_DIR: job.baseDir,
      ...(job.port === undefined ? {} : { SAGEMAKER_BIND_TO_PORT: String(job.port) }),
    };
    const args = job.args ?? [];
    const { baseDir: cwd, onLine } = job;
    // A run prepares once: a warm server would serve nobody.
    if (program !== 'prepare' && forks()) {
      const forked = await server(env).start({ entry, argv: [program, ...args], env, cwd, onLine });
      if (forked !== undefined) return forked;
    }
    return startCommand([python, '-c', consoleScript(program, entry), ...args], { env, cwd, onLine });
  }
  return { uri, start };
}

/** MLOPS_FORK_SERVER=0 or 1 decides; else Linux alone: macOS' own libraries do not survive a fork. */
function forks(): boolean {
  const setting = process.env.MLOPS_FORK_SERVER;
  return setting === undefined ? process.platform === 'linux' : setting === '1';
}

/** The environment's own programs come first on PATH, as in a container. */
function hostEnvironment(programs: string): Record<string, string> {
  const env: Record<string, string> = { LANG: 'C.UTF-8' };
  for (const key of HOST_VARIABLES) {
    const value = process.env[key];
    if (value !== undefined) env[key] = value;
  }
  return { ...env, PATH: [programs, env.PATH].filter(Boolean).join(delimiter) };
}

/** What pip writes as a console script's file, without the working folder on the module path. */
function consoleScript(program: string, entry: string): string {
  const [module, path = ''] = entry.split(':');
  const [first = ''] = path.split('.');
  return `import sys; sys.path.pop(0); sys.argv[0] = '${program}'; from ${module} import ${first}; sys.exit(${path}())`;
}

/**
 * [project.scripts] of a pyproject.toml: name -> `module:function`.
 * @throws SetupError where the file is missing or malformed
 */
export async function readPrograms(file: string, name: string): Promise<Map<string, string>> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new SetupError(
      `${name}: has no pyproject.toml; its [project.scripts] is to name the programs that run`,
    );
  });
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new SetupError(`${name}: pyproject.toml is no valid TOML: ${(error as Error).message.trim()}`);
  }
  const { project } = document as { project?: { scripts?: Record<string, unknown> } };
  const programs = new Map<string, string>();
  for (const [program, entry] of Object.entries(project?.scripts ?? {})) {
    if (typeof entry !== 'string' || !/^[\p{L}_][\w.]*:[\p{L}_][\w.]*$/u.test(entry)) {
      throw new SetupError(
        `${name}: pyproject.toml, [project.scripts] ${program}: expected "module:function", found ${JSON.stringify(entry)}`,
      );
    }
    programs.set(program, entry);
  }
  return programs;
}
