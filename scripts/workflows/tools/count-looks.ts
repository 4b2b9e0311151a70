/**
 * Counts the looks at main's holdouts that pull requests' runs took: `node count-looks.js LEDGER`, a state's ledger folder.
 * Each run of a pull request lists its looks in the artifact `looks`. They are only counted, and only of holdouts that main
 * knows and of runs of this repository's own branches: a fork's author, or a made-up list, could otherwise use up a holdout.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLedger } from '../../../pipeline/backends/embedded/state/file-ledger.ts';
import { ConflictError } from '../../../pipeline/errors.ts';
import type { CountedLook } from '../../../pipeline/steps/train/looks.ts';
import { ask, at, listOf, repository } from '../github.ts';

/** A run takes one look a model. */
const mostOfARun = 20;
const line = /^look-([0-9a-f]{64})\/([\w.%-]+)\/([0-9a-f]{64})$/;

const [root = ''] = process.argv.slice(2);
for (const project of readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
  await count(project.name, new FileLedger(join(root, project.name)));

async function count(project: string, ledger: FileLedger): Promise<void> {
  // Every key of a ledger names a model: here the project stands for all of them.
  const kind = `counted-looks/${project}`;
  const mark = (await ledger.get<{ artifact: number }>(kind, 'newest'))?.value.artifact ?? 0;
  const answer = await ask(`/repos/${repository()}/actions/artifacts?name=looks&per_page=100`);
  const fresh = listOf(at(answer, 'artifacts')).filter(
    (artifact) =>
      Number(at(artifact, 'id')) > mark &&
      at(artifact, 'expired') === false &&
      at(artifact, 'workflow_run.head_repository_id') === at(artifact, 'workflow_run.repository_id'),
  );
  let counted = 0;
  let newest = mark;
  let known = true;
  for (const artifact of fresh.sort((a, b) => Number(at(a, 'id')) - Number(at(b, 'id')))) {
    const run = String(at(artifact, 'workflow_run.id'));
    for (const look of looksOf(run, project)) {
      if (await isKnown(ledger, look)) counted += await put(ledger, look, run);
      else known = false;
    }
    // A holdout that main does not know yet, it may know after the next merge: read again until the artifact expires.
    if (known) newest = Number(at(artifact, 'id'));
  }
  if (newest > mark) await ledger.put(kind, 'newest', { artifact: newest });
  console.log(`${counted} looks of pull requests are counted.`);
}

/** The looks that a run lists, one a line: PROJECT/look-HOLDOUT/MODEL/ID/1.json. Other lines are left out. */
function looksOf(run: string, project: string): RegExpExecArray[] {
  const folder = mkdtempSync(join(tmpdir(), 'looks-'));
  execFileSync('gh', ['run', 'download', run, '--name', 'looks', '--dir', folder, '--repo', repository()], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return readFileSync(join(folder, 'looks'), 'utf8')
    .split('\n')
    .filter((path) => path.startsWith(`${project}/`))
    .map((path) => line.exec(path.slice(project.length + 1).replace(/\/\d+\.json$/, '')))
    .filter((match) => match !== null)
    .slice(0, mostOfARun);
}

async function isKnown(ledger: FileLedger, [, holdout = '', model = '']: RegExpExecArray): Promise<boolean> {
  return (await ledger.get(`holdout/${model}`, holdout)) !== null;
}

/** 1 if it is new. */
async function put(
  ledger: FileLedger,
  [, holdout = '', model = '', id = '']: RegExpExecArray,
  run: string,
): Promise<number> {
  try {
    await ledger.putIf<CountedLook>(`look-${holdout}/${model}`, id, { counted: `run ${run}` }, 0);
    return 1;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return 0;
  }
}
