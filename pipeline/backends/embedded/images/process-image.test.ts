import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Image, Program, ProgramOptions } from './image.ts';
import { ImageStore } from './image-store.ts';
import {
  eventually,
  makeWheel,
  temporaryFolder,
  writeContext,
  writeFiles,
} from './python-context.fixture.ts';

// They start real processes, on machines that may be busy.
jest.setTimeout(60_000);

let folder: string;
let baseDir: string;
let lines: string[];

beforeEach(async () => {
  folder = temporaryFolder();
  baseDir = join(folder, 'job');
  await mkdir(baseDir);
  lines = [];
});

beforeEach(() => {
  // The programs tell the numbers of their processes, which a namespace would give anew.
  process.env.MLOPS_NAMESPACES = '0';
});

afterEach(() => {
  delete process.env.MLOPS_FORK_SERVER;
  delete process.env.MLOPS_NAMESPACES;
});

/** Of all tests, because making one takes longer than most of them. */
const environments = temporaryFolder();

async function open(train: string, requirements?: string): Promise<Image> {
  await writeContext(join(folder, 'model'), train, requirements);
  const store = new ImageStore(join(folder, 'images'), { environments });
  return store.open(await store.add(join(folder, 'model'), 'model'));
}

async function openFolder(name: string): Promise<Image> {
  const store = new ImageStore(join(folder, 'images'), { environments });
  return store.open(await store.add(join(folder, name), name));
}

function start(image: Image, options: Partial<ProgramOptions> = {}): Promise<Program> {
  return image.start('train', { baseDir, env: {}, onLine: (line) => lines.push(line), ...options });
}

async function exitOf(image: Image, options: Partial<ProgramOptions> = {}) {
  return (await start(image, options)).exited;
}

