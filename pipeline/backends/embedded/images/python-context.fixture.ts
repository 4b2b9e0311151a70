import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';

const made: string[] = [];
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

/** A new folder, removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlops-test-'));
  made.push(folder);
  return folder;
}

export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** An image's context whose program `train` is this Python code; it needs no package. */
export async function writeContext(folder: string, train: string, requirements = ''): Promise<void> {
  await writeFiles(folder, {
    Dockerfile: 'FROM scratch\n',
    'pyproject.toml': `[project]\nname = "sample"\n[project.scripts]\ntrain = "sample.train:main"\n`,
    'requirements.txt': requirements,
    'src/sample/__init__.py': '',
    'src/sample/train.py': train,
  });
}

/** Polls until the condition holds; fails loudly where it never does. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not so within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Makes a wheel of one module, so that pip needs no network, and returns its line for requirements.txt. */
export function makeWheel(folder: string, module: string, source: string): string {
  return execFileSync('python3', ['-c', MAKE_WHEEL, folder, module, source], { encoding: 'utf8' });
}

const MAKE_WHEEL = `
import base64, hashlib, sys, zipfile
folder, module, source = sys.argv[1:4]
info = module + "-1.0.dist-info"
files = {
    module + ".py": source,
    info + "/METADATA": "Metadata-Version: 2.1\\nName: " + module + "\\nVersion: 1.0\\n",
    info + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
record = info + "/RECORD"
files[record] = "".join(name + ",,\\n" for name in [*files, record])
path = folder + "/" + module + "-1.0-py3-none-any.whl"
with zipfile.ZipFile(path, "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
print(module + " @ file://" + path + " --hash=sha256:" + hashlib.sha256(open(path, "rb").read()).hexdigest())
`;
