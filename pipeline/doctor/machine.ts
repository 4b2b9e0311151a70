import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ensurePython } from '../backends/embedded/images/python-environment.ts';
import { SetupError } from '../errors.ts';
import { type Check, ok, problem, warning } from './check.ts';

const run = promisify(execFile);

/** The Node that the repository is developed and tested on. */
const testedNode = 24;

export function checkNode(version = process.versions.node): Check {
  const major = Number(version.split('.')[0]);
  if (major >= testedNode) return ok('Node', version);
  return warning(
    'Node',
    `${version}, older than ${testedNode}, which this repository is tested on`,
    'Use `npx mlops` or `npm run`: they use the Node that `npm ci` installs.',
  );
}

export async function checkPython(): Promise<Check> {
  try {
    const { version, executable } = await ensurePython();
    return ok('Python', `${version} (${executable})`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    // The message ends with what to do.
    const [found = '', mend = ''] = error.message.split(/\. (?=Install)/);
    return problem('Python', found, `${mend}.`);
  }
}

const gigabyte = 1e9;

/** `folder` is an existing folder on the disk with the state. */
export async function checkDisk(folder: string): Promise<Check> {
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return problem('Disk', `${folder} cannot be written to`, 'Make it writable: runs write there.');
  const { bavail, bsize } = await statfs(folder);
  const free = (bavail * bsize) / gigabyte;
  const detail = `${free.toFixed(1)} GB free`;
  const mend = 'Make room: Python environments take about 1 GB, and every run adds its models and scores.';
  if (free < 1) return problem('Disk', detail, mend);
  return free < 5 ? warning('Disk', detail, mend) : ok('Disk', detail);
}

export async function checkDocker(): Promise<Check> {
  try {
    const { stdout } = await run('docker', ['version', '--format', '{{.Server.Version}}'], {
      timeout: 10_000,
    });
    return ok('Docker', stdout.trim());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return warning(
      'Docker',
      code === 'ENOENT' ? 'not installed' : 'cannot be reached',
      'Only --containers needs it: install or start Docker to use that.',
    );
  }
}
