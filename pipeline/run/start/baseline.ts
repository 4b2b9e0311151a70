import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { extract } from 'tar';
import type { Backend, Progress } from '../../backends/backend.ts';
import { loadConfig, modelNames } from '../../config/load.ts';
import { InputError } from '../../errors.ts';
import { championId, championKind } from '../../steps/context.ts';
import { checkoutOf } from './git.ts';
import { makeRequest } from './request.ts';
import { runPipeline } from './run.ts';

const run = promisify(execFile);

export interface Baseline {
  /** null if there is none; then a note says why. */
  package: string | null;
  notes: string[];
}

export const noBaseline: Baseline = { package: null, notes: [] };

/**
 * Trains the model of a git ref, to compare with if the ledger has no champion yet: that commit's model folder and
 * settings, but this checkout's pipeline. Reuses an earlier run of the same inputs. Throws InputError for a ref that
 * git does not know.
 */
export async function baselineOf(
  ref: string,
  { config: configFile, model }: { config: string; model?: string | undefined },
  options: {
    backend: Backend;
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
    onNote: (line: string) => void;
  },
): Promise<Baseline> {
  const { backend, onNote } = options;
  if ((await backend.context.ledger.get(championKind, championId)) !== null) return noBaseline;

  const { commit, inside } = await resolveRef(ref, configFile);
  const label = `${ref} (${commit.slice(0, 7)})`;
  const folder = await mkdtemp(join(tmpdir(), 'mlops-baseline-'));
  try {
    await checkOut(commit, dirname(resolve(configFile)), folder);
    const file = join(folder, inside);
    const found = await access(file).then(
      () => true,
      () => false,
    );
    if (!found) return without(`No baseline: ${label} has no ${inside}.`);

    onNote(`baseline: ${label}`);
    if (!(await hasModel(file, model, folder)))
      return without(`No baseline: ${label} has no model ${model}.`);
    const loaded = await loadConfig(file, { model, root: folder });
    const request = await makeRequest({
      backend,
      loaded,
      mode: 'evaluate',
      promote: false,
      trigger: { kind: 'baseline', reason: `baseline ${label}`, actor: null },
      baseline: null,
      notes: [],
    });
    const { record } = await runPipeline(request, options);
    const name = record.state.package?.name ?? null;
    if (name === null) return without(`No baseline: the run of ${label} ${record.status}.`);
    onNote('candidate');
    return { package: name, notes: [`Compared with the baseline ${label}: there is no champion yet.`] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether the project has the model; true if the file cannot be read, because loading it then reports the error. */
async function hasModel(file: string, model: string | undefined, folder: string): Promise<boolean> {
  const names = await modelNames(file, folder);
  return model === undefined || names === undefined || names.includes(model);
}

const without = (note: string): Baseline => ({ package: null, notes: [note] });

/** The commit, and the path of the configuration in the repository. */
async function resolveRef(ref: string, configFile: string): Promise<{ commit: string; inside: string }> {
  const folder = dirname(resolve(configFile));
  const git = async (...args: string[]) => (await run('git', ['-C', folder, ...args])).stdout.trim();
  try {
    // Git's own view, because the path here may contain a link.
    const prefix = await git('rev-parse', '--show-prefix');
    const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`);
    return { commit, inside: join(prefix, basename(configFile)) };
  } catch {
    const got = `--baseline: got ${JSON.stringify(ref)}`;
    if ((await checkoutOf(folder)) === null)
      throw new InputError(
        `${got}, but ${folder} is in no git checkout with a commit; expected one (git init, git add, git commit), or no --baseline`,
      );
    throw new InputError(`${got}, expected a commit, branch or tag of this checkout`);
  }
}

/** Extracts the files of a commit without touching git's index or work tree. */
async function checkOut(commit: string, repository: string, folder: string): Promise<void> {
  const archive = join(folder, '.archive.tar');
  const top = (await run('git', ['-C', repository, 'rev-parse', '--show-toplevel'])).stdout.trim();
  await run('git', ['-C', top, 'archive', '--format=tar', `--output=${archive}`, commit]);
  await extract({ file: archive, cwd: folder });
  await rm(archive);
}
