import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../../../errors.ts';
import { hasEnded, ownerOf } from '../owner.ts';
import { startCommand } from './process-group.ts';

const OLDEST: readonly [number, number] = [3, 10];
const WINDOWS = process.platform === 'win32';
const PROBE = `import importlib.util, json, platform, sys, sysconfig
def has(*modules): return all(importlib.util.find_spec(module) for module in modules)
pip = has("pip") and tuple(map(int, __import__("pip").__version__.split(".")[:2])) >= (22, 3)
print(json.dumps({"executable": sys.executable, "version": platform.python_version(), "minor": sys.version_info[:2],
    "platform": platform.python_implementation() + " " + sysconfig.get_platform(),
    "venv": has("venv", "ensurepip"), "pip": pip}))`;

/** A Python interpreter that can make environments. */
export interface Python {
  readonly executable: string;
  readonly version: string;
  /** Implementation, system and processor, which decide which wheels fit. */
  readonly platform: string;
  /** Whether its pip can install into other environments (22.3 or later), so that these need no pip. */
  readonly pip: boolean;
}

interface Probe extends Python {
  readonly minor: readonly [number, number];
  readonly venv: boolean;
}

/** A cache by the value of MLOPS_PYTHON, because starting an interpreter takes time. */
const pythons = new Map<string, Promise<Python>>();

/**
 * The first usable Python: the one in MLOPS_PYTHON, or else python3, python, python3.14 to python3.10 or `py -3`.
 * @throws SetupError with the interpreters found, if none is 3.10 or later with its venv module
 */
export function ensurePython(): Promise<Python> {
  const wanted = process.env.MLOPS_PYTHON ?? '';
  const python = pythons.get(wanted) ?? findPython(wanted);
  pythons.set(wanted, python);
  python.catch(() => pythons.delete(wanted));
  return python;
}

async function findPython(wanted: string): Promise<Python> {
  const minors = [14, 13, 12, 11, 10].map((minor) => [`python3.${minor}`]);
  const candidates = wanted ? [[wanted]] : [['python3'], ['python'], ...minors, ['py', '-3']];
  const seen: string[] = [];
  for (const command of candidates) {
    const python = await probe(command);
    if (python === undefined) continue;
    const [major, minor] = python.minor;
    const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
    if (!old && python.venv) return python;
    const reason = old
      ? 'too old'
      : 'without its venv module (on Debian and Ubuntu: apt-get install python3-venv)';
    seen.push(`${command.join(' ')} is ${python.version}, ${reason} (${python.executable})`);
  }
  const asked = wanted ? `MLOPS_PYTHON is ${wanted}` : 'python3, python and py were tried';
  throw new SetupError(
    `expected Python ${OLDEST.join('.')} or later; ${asked}; found ${seen.join('; ') || 'none that runs'}. ` +
      'Install it from python.org or your package manager, or set MLOPS_PYTHON to its path',
  );
}

