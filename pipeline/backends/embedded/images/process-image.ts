import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'smol-toml';
import { SetupError } from '../../../errors.ts';
import { ForkServer } from './fork-server.ts';
import type { Image, Program, ProgramOptions } from './image.ts';
import { startCommand } from './process-group.ts';
import { ensureEnvironment } from './python-environment.ts';

/** The host's variables that a process needs to start. It gets no others, above all no credentials. */
const HOST_VARIABLES =
  process.platform === 'win32'
    ? ['PATH', 'SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA']
    : ['PATH', 'HOME', 'LANG', 'TMPDIR'];
/** Variables that differ between jobs and that no library reads during its import. */
const OF_THE_JOB = /^(SAGEMAKER|SM|TRAINING_JOB|PROCESSING_JOB|TRANSFORM_JOB)_/;

/**
 * Opens the image in `folder` to run as plain Python processes: the programs of its pyproject.toml, with the packages
 * of its requirements.txt and its code from `src`.
 * @throws SetupError if one of the three is missing or malformed, or the packages cannot be installed
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
  /** One server per set of variables that libraries may read during their import. */
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
        `${name}: got no program "${program}", expected it in [project.scripts] of its pyproject.toml, which names ${
          [...programs.keys()].join(', ') || 'none'
        }`,
      );
    }
    const env: Record<string, string> = {
      ...hostEnvironment(dirname(python)),
      PYTHONPATH: source,
      PYTHONUNBUFFERED: '1',
      PYTHONUTF8: '1',
      // Outside the image's folder, because its digest is checked.
      PYTHONPYCACHEPREFIX: bytecode,
      // One thread, because jobs run at the same time, and results must not depend on the number of cores.
      OMP_NUM_THREADS: '1',
      ...job.env,
      SAGEMAKER_BASE_DIR: job.baseDir,
      ...(job.port === undefined ? {} : { SAGEMAKER_BIND_TO_PORT: String(job.port) }),
    };
    const args = job.args ?? [];
    const { baseDir: cwd, onLine } = job;
    // A run prepares only once, so a fork server would not be used again.
    if (program !== 'prepare' && forks()) {
      const forked = await server(env).start({ entry, argv: [program, ...args], env, cwd, onLine });
      if (forked !== undefined) return forked;
    }
    return startCommand([python, '-c', consoleScript(program, entry), ...args], { env, cwd, onLine });
  }
  return { uri, start };
}

/** MLOPS_FORK_SERVER=0 or 1 decides; by default only on Linux, because macOS' libraries do not survive a fork. */
function forks(): boolean {
  const setting = process.env.MLOPS_FORK_SERVER;
  return setting === undefined ? process.platform === 'linux' : setting === '1';
}

/** The Python environment's programs come first on PATH, as in a container. */
function hostEnvironment(programs: string): Record<string, string> {
  const env: Record<string, string> = { LANG: 'C.UTF-8' };
  for (const key of HOST_VARIABLES) {
    const value = process.env[key];
    if (value !== undefined) env[key] = value;
  }
  return { ...env, PATH: [programs, env.PATH].filter(Boolean).join(delimiter) };
}

/** The code of the console script that pip would write, without the working folder on the module path. */
function consoleScript(program: string, entry: string): string {
  const [module, path = ''] = entry.split(':');
  const [first = ''] = path.split('.');
  return `import sys; sys.path.pop(0); sys.argv[0] = '${program}'; from ${module} import ${first}; sys.exit(${path}())`;
}

/**
 * [project.scripts] of a pyproject.toml: name -> `module:function`.
 * @throws SetupError if the file is missing or malformed
 */
export async function readPrograms(file: string, name: string): Promise<Map<string, string>> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new SetupError(
      `${name}: got no pyproject.toml, expected one whose [project.scripts] names the programs`,
    );
  });
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new SetupError(`${name}: pyproject.toml is not valid TOML: ${(error as Error).message.trim()}`);
  }
  const { project } = document as { project?: { scripts?: Record<string, unknown> } };
  const programs = new Map<string, string>();
  for (const [program, entry] of Object.entries(project?.scripts ?? {})) {
    if (typeof entry !== 'string' || !/^[\p{L}_][\w.]*:[\p{L}_][\w.]*$/u.test(entry)) {
      throw new SetupError(
        `${name}: pyproject.toml, [project.scripts] ${program}: got ${JSON.stringify(entry)}, expected "module:function"`,
      );
    }
    programs.set(program, entry);
  }
  return programs;
}