/** What the program printed, as JSON, on its only line. */
async function answerOf(image: Image, options: Partial<ProgramOptions> = {}) {
  lines = [];
  expect(await exitOf(image, options)).toEqual({ code: 0, signal: null });
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that has ended and that nobody has collected yet does not count.
  return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** A program that ignores SIGTERM, as does a child of it; prints both process ids. */
const STUBBORN = `
import json, os, signal, subprocess, sys, time
def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(300)"],
        stdout=subprocess.PIPE)
    child.stdout.readline()
    print(json.dumps([os.getpid(), child.pid]))
    if sys.argv[1:] != ["return"]:
        time.sleep(300)
`;

async function pidsOf(): Promise<number[]> {
  await eventually('the program has started', () => lines.length > 0);
  return JSON.parse(lines[0] ?? '');
}

describe.each([
  ['forked', '1'],
  ['plain', '0'],
])('%s', (_, setting) => {
  beforeEach(() => {
    process.env.MLOPS_FORK_SERVER = setting;
  });

  test('a program sees its job and what a process needs, and nothing else of this one', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'secret';
    process.env.GITHUB_TOKEN = 'secret';
    const image = await open(`
import json, os, sys
def main():
    print(json.dumps({"env": dict(os.environ), "argv": sys.argv, "cwd": os.getcwd(), "path": sys.path[:1],
        "input": sys.stdin.read()}))
`);
    delete process.env.AWS_SECRET_ACCESS_KEY;
    delete process.env.GITHUB_TOKEN;
    const seen = await answerOf(image, {
      env: { TRAINING_JOB_NAME: 'job-1' },
      args: ['--x', 'ü'],
      port: 4711,
    });
    expect(seen).toMatchObject({ argv: ['train', '--x', 'ü'], cwd: baseDir, input: '' });
    // The snapshot, which is shown as the folder that it was made of.
    expect(seen.path[0]).toBe('model/src');
    expect(seen.env).toMatchObject({
      SAGEMAKER_BASE_DIR: baseDir,
      SAGEMAKER_BIND_TO_PORT: '4711',
      TRAINING_JOB_NAME: 'job-1',
      OMP_NUM_THREADS: '1',
    });
    const others = Object.keys(seen.env).filter((key) => !/^(PYTHON|SAGEMAKER_|OMP_|TRAINING_)/.test(key));
    expect(['HOME', 'LANG', 'MLOPS_NAMESPACES', 'PATH', 'PWD', 'TMPDIR']).toEqual(
      expect.arrayContaining(others),
    );
  });

  test.each([
    ['return', 0, null, []],
    ['sys.exit(7)', 7, null, []],
    ['sys.exit("no data")', 1, null, ['no data']],
    ['raise ValueError("bad")', 1, null, ['ValueError: bad']],
    ['os.kill(os.getpid(), 9)', null, 'SIGKILL', []],
    ['os._exit(3)', 3, null, []],
    ['os.execv("/bin/sh", ["sh", "-c", "echo replaced; exit 4"])', 4, null, ['replaced']],
  ])('%s', async (statement, code, signal, last) => {
    const image = await open(`import os, sys\ndef main():\n    ${statement}\n`);
    expect(await exitOf(image)).toEqual({ code, signal });
    expect(lines.slice(-1)).toEqual(last);
  });

  test('a module that cannot be imported fails the job with its traceback, each time', async () => {
    const image = await open('import missing_package\ndef main(): pass\n');
    for (const _attempt of [1, 2]) {
      lines = [];
      expect(await exitOf(image)).toEqual({ code: 1, signal: null });
      expect(lines).toEqual([
        'Traceback (most recent call last):',
        '  model/src/sample/train.py, line 1, in <module>',
        '    import missing_package',
        "ModuleNotFoundError: No module named 'missing_package'",
      ]);
    }
  });

  test("a traceback begins in the user's file, also that of an error's cause, and is whole", async () => {
    const image = await open(`
import json
def read(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise KeyError("no JSON") from error
def main():
    read("{")
`);
    expect(await exitOf(image)).toEqual({ code: 1, signal: null });
    const shown = lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim());
    expect(shown.at(0)).toBe('model/src/sample/train.py, line 5, in read');
    expect(shown.slice(-2)).toEqual([
      'model/src/sample/train.py, line 9, in main',
      'model/src/sample/train.py, line 7, in read',
    ]);
    expect(lines).toContain('The above exception was the direct cause of the following exception:');
    expect(lines.join('\n')).not.toMatch(/fork-server|start_program|frozen|images\//);
    expect(lines.at(-1)).toBe("KeyError: 'no JSON'");
  });

  test.each([
    ['modules beside pyproject.toml', { 'tool.py': 'def main(): print("flat")\n' }],
    [
      'a package beside pyproject.toml',
      { 'tool/__init__.py': 'from tool.a import main\n', 'tool/a.py': 'def main(): print("flat")\n' },
    ],
    ['src itself as the package', { 'src/tool.py': '', 'src/__init__.py': 'def main(): print("flat")\n' }],
  ] as const)('%s', async (_layout, files) => {
    const module = 'src/tool.py' in files ? 'src' : 'tool';
    await writeFiles(join(folder, 'flat'), {
      'pyproject.toml': `[project]\nname = "flat"\n[project.scripts]\ntrain = "${module}:main"\nserve = "${module}:main"\n`,
      ...files,
    });
    const image = await openFolder('flat');
    await image.check?.();
    expect(await exitOf(image)).toEqual({ code: 0, signal: null });
    expect(lines).toEqual(['flat']);
  });

  test.each(['train.py', 'train'])(
    'a plain file %s is a program, and its neighbours are modules',
    async (file) => {
      await writeFiles(join(folder, 'plain'), {
        [file]:
          '#!/usr/bin/env python3\nimport sys\nfrom near import word\nif __name__ == "__main__":\n    print(word, *sys.argv[1:])\n    1 / 0\n',
        'near.py': 'word = "near"\n',
        'serve.py': 'import near\nraise SystemExit(3)\n',
      });
      const image = await openFolder('plain');
      await image.check?.();
      expect(await exitOf(image, { args: ['x'] })).toEqual({ code: 1, signal: null });
      expect(lines[0]).toBe('near x');
      expect(lines.slice(1, 3)).toEqual([
        'Traceback (most recent call last):',
        `  plain/${file}, line 6, in <module>`,
      ]);
    },
  );

  test('output and errors keep their order; long lines and one without an end arrive whole', async () => {
    const image = await open(`
import sys
def main():
    for number in range(200):
        print(number, file=sys.stderr if number % 2 else sys.stdout)
    print("é" * 50_000)
    sys.stdout.write("last")
`);
    expect(await exitOf(image)).toEqual({ code: 0, signal: null });
    expect(lines.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_unused, number) => String(number)));
    expect(lines.slice(200)).toEqual(['é'.repeat(50_000), 'last']);
  });

  test('the module is imported in the environment of its own job', async () => {
    const image = await open(`
import json, os
BASE = os.environ["SAGEMAKER_BASE_DIR"]
def main():
    print(json.dumps(BASE))
`);
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name));
      expect(await answerOf(image, { baseDir: join(folder, name) })).toBe(join(folder, name));
    }
  });

  test('stop ends a program that listens to SIGTERM by itself', async () => {
    const image = await open(`
import signal, sys, time
def end(*_):
    print("saved")
    sys.exit(5)
def main():
    signal.signal(signal.SIGTERM, end)
    print("ready")
    time.sleep(300)
`);
    const program = await start(image);
    await eventually('the program has started', () => lines.length > 0);
    await program.stop(20);
    expect(await program.exited).toEqual({ code: 5, signal: null });
    expect(lines).toEqual(['ready', 'saved']);
  });

  test('stop ends one that does not, and its children; again is no error', async () => {
    const image = await open(STUBBORN);
    const program = await start(image);
    const pids = await pidsOf();
    expect(pids.map(isRunning)).toEqual([true, true]);
    await Promise.all([program.stop(0.2), program.stop(0.2)]);
    expect(pids.map(isRunning)).toEqual([false, false]);
    expect(await program.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await program.stop(0);
  });

  test('stop after the end signals nobody: the number may be another group by now', async () => {
    const program = await start(await open('def main(): pass\n'));
    await program.exited;
    const kill = jest.spyOn(process, 'kill');
    await program.stop(0);
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
  });

  test('stop at once, before the program has come to life', async () => {
    // Its import has no end, so that it does not come to life on a busy machine either.
    const image = await open('import time\ntime.sleep(300)\ndef main(): print("alive")\n');
    await (await start(image)).stop(5);
    expect(lines).toEqual([]);
  });

  test('what a program leaves behind when it returns is ended', async () => {
    const image = await open(STUBBORN);
    expect(await exitOf(image, { args: ['return'] })).toEqual({ code: 0, signal: null });
    const [, child = 0] = await pidsOf();
    expect(isRunning(child)).toBe(false);
  });

  test('programs run side by side, each with its own output', async () => {
    const image = await open(`
import os, time
def main():
    for _ in range(5):
        print(os.environ["SAGEMAKER_NAME"])
        time.sleep(0.01)
`);
    const names = ['a', 'b', 'c', 'd'];
    const outputs = await Promise.all(
      names.map(async (name) => {
        const own: string[] = [];
        const baseDir = join(folder, name);
        await mkdir(baseDir);
        await exitOf(image, { baseDir, env: { SAGEMAKER_NAME: name }, onLine: (line) => own.push(line) });
        return own;
      }),
    );
    expect(outputs).toEqual(names.map((name) => Array(5).fill(name)));
  });

  test('no program outlives a kill of this process', async () => {
    const image = await open(STUBBORN);
    await writeFiles(folder, {
      'run.ts': `
        import { ImageStore } from ${JSON.stringify(`${import.meta.dirname}/image-store.ts`)};
        const image = await new ImageStore(${JSON.stringify(join(folder, 'images'))}, ${JSON.stringify({ environments })}).open(${JSON.stringify(image.uri)});
        await image.start('train', { baseDir: ${JSON.stringify(baseDir)}, env: {}, onLine: console.log });`,
    });
    const runner = spawn(process.execPath, [join(folder, 'run.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env },
    });
    runner.stdout.on('data', (chunk) => lines.push(String(chunk)));
    const pids = await pidsOf();
    expect(pids.map(isRunning)).toEqual([true, true]);
    runner.kill('SIGKILL');
    await eventually('both processes have ended', () => !pids.some(isRunning));
  });
});