async function probe([file = '', ...args]: readonly string[]): Promise<Probe | undefined> {
  const child = spawn(file, [...args, '-I', '-c', PROBE], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal: AbortSignal.timeout(20_000),
    windowsHide: true,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise((settle) => child.once('close', settle).once('error', settle));
  try {
    return JSON.parse(output) as Probe;
  } catch {
    return undefined;
  }
}

/** A folder with a Python and the packages of one requirements.txt. */
export interface Environment {
  readonly python: string;
  /** The folder of compiled modules (PYTHONPYCACHEPREFIX); only packages that are used get compiled. */
  readonly bytecode: string;
}

interface WantedEnvironment {
  /** The path of a requirements.txt. */
  readonly requirements?: string;
  /** The lines of one, if there is no file. */
  readonly lines?: readonly string[];
  /** Whether every package must be pinned by its hash. Default: true. */
  readonly locked?: boolean;
  /** The folder of all environments, `.mlops/environments`. */
  readonly root: string;
  /** Its purpose, for messages. */
  readonly name: string;
}

/**
 * Returns the environment with the packages of a requirements.txt; installs it if it does not exist. Its
 * key is the sha256 of requirements.txt, Python and folder, because an environment cannot be moved. It is used only
 * after a pointer file names it, so a killed installation is never used.
 * @throws SetupError if Python or the file is missing, or, with pip's last lines, if pip fails
 */
export async function ensureEnvironment(
  options: WantedEnvironment & { readonly onProgress: (line: string) => void },
): Promise<Environment> {
  const { name, onProgress } = options;
  await mkdir(options.root, { recursive: true });
  const place = await placeOf(options);
  const { root, key, pointer } = place;
  let waiting = false;
  for (;;) {
    const ready = await readPointer(pointer);
    if (ready !== undefined) {
      // `mlops gc` removes those that were not used for long.
      await utimes(pointer, new Date(), new Date()).catch(() => {});
      return ready;
    }
    const release = await takeLock(join(root, `${key}.lock`));
    if (release === undefined) {
      if (!waiting) onProgress(`Waiting for another run that installs the Python packages for ${name} ...`);
      waiting = true;
      await delay(100);
      continue;
    }
    try {
      // Another run may have finished it before this one took the lock.
      return (await readPointer(pointer)) ?? (await install({ ...options, ...place }));
    } finally {
      await release();
    }
  }
}

/**
 * The environment that ensureEnvironment would return; undefined if it is not installed yet.
 * @throws SetupError if Python or the file is missing
 */
export async function findEnvironment(options: WantedEnvironment): Promise<Environment | undefined> {
  return await readPointer((await placeOf(options)).pointer);
}

/** The place where the environment of a requirements.txt is or will be. */
async function placeOf(
  options: WantedEnvironment,
): Promise<{ root: string; key: string; pointer: string; python: Python; lock: Buffer }> {
  const python = await ensurePython();
  const { requirements, lines = [] } = options;
  const lock =
    requirements === undefined
      ? Buffer.from(lines.map((line) => `${line}\n`).join(''))
      : await readFile(requirements).catch(() => {
          throw new SetupError(
            `${options.name}: got no requirements.txt, expected one that pins every package with its hashes (it may be empty)`,
          );
        });
  // A link to the folder gives the same environment.
  const root = await realpath(options.root).catch(() => resolve(options.root));
  const identity = [python.executable, python.version, python.platform, root].join('\n');
  const key = createHash('sha256').update(`${identity}\n`).update(lock).digest('hex').slice(0, 24);
  return { root, key, pointer: join(root, `${key}.json`), python, lock };
}

async function install(parts: {
  readonly requirements?: string;
  readonly locked?: boolean;
  readonly root: string;
  readonly name: string;
  readonly onProgress: (line: string) => void;
  readonly key: string;
  readonly python: Python;
  readonly lock: Buffer;
  readonly pointer: string;
}): Promise<Environment> {
  const { root, name, key, onProgress } = parts;
  // Remove the leftovers of killed installations.
  for (const left of await readdir(root)) {
    if (left.startsWith(`${key}-`)) await rm(join(root, left), { recursive: true, force: true });
  }
  const folder = join(root, `${key}-${randomUUID().slice(0, 8)}`);
  const environment: Environment = {
    python: WINDOWS ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python'),
    bytecode: join(folder, 'bytecode'),
  };
  const packages = countPackages(parts.lock.toString());
  const step = packages === 1 ? '1 Python package' : `${packages} Python packages`;
  const started = performance.now();
  try {
    const { executable, pip } = parts.python;
    const venv = [executable, '-m', 'venv', ...(pip || packages === 0 ? ['--without-pip'] : []), folder];
    if (packages > 0) onProgress(`Installing ${step} for ${name} (once) ...`);
    await run(venv, root, name);
    if (packages > 0) {
      const installer = pip
        ? [executable, '-m', 'pip', '--python', environment.python]
        : [environment.python, '-m', 'pip'];
      const plain = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off', '--no-compile'];
      const { requirements = `${folder}.txt`, locked = true } = parts;
      if (parts.requirements === undefined) await writeFile(requirements, parts.lock);
      const lock = [...(locked ? ['--require-hashes'] : []), '-r', resolve(requirements)];
      await run([...installer, 'install', ...plain, ...lock], root, name);
      if (parts.requirements === undefined) await rm(requirements);
      const seconds = Math.round((performance.now() - started) / 1000);
      onProgress(`Installed ${step} for ${name} in ${seconds} s`);
    }
    const temporary = `${folder}.json`;
    await writeFile(temporary, JSON.stringify(environment));
    await rename(temporary, parts.pointer);
    return environment;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function run(command: readonly string[], cwd: string, name: string): Promise<void> {
  const lines: string[] = [];
  const program = await startCommand(command, {
    cwd,
    env: installerEnvironment(),
    onLine: (line) => {
      if (line.trim() !== '') lines.push(line);
    },
  });
  const { code, signal } = await program.exited;
  if (code === 0) return;
  const tail = lines.slice(-12).map((line) => `  ${line.slice(0, 500)}`);
  throw new SetupError(
    `${name}: its Python packages could not be installed (${signal ?? `exit ${code}`}):\n${tail.join('\n')}\n${advise(lines.join('\n'))}`,
  );
}

/** Advice for pip's message. */
function advise(output: string): string {
  if (
    /NewConnectionError|NameResolutionError|Temporary failure in name resolution|timed out|ProxyError|SSLError/i.test(
      output,
    )
  ) {
    return 'The package index cannot be reached: check the network, or set PIP_INDEX_URL, PIP_FIND_LINKS or HTTPS_PROXY.';
  }
  if (
    /hashes are required|DO NOT MATCH THE HASHES|all requirements must have their versions pinned/i.test(
      output,
    )
  ) {
    return 'requirements.txt must pin every package with its hashes: write it again with `pip-compile --generate-hashes` or `uv pip compile --generate-hashes`.';
  }
  if (/No matching distribution|Could not find a version|Requires-Python/i.test(output)) {
    return 'A pinned package has no release for this Python or system: set MLOPS_PYTHON to another Python, or write requirements.txt again for this one.';
  }
  if (/Failed (to )?build|subprocess-exited-with-error|error: command .* failed/i.test(output)) {
    return 'A package has no wheel for this Python or system and did not build: set MLOPS_PYTHON to another Python.';
  }
  if (/No space left/i.test(output)) return 'The disk is full.';
  return 'The next run tries again.';
}

/** pip needs the host's proxy and index settings, but the build code of packages must not see tokens. */
function installerEnvironment(): Record<string, string> {
  const secret = /^(AWS|GITHUB|ACTIONS|RUNNER|INPUT)_|^(GH|NPM|NODE)_|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;
  const kept = Object.entries(process.env).filter(
    ([key, value]) => value !== undefined && !secret.test(key) && !/^PYTHON|^VIRTUAL_ENV$/.test(key),
  ) as [string, string][];
  return { ...Object.fromEntries(kept), PYTHONUTF8: '1' };
}

/** Counts names, because several releases of a package may be pinned for different Pythons. */
function countPackages(lock: string): number {
  return new Set(lock.match(/^[A-Za-z0-9][\w.-]*/gm)).size;
}

/** undefined if the file, the environment that it names or its Python does not exist. */
async function readPointer(pointer: string): Promise<Environment | undefined> {
  const text = await readFile(pointer, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const environment = JSON.parse(text) as Environment;
  return (await stat(environment.python).catch(() => undefined)) && environment;
}

/** Takes a lock file and keeps its time fresh; undefined while another process holds it. Removes an abandoned one. */
async function takeLock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    await writeFile(path, ownerOf(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (await isAbandoned(path)) await rm(path, { force: true });
    return undefined;
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, 1000);
  return async () => {
    clearInterval(beat);
    await rm(path, { force: true });
  };
}

async function isAbandoned(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return false;
  if (Date.now() - status.mtimeMs > 10_000) return true;
  return hasEnded(await readFile(path, 'utf8').catch(() => ''));
}
