import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { eventually, temporaryFolder } from '../backends/embedded/images/python-context.fixture.ts';

export function docker(...args: string[]): string {
  return execFileSync('docker', args, {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

/**
 * A daemon of the test's own where none runs; it needs root and `dockerd`. Called at the top of a test file, since it also
 * stops the daemon after the tests.
 */
export async function startDocker(): Promise<void> {
  if (hasDaemon()) return;
  const home = mkdtempSync(join(tmpdir(), 'mlops-docker-'));
  const socket = `unix://${home}/docker.sock`;
  const roots = ['--data-root', `${home}/data`, '--exec-root', `${home}/exec`, '--pidfile', `${home}/pid`];
  const log = openSync(`${home}/log`, 'a');
  const daemon = spawn('dockerd', [...roots, '--host', socket], { stdio: ['ignore', log, log] });
  daemon.on('error', (error) => writeFileSync(`${home}/log`, error.message));
  endWithTests(daemon, () => rmSync(home, { recursive: true, maxRetries: 20, retryDelay: 200 }));
  process.env.DOCKER_HOST = socket;
  await eventually('a Docker daemon answers', hasDaemon).catch(() => {
    throw new Error(
      `These tests need Docker: no daemon runs, and dockerd did not start as this user:\n${readFileSync(`${home}/log`, 'utf8').slice(-2000)}`,
    );
  });
}

function hasDaemon(): boolean {
  try {
    return docker('version', '--format', '{{.Server.Version}}') !== '';
  } catch {
    return false;
  }
}

/** Stops a server after the tests of the file, or with this process where a file fails before its tests. */
export function endWithTests(server: ChildProcess, cleanUp = () => {}): void {
  server.unref();
  const kill = () => server.kill('SIGTERM');
  process.once('exit', kill);
  afterAll(async () => {
    process.off('exit', kill);
    if (server.exitCode === null && server.pid !== undefined) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      kill();
      await ended;
    }
    cleanUp();
  });
}

/** Stands in for a base image of a registry: one static program. */
export function importBase(name: string): void {
  const root = temporaryFolder();
  shell('mkdir "$1/bin" && cp "$2" "$1/bin/busybox" && "$2" --install -s "$1/bin"', root, busybox());
  shell('for f in "$1"/bin/*; do [ -L "$f" ] && ln -sf busybox "$f"; done; mkdir -m 1777 "$1/tmp"', root);
  chmodSync(root, 0o755);
  shell('tar -C "$1" -c . | docker import - "$2"', root, name);
}

/** Stands in for a base image with Python: this machine's, its standard library and what both link to. */
export function importPython(name: string): void {
  const root = temporaryFolder();
  shell(
    'mkdir -m 755 "$1/bin"; mkdir -m 1777 "$1/tmp"; cp "$2" "$1/bin/busybox"; for f in sh chown; do ln -s busybox "$1/bin/$f"; done',
    root,
    busybox(),
  );
  execFileSync('python3', ['-c', COPY_PYTHON, root], { stdio: ['ignore', 'ignore', 'inherit'] });
  chmodSync(root, 0o755);
  shell('tar -C "$1" -c . | docker import - "$2"', root, name);
}

const COPY_PYTHON = `
import os, re, shutil, subprocess, sys, sysconfig
root = sys.argv[1]

def copy(path):
    target = root + os.path.abspath(path)
    if not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.path.realpath(path), target)

executable = os.path.realpath(sys.executable)
library = sysconfig.get_path("stdlib")
left_out = shutil.ignore_patterns(
    "test", "tests", "idlelib", "tkinter", "ensurepip", "lib2to3", "__pycache__", "config-*", "*-packages", "*.a"
)
shutil.copytree(library, root + library, ignore=left_out, ignore_dangling_symlinks=True)
copy(executable)
os.symlink(executable, root + "/bin/python3")
modules = [os.path.join(folder, name) for folder, _, names in os.walk(library) for name in names if name.endswith(".so")]
for program in [executable, *[path for path in modules if "/lib-dynload/" in path]]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    for found in re.findall(r"(/\\S+) \\(0x", listed):
        copy(found)
`;

function busybox(): string {
  const found = execFileSync('sh', ['-c', 'command -v busybox || true'], { encoding: 'utf8' }).trim();
  if (found === '')
    throw new Error('These tests need a static busybox on the PATH (apt-get install busybox-static)');
  return found;
}

function shell(script: string, ...args: string[]): void {
  execFileSync('sh', ['-ec', script, '', ...args], {
    env: { ...process.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