const REPORT_MODULES = `
import json, os, sys
WARM = "decimal" in sys.modules
OWN = "sample.helper" in sys.modules
import decimal
from sample import helper
def main():
    lazily = "wave" in sys.modules
    import wave
    print(json.dumps({"warm": WARM, "lazily": lazily, "own": OWN, "threads": os.environ["OMP_NUM_THREADS"],
        "server": int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])}))
`;

async function openReportingModules(): Promise<Image> {
  await writeFiles(join(folder, 'model'), { 'src/sample/helper.py': '' });
  return open(REPORT_MODULES);
}

test('a later start finds the libraries imported, but never the own code', async () => {
  const image = await openReportingModules();
  expect(await answerOf(image)).toMatchObject({ warm: false, lazily: false, own: false });
  expect(await answerOf(image)).toMatchObject({ warm: true, lazily: true, own: false });
});

test('a variable that libraries may read at import gets a server of its own', async () => {
  const image = await openReportingModules();
  const first = await answerOf(image);
  const other = await answerOf(image, { env: { OMP_NUM_THREADS: '2' } });
  expect(other).toMatchObject({ threads: '2', warm: false });
  expect(other.server).not.toBe(first.server);
  expect((await answerOf(image, { env: { TRAINING_JOB_NAME: 'x' } })).server).toBe(first.server);
});

