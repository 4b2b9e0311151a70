import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { SetupError } from '../../../errors.ts';
import { repository } from '../../../repository.ts';
import { ForkServer } from './fork-server.ts';
import type { Image, Program, ProgramOptions } from './image.ts';
import { readModelFolder } from './model-folder.ts';
import { startCommand } from './process-group.ts';
import { ensureEnvironment } from './python-environment.ts';
import { userPaths } from './user-paths.ts';

const START = join(repository, 'pipeline/backends/embedded/images/start_program.py');
/** An import that takes longer is not waited for: it may be a program that runs when it is imported. */
const IMPORT_SECONDS = 60;

/** The host's variables that a process needs to start. It gets no others, above all no credentials. */
const HOST_VARIABLES =
  process.platform === 'win32'
    ? ['PATH', 'SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA']
    : ['PATH', 'HOME', 'LANG', 'TMPDIR'];
/** Variables that differ between jobs and that no library reads during its import. */
const OF_THE_JOB = /^(SAGEMAKER|SM|TRAINING_JOB|PROCESSING_JOB|TRANSFORM_JOB)_/;

/**
 * Opens the image in `folder` to run as plain Python processes, as {@link readModelFolder} describes it.
 * @param options.shownAs - the folder's name in messages and in what its programs print
 * @throws SetupError if the folder is malformed, or its packages cannot be installed
 */
export async function openProcessImage(options: {
  readonly uri: string;
  readonly folder: string;
  readonly shownAs: string;
  readonly environments: string;
  readonly onProgress: (line: string) => void;
}): Promise<Image> {
  const { uri, folder, shownAs: name } = options;
  const { programs, modules, packages } = await readModelFolder(folder, name);
  const { python, bytecode } = await ensureEnvironment({
    ...(packages.file === null ? { lines: packages.lines } : { requirements: packages.file }),
    locked: packages.note === null,
    root: options.environments,
    name,
    onProgress: options.onProgress,
  });
  const shown = userPaths(folder, name);
  /** One server per set of variables that libraries may read during their import. */
  const servers = new Map<string, ForkServer>();

  function server(env: Readonly<Record<string, string>>): ForkServer {
    const shared = Object.fromEntries(Object.entries(env).filter(([key]) => !OF_THE_JOB.test(key)));
    const key = JSON.stringify(Object.entries(shared).sort());
    let found = servers.get(key);
    if (found === undefined || found.ended) {
      found = new ForkServer(python, folder, shared);
      servers.set(key, found);
    }
    return found;
  }

  async function begin(task: 'run' | 'check', program: string, job: ProgramOptions): Promise<Program> {
    const entry = programs.get(program);
    if (entry === undefined) throw new SetupError(noProgram(program, [...programs.keys()], name));
    const env: Record<string, string> = {
      ...hostEnvironment(dirname(python)),
      PYTHONPATH: modules.join(delimiter),
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
    const { baseDir: cwd } = job;
    const onLine = (line: string) => job.onLine(shown(line));
    // A run prepares only once, so a fork server would not be used again.
    if (program !== 'prepare' && forks()) {
      const argv = [isAbsolute(entry) ? entry : program, ...args];
      const forked = await server(env).start({ task, entry, argv, env, cwd, onLine });
      if (forked !== undefined) return forked;
    }
    return startCommand([python, START, task, program, entry, ...args], { env, cwd, onLine });
  }

  /** An image whose programs could be imported once can be imported again with the same packages. */
  async function check(): Promise<void> {
    const passed = join(dirname(bytecode), 'checked', uri.slice(uri.indexOf(':') + 1));
    if ((await stat(passed).catch(() => undefined)) !== undefined) return;
    const baseDir = await mkdtemp(join(tmpdir(), 'mlops-check-'));
    try {
      for (const program of ['train', 'serve']) {
        const lines: string[] = [];
        const running = await begin('check', program, {
          baseDir,
          env: {},
          onLine: (line) => lines.push(line),
        });
        const late = setTimeout(() => void running.stop(0).catch(() => undefined), IMPORT_SECONDS * 1000);
        const { code } = await running.exited.finally(() => clearTimeout(late));
        if (code === 1) throw new SetupError(cannotImport(program, programs.get(program) ?? '', lines, name));
      }
    } finally {
      await rm(baseDir, { recursive: true, force: true });
    }
    await mkdir(dirname(passed), { recursive: true });
    await writeFile(passed, '');
  }

  return {
    uri,
    start: (program, job) => begin('run', program, job),
    check,
    notes: packages.note === null ? [] : [packages.note],
  };
}

function noProgram(program: string, others: readonly string[], name: string): string {
  return (
    `${name}: got no program "${program}", expected it in [project.scripts] of its pyproject.toml` +
    `${program === 'prepare' ? '' : `, or a Python file ${name}/${program}.py`}; the programs that it has: ${others.join(', ') || 'none'}`
  );
}

/** The message for a program whose import printed these lines, a traceback at their end. */
function cannotImport(program: string, entry: string, lines: readonly string[], name: string): string {
  const begin = lines.findLastIndex((line) => line.startsWith('Traceback (most recent call last):'));
  const traceback = lines.slice(Math.max(begin, 0)).join('\n');
  const error = lines.findLast((line) => /^\w/.test(line)) ?? 'no reason was printed';
  const [, missing] = /^ModuleNotFoundError: No module named '([^'.]+)/.exec(error) ?? [];
  const [module = ''] = entry.split(/[.:]/);
  const place =
    missing === module
      ? `pyproject.toml names ${program} = "${entry}": expected ${name}/src/${module}.py, ${name}/src/${module}/, or either beside pyproject.toml.`
      : `If ${missing} is a package, add it to ${name}/requirements.txt; a module of your own belongs into ${name}/src/, or beside pyproject.toml.`;
  return `${name}: ${program} cannot be imported: ${error}\n${traceback}${missing === undefined ? '' : `\n${place}`}`;
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
