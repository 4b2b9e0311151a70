import type { Workspace } from '../../pipeline/cli/workspace.fixture.ts';
import type { Check } from '../../pipeline/doctor/check.ts';
import { readCurrent } from './readers.ts';
import type { RunSummary } from './starts.ts';

/** The champion before a run, and what the run comes to if nothing strikes it. */
export interface Reference {
  champion: string | null;
  /** The packages that readers may see: that of before, and that of the release. */
  readable: (string | null)[];
  package: string;
  uses: number;
}

interface Told {
  champion: { package: string } | null;
  runs: { status: string }[];
  unreadable: string[];
}

/**
 * Whether a state folder is sound after a fault: nothing is damaged, the champion is the old one or the candidate, doctor
 * clears what is left, and the next run ends as if nothing had happened.
 * @param repairsFirst whether doctor --repair runs before the next run, or after it
 * @returns what is wrong
 */
export async function problemsOf(
  workspace: Workspace,
  { champion, package: candidate, uses }: Reference,
  next: readonly string[],
  repairsFirst: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  const expect = (holds: boolean, found: string) => holds || problems.push(found);
  const examine = async (...args: string[]) => {
    const { stdout, stderr } = await workspace.mlops('doctor', '--json', ...args);
    const checks = stdout === '' ? [] : (JSON.parse(stdout) as { checks: Check[] }).checks;
    const own = checks.filter(({ name }) => ownChecks.has(name));
    expect(own.length === ownChecks.size, `doctor ${args.join()}: ${stdout} ${stderr}`);
    const damaged = own.filter(({ outcome }) => outcome === 'problem');
    expect(damaged.length === 0, `doctor ${args.join()}: ${badOf(damaged)}`);
    return own;
  };
  const history = async (): Promise<Told> => JSON.parse((await workspace.mlops('history', '--json')).stdout);
  const repair = async () => {
    await examine('--repair');
    const left = badOf(await examine());
    expect(left === '', `after doctor --repair: ${left}`);
  };

  await examine();
  const struck = await history();
  const now = struck.champion?.package ?? null;
  expect([champion, candidate].includes(now), `champion: got ${now}, expected ${champion} or ${candidate}`);
  expect(struck.unreadable.length === 0, `unreadable: ${struck.unreadable}`);
  if (repairsFirst) await repair();

  const { code, stdout, stderr } = await workspace.mlops('run', '--json', ...next);
  expect(code === 0, `the next run: exit code ${code} ${stderr}`);
  if (code === 0) {
    const run = JSON.parse(stdout) as RunSummary;
    expect(run.verdict.outcome === 'promote', `the next run: ${run.verdict.outcome}`);
    expect(run.package === candidate, `the next run: package ${run.package}, expected ${candidate}`);
    // The candidate may have become the champion before the fault.
    expect(run.promoted || now === candidate, 'the next run did not promote');
    expect(
      run.verdict.holdout_uses <= uses,
      `looks at the holdout: ${run.verdict.holdout_uses}, expected ${uses}`,
    );
  }
  const after = await history();
  expect(after.champion?.package === candidate, `the champion at the end: ${after.champion?.package}`);
  expect(
    after.runs.every(({ status }) => ['succeeded', 'failed', 'cancelled'].includes(status)),
    `runs: ${after.runs.map(({ status }) => status)}`,
  );
  if (!repairsFirst) await repair();
  return problems;
}

/**
 * Whether a state folder is sound after a fault during a release or rollback: readers see the old release or the new one,
 * whole, and the next release of the champion shows the champion.
 */
export async function releaseProblemsOf(
  workspace: Workspace,
  { readable }: Reference,
  repairsFirst: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  const expect = (holds: boolean, found: string) => holds || problems.push(found);
  const seen = readCurrent(workspace);
  expect(
    readable.includes(seen?.package ?? null),
    `readers see ${seen?.package}, expected ${readable.join(' or ')}`,
  );
  if (repairsFirst) await repairFolder(workspace, expect);
  const { code, stderr } = await workspace.mlops('release', '--json', '--set', 'data.scoring=new.csv');
  expect(code === 0, `the next release: exit code ${code} ${stderr}`);
  const told = JSON.parse((await workspace.mlops('history', '--json')).stdout) as Told;
  const after = readCurrent(workspace);
  expect(
    after !== null && after.package === told.champion?.package,
    `after the next release readers see ${after?.package}, the champion is ${told.champion?.package}`,
  );
  expect(told.unreadable.length === 0, `unreadable: ${told.unreadable}`);
  if (!repairsFirst) await repairFolder(workspace, expect);
  return problems;
}

/**
 * Whether a state folder is sound after a fault struck a look at production: the next look ends, and finds the decay by one alarm,
 * however often it was looked for.
 * @returns what is wrong
 */
export async function lookProblemsOf(
  workspace: Workspace,
  next: readonly string[],
  repairsFirst: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  const expect = (holds: boolean, found: string) => holds || problems.push(found);
  if (repairsFirst) await repairFolder(workspace, expect);
  const { code, stdout, stderr } = await workspace.mlops('monitor', '--json', ...next);
  const { finding, superseded } = code === 0 ? JSON.parse(stdout) : { finding: null, superseded: null };
  expect(finding === 'decayed' && !superseded, `the next look: exit code ${code}, ${finding} ${stderr}`);
  const { looks, unreadable } = JSON.parse((await workspace.mlops('history', '--json')).stdout) as {
    looks: { alarms: number }[];
    unreadable: string[];
  };
  const alarms = looks.reduce((sum, look) => sum + look.alarms, 0);
  // A look that was killed once it had moved the history has no record of its alarm.
  expect(alarms <= 1, `alarms: got ${alarms}, expected at most 1`);
  expect(unreadable.length === 0, `unreadable: ${unreadable}`);
  if (!repairsFirst) await repairFolder(workspace, expect);
  return problems;
}

/** Runs doctor --repair, after which nothing of the state folder may be damaged. */
async function repairFolder(
  workspace: Workspace,
  expect: (holds: boolean, found: string) => unknown,
): Promise<void> {
  const { stdout } = await workspace.mlops('doctor', '--json', '--repair');
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const damaged = checks.filter(({ name, outcome }) => ownChecks.has(name) && outcome === 'problem');
  expect(damaged.length === 0, `doctor --repair: ${badOf(damaged)}`);
}

/** The checks of the state folder; others look at the machine. */
const ownChecks = new Set([
  'Keys',
  'Ledger',
  'Lease',
  'Champion',
  'Artifacts',
  'Approval',
  'Release',
  'Leftovers',
]);

const badOf = (checks: readonly Check[]): string =>
  checks
    .filter(({ outcome }) => outcome !== 'ok')
    .map(({ name, detail }) => `${name}: ${detail}`)
    .join('; ');