test('a server that dies takes its programs along and is replaced', async () => {
  const image = await open(`
import json, os, sys, time
def main():
    print(json.dumps([os.getpid(), int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])]))
    if sys.argv[1:] == ["sleep"]:
        time.sleep(300)
`);
  const program = await start(image, { args: ['sleep'] });
  const [pid = 0, server = 0] = await pidsOf();
  process.kill(server, 'SIGKILL');
  expect(await program.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(lines.at(-1)).toMatch(/^The process that forked this program has ended/);
  expect(isRunning(pid)).toBe(false);
  expect((await answerOf(image))[1]).not.toBe(server);
});

test('libraries that start threads at import are not forked: the program starts plainly', async () => {
  const wheel = makeWheel(
    folder,
    'threads',
    'import threading, time\nthreading.Thread(target=time.sleep, args=(300,), daemon=True).start()\n',
  );
  const image = await open('import threads\ndef main(): print("done")\n', wheel);
  for (const _attempt of [1, 2, 3]) expect(await exitOf(image)).toEqual({ code: 0, signal: null });
  expect(lines).toEqual(['done', 'done', 'done']);
});

test('a program that the image does not have is an error that names those it has', async () => {
  const image = await open('def main(): pass\n');
  await expect(image.start('serve', { baseDir, env: {}, onLine: () => {} })).rejects.toThrow(
    'model: got no program "serve", expected it in [project.scripts] of its pyproject.toml, or a Python file model/serve.py; the programs that it has: train',
  );
});

test.each([
  ['[project\n', /pyproject.toml is not valid TOML/],
  ['[project.scripts]\ntrain = "sample"\n', /train: got "sample", expected "module:function"/],
  ['[project.scripts]\ntrain = "os:system(1)"\n', /expected "module:function"/],
  ['[project.scripts]\ntrain = 1\n', /got 1, expected "module:function"/],
])('pyproject.toml %j is refused', async (text, message) => {
  await writeContext(join(folder, 'model'), '');
  await writeFile(join(folder, 'model/pyproject.toml'), text);
  const store = new ImageStore(join(folder, 'images'));
  await expect(store.open(await store.add(join(folder, 'model'), 'model'))).rejects.toThrow(message);
  expect(existsSync(join(folder, 'environments'))).toBe(false);
});

describe('the check before any job', () => {
  /** The image of a model whose `serve` is this code; its `train` is sound. */
  async function checked(serve: string, entry = 'sample.serve:main'): Promise<string> {
    await writeContext(join(folder, 'model'), 'def main(): pass\n');
    await writeFiles(join(folder, 'model'), {
      'src/sample/serve.py': serve,
      'pyproject.toml': `[project]\nname = "sample"\n[project.scripts]\ntrain = "sample.train:main"\nserve = "${entry}"\n`,
    });
    const image = await openFolder('model');
    return (
      (await image.check?.().then(
        () => 'passed',
        (error: Error) => error.message,
      )) ?? ''
    );
  }

  test.each([
    [
      'a missing package',
      'import os\n\n\nimport lightgbm_missing\ndef main(): pass\n',
      /^model: serve cannot be imported: ModuleNotFoundError: No module named 'lightgbm_missing'\n[\s\S]*model\/src\/sample\/serve\.py, line 4[\s\S]*add it to model\/requirements\.txt/,
    ],
    [
      'a name that a library does not have',
      'from json import laods\ndef main(): pass\n',
      /ImportError: cannot import name 'laods'[\s\S]*model\/src\/sample\/serve\.py, line 1/,
    ],
    [
      'a syntax error',
      'def main():\n    return (\n',
      /SyntaxError: '\(' was never closed[\s\S]*model\/src\/sample\/serve\.py, line 2/,
    ],
    ['no function', 'def mian(): pass\n', /ImportError: model\/src\/sample\/serve\.py has no 'main'/],
  ])('%s is told with the place in the file', async (_what, serve, message) => {
    expect(await checked(serve)).toMatch(message);
  });

  test('a module that is not there: where it is looked for', async () => {
    expect(await checked('', 'smaple.serve:main')).toMatch(
      /pyproject\.toml names serve = "smaple\.serve:main": expected model\/src\/smaple\.py, model\/src\/smaple\/, or either beside pyproject\.toml\.$/,
    );
  });

  test.each([
    [
      'reads the model of its job',
      'open(__import__("os").environ["SAGEMAKER_BASE_DIR"] + "/model/m.json")\n',
    ],
    ['parses its arguments', 'import sys\nsys.exit(2)\n'],
  ])('an import that %s is no mistake', async (_what, serve) => {
    expect(await checked(serve)).toBe('passed');
  });

  test('is not repeated for the same files and packages', async () => {
    const serve = `open(${JSON.stringify(join(folder, 'imports'))}, "a").write("x")\ndef main(): pass\n`;
    expect([await checked(serve), await checked(serve)]).toEqual(['passed', 'passed']);
    expect(readFileSync(join(folder, 'imports'), 'utf8')).toBe('x');
  });
});

describe('packages', () => {
  async function notesWith(files: Readonly<Record<string, string>>): Promise<readonly string[] | undefined> {
    await writeFiles(join(folder, 'own'), { 'train.py': 'import tiny\n', 'serve.py': '', ...files });
    const image = await openFolder('own');
    expect(await exitOf(image)).toEqual({ code: 0, signal: null });
    return image.notes;
  }
  const wheel = () => makeWheel(folder, 'tiny', '').trim();

  test('a lock with hashes needs no note', async () => {
    expect(await notesWith({ 'requirements.txt': wheel() })).toEqual([]);
  });

  test('requirements without hashes work, and a note says what that means', async () => {
    expect(await notesWith({ 'requirements.txt': wheel().replace(/ --hash.*/, '') })).toEqual([
      expect.stringMatching(
        /^own\/requirements\.txt has no hashes, so another machine may get other packages: .*uv pip compile/,
      ),
    ]);
  });

  test('without requirements.txt the dependencies of pyproject.toml are installed, and a note says so', async () => {
    const dependency = JSON.stringify(wheel().replace(/ --hash.*/, ''));
    expect(
      await notesWith({ 'pyproject.toml': `[project]\nname = "own"\ndependencies = [${dependency}]\n` }),
    ).toEqual([
      expect.stringMatching(
        /^own has no requirements\.txt, so a run installs the newest packages that its pyproject\.toml allows/,
      ),
    ]);
  });
});

/** What a program of this user can see of this process, and a child that hides from its group and its environment. */
const CURIOUS = `
import glob, json, os, subprocess, sys, time
def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
def main():
    seen = sum(b"a value that nobody may see" in read(path) for path in glob.glob("/proc/[0-9]*/environ"))
    keys = os.listdir(os.path.expanduser("~/.ssh"))
    subprocess.Popen(["setsid", "env", "-i", "sleep", sys.argv[1]])
    while not any(b"sleep\\0" in read(path) for path in glob.glob("/proc/[0-9]*/cmdline")):
        time.sleep(0.01)
    print(json.dumps({"seen": seen, "keys": keys, "first": os.getppid()}))
    sys.stdout.flush()
    if sys.argv[2:] == ["stay"]:
        time.sleep(300)
`;

/** Whether the kernel lets this user make namespaces; a container's often does not. */
const namespaces =
  process.platform === 'linux' &&
  spawnSync('unshare', [
    ...(process.getuid?.() === 0 ? [] : ['-Ur']),
    '-pm',
    '--fork',
    '--mount-proc',
    'true',
  ]).status === 0;

describe.each([
  ['forked', '1'],
  ['plain', '0'],
])('%s: a child in a session of its own, without its environment', (_name, setting) => {
  const sleeping = (seconds: string) => spawnSync('pgrep', ['-f', `sleep ${seconds}`]).status === 0;
  const seconds = () => String(3000 + Math.random());

  beforeEach(async () => {
    process.env.MLOPS_FORK_SERVER = setting;
    await writeFiles(folder, { 'home/.ssh/id': 'a key' });
  });

  test.each(namespaces ? ['0', '1'] : ['0'])(
    'ends with its program, and when that is stopped; namespaces: %s',
    async (wanted) => {
      process.env.MLOPS_NAMESPACES = wanted;
      const image = await open(CURIOUS);
      const env = { HOME: join(folder, 'home') };
      const [one, two] = [seconds(), seconds()];
      expect(await exitOf(image, { env, args: [one] })).toEqual({ code: 0, signal: null });
      expect(sleeping(one)).toBe(false);

      lines = [];
      const program = await start(image, { env, args: [two, 'stay'] });
      await eventually('it has started its child', () => lines.length > 0);
      expect(sleeping(two)).toBe(true);
      await program.stop(0.1);
      expect(sleeping(two)).toBe(false);
    },
  );

  (namespaces ? test : test.skip)(
    'a program sees neither another process nor the keys in the home folder',
    async () => {
      delete process.env.MLOPS_NAMESPACES;
      const image = await open(CURIOUS);
      const other = spawn('sleep', ['60'], {
        env: { ...process.env, SECRET: 'a value that nobody may see' },
      });
      try {
        expect(await exitOf(image, { env: { HOME: join(folder, 'home') }, args: [seconds()] })).toEqual({
          code: 0,
          signal: null,
        });
      } finally {
        other.kill();
      }
      expect(JSON.parse(lines.join(''))).toEqual({ seen: 0, keys: [], first: 1 });
    },
  );
});
