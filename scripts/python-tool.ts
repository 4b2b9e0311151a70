import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';

/** A tool of a Python package's locked development environment. */
export type Tool = 'ruff' | 'mypy' | 'pytest';

/** Files, besides its table in pyproject.toml, that show that a package uses a tool. */
const settings: Record<Tool, string[] | null> = {
  // ruff has default rules, so it needs no settings.
  ruff: null,
  mypy: ['mypy.ini', '.mypy.ini'],
  pytest: ['tests', 'pytest.ini'],
};

/** The part that a tool needs and a package lacks; null if it lacks none. */
export function missingFor(folder: string, tool: Tool): string | null {
  const read = (name: string) => {
    const file = join(folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  };
  const lock = read('requirements-dev.txt');
  if (lock === null) return 'no requirements-dev.txt';
  if (!new RegExp(`^${tool}\\b(?!-)`, 'im').test(lock)) return `no ${tool} in requirements-dev.txt`;
  const places = settings[tool];
  const table = new RegExp(`^\\[tool\\.${tool}[.\\]]`, 'm').test(read('pyproject.toml') ?? '');
  if (places === null || table || places.some((name) => existsSync(join(folder, name)))) return null;
  return `neither ${places[0]} nor [tool.${tool}] in pyproject.toml`;
}

/** Runs a tool in a package's folder, in the environment of its requirements-dev.txt. Returns its exit code. */
export async function runTool(folder: string, tool: Tool, args: readonly string[]): Promise<number> {
  const environment = await ensureEnvironment({
    requirements: join(folder, 'requirements-dev.txt'),
    root: '.mlops/environments',
    name: `${folder} (development)`,
    onProgress: console.error,
  });
  // Python keeps compiled modules, even on a machine that disables that, because libraries take seconds to compile.
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env;
  const { status } = spawnSync(environment.python, ['-m', tool, ...args], {
    cwd: folder,
    stdio: 'inherit',
    env: {
      ...env,
      PATH: `${dirname(environment.python)}:${process.env.PATH}`,
      PYTHONPYCACHEPREFIX: environment.bytecode,
    },
  });
  return status ?? 1;
}
