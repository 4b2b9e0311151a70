import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { ActFixture, type Finished, repositoryName } from './act.fixture.ts';
import { goTool } from './tools.fixture.ts';

/**
 * What a merge takes over from a pull request's run, and what later runs take over from main's: the real attest job, and the
 * real actions that verify, with a few small files in place of a trained model's.
 */
jest.setTimeout(600_000);

let act: ActFixture;
let store = '';
let merge = '';
let runs: Record<'own' | 'other', Finished>;

const repository = { full_name: repositoryName, default_branch: 'main', visibility: 'private' };
const attested = { ATTESTATIONS: 'true' };
const main = 'refs/heads/main';

/** Files that a run makes, with a champion among them that no pull request may bring. */
const made = `
  mkdir -p reviewed made/s3/mlops/x made/ledger/x/model/x/f made/ledger/x/champion/x/current
  echo ""$FIXTURE_WORKFLOW"" > reviewed/report.json
  echo model > made/s3/mlops/x/model.tar.gz
  echo '{}' | tee made/ledger/x/model/x/f/1.json > made/ledger/x/champion/x/current/1.json
  tar -czf reviewed/state.tar.gz -C made .
`;

interface Steps {
  if?: string;
  needs?: unknown;
  steps: { id?: string; if?: string; uses?: string; run?: string }[];
}

beforeAll(async () => {
  act = await ActFixture.create({
    act: await goTool('act'),
    token: 'token',
    env: {},
    prepare: async (checkout) => {
      const workflow = (name: string) => join(checkout, '.github/workflows', name);
      const pullRequest = parse(await readFile(workflow('pull-request.yml'), 'utf8')) as {
        jobs: Record<'embedded' | 'aws' | 'attest', Steps>;
      };
      // What keeps and attests stays as it is.
      const { embedded, aws, attest } = pullRequest.jobs;
      const checkoutStep = embedded.steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
      const keep = embedded.steps.find(({ id }) => id === 'keep');
      if (checkoutStep?.uses === undefined || keep === undefined) throw new Error('a step is missing');
      delete keep.if;
      embedded.steps = [{ run: made }, keep];
      delete aws.needs;
      pullRequest.jobs = { embedded, aws, attest };
      await writeFile(workflow('pull-request.yml'), stringify(pullRequest));
      await writeFile(workflow('other.yml'), stringify({ ...pullRequest, name: 'Other' }));
      for (const name of ['use.yml', 'train.yml']) {
        const text = await readFile(join(import.meta.dirname, 'fixtures/review', name), 'utf8');
        await writeFile(workflow(name), text.replace('actions/checkout@PINNED', checkoutStep.uses));
      }
      // In place of the bundles.
      const dist = 'scripts/workflows/dist';
      await promisify(execFile)(process.execPath, ['scripts/workflows/build.ts']);
      await cp(join(dist, 'kept-state.js'), join(checkout, 'kept-state.js'));
      const save = join(checkout, '.github/actions/save-state/action.yml');
      await writeFile(save, (await readFile(save, 'utf8')).replace(`${dist}/kept-state.js`, 'kept-state.js'));
    },
  });
  store = act.env.FIXTURE_STORE ?? '';
  const proposed = await act.propose(7, 'change', async () => {
    await writeFile(join(act.checkout, 'change'), 'x');
  });
  merge = proposed.merge;
  const pullRequest = (workflow: string) =>
    act.run(workflow, {
      name: 'pull_request',
      sha: merge,
      ref: 'refs/pull/7/merge',
      variables: attested,
      payload: {
        number: 7,
        repository,
        pull_request: { number: 7, head: { sha: proposed.head, repo: { full_name: repositoryName } } },
      },
    });
  runs = { own: await pullRequest('pull-request.yml'), other: await pullRequest('other.yml') };
  await act.land(merge);
});
afterAll(() => act?.remove());

const dispatch = (workflow: string, inputs: Record<string, string>, more: object = {}) =>
  act.run(workflow, {
    name: 'workflow_dispatch',
    sha: merge,
    ref: main,
    inputs,
    payload: { repository, inputs },
    ...more,
  });

async function taken(
  given: Record<string, string> = {},
): Promise<{ verified: string; why: string; has: string[] }> {
  const { log } = await dispatch('use.yml', {
    run: runs.own.id,
    merge,
    'pull-request': '7',
    attested: 'true',
    ...given,
  });
  const said = (name: string) => new RegExp(`${name}: <(.*)>$`, 'm').exec(log)?.[1] ?? 'nothing was said';
  return {
    verified: said('verified'),
    why: said('why'),
    has: [...log.matchAll(/\| has (.+)$/gm)].map(([, path = '']) => path),
  };
}
const nothing = { verified: '', has: [] };

test('what the pull request attested on its merge is taken over, but for a champion', async () => {
  expect(runs.own.jobs).toEqual({ 'Evaluate on the runner': 'success', Attest: 'success' });
  const { verified, has } = await taken();
  expect({ verified, has }).toEqual({
    verified: 'true',
    has: ['ledger/x/model/x/f/1.json', 's3/mlops/x/model.tar.gz'],
  });
});

test('a repository without attestations takes nothing over', async () => {
  expect(await taken({ attested: 'false' })).toEqual({
    ...nothing,
    why: 'this repository has no attestations',
  });
});

const report = 'its report.json has no attestation of the workflow Pull request on refs/pull';
test.each([
  ['another pull request', { 'pull-request': '8' }, `${report}/8/merge`],
  ['another workflow, which its author wrote', () => ({ run: runs.other.id }), `${report}/7/merge`],
  ['a run whose artifact is gone', { run: '1' }, 'its artifacts are gone'],
])('nothing is taken over of %s', async (_, given, why) => {
  expect(await taken(typeof given === 'function' ? given() : given)).toEqual({ ...nothing, why });
});

test('nothing is taken over that was attested on another merge of the same pull request', async () => {
  const twin = 'd'.repeat(40);
  for (const [folder, end] of [
    ['artifacts', ''],
    ['artifact-records', '.json'],
  ] as const) {
    const artifacts = join(store, folder, runs.own.id);
    await cp(join(artifacts, `reviewed-${merge}${end}`), join(artifacts, `reviewed-${twin}${end}`), {
      recursive: true,
    });
  }
  const record = join(store, 'artifact-records', runs.own.id, `reviewed-${twin}.json`);
  await writeFile(record, (await readFile(record, 'utf8')).replace(merge, twin));
  expect(await taken({ merge: twin })).toEqual({ ...nothing, why: `${report}/7/merge` });
});

test('nothing is taken over that a self-hosted runner attested', async () => {
  const lines = await readFile(join(store, 'attestations.jsonl'), 'utf8');
  await writeFile(join(store, 'attestations.jsonl'), lines.replaceAll('github-hosted', 'self-hosted'));
  const refused = await taken();
  await writeFile(join(store, 'attestations.jsonl'), lines);
  expect(refused).toEqual({ ...nothing, why: `${report}/7/merge` });
});

test('nothing is taken over of which a file is missing, was changed or emptied', async () => {
  const artifact = join(store, 'artifacts', runs.own.id, `reviewed-${merge}`);
  const kept = await mkdtemp(join(act.folder, 'kept-'));
  await cp(artifact, kept, { recursive: true });
  const restored = async () => {
    await rm(artifact, { recursive: true });
    await cp(kept, artifact, { recursive: true });
  };
  const found: unknown[] = [];
  await rm(join(artifact, 'report.json'));
  found.push(await taken());
  await restored();
  await writeFile(join(artifact, 'state.tar.gz'), 'forged');
  found.push(await taken());
  await restored();
  await cp(join(artifact, 'state.tar.gz'), join(artifact, 'report.json'));
  await writeFile(join(artifact, 'state.tar.gz'), '');
  found.push(await taken());
  await restored();
  const none = 'its state.tar.gz has no attestation of the workflow Pull request on refs/pull/7/merge';
  expect(found).toEqual([
    { ...nothing, why: 'it kept no report' },
    { ...nothing, why: none },
    { ...nothing, why: none },
  ]);
});

async function kept(): Promise<{ champion: string; commits: string }> {
  const folder = await mkdtemp(join(act.folder, 'state-'));
  await act.unpackState(folder);
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    `cat ${folder}/ledger/x/champion/x/current/*.json`,
  ]);
  return {
    champion: stdout.trim(),
    commits: await act.git('rev-list', '--count', 'origin/mlops-state'),
  };
}

const trained = (champion: string, more: object = {}, inputs: Record<string, string> = {}) =>
  dispatch('train.yml', { champion, ...inputs }, { variables: attested, ...more });

test('a run of main keeps its state for the next one, as the only commit of a branch', async () => {
  const first = await trained('one');
  expect(first.ok).toBe(true);
  expect(first.log).toContain('There is no branch mlops-state yet');
  expect(await kept()).toEqual({ champion: '"one"', commits: '1' });
  // Longer than a cache or an artifact lives.
  await act.age(100);
  const second = await trained('two');
  expect(second.log).toContain('was: <"one">');
  expect(await kept()).toEqual({ champion: '"two"', commits: '1' });
});

/** Puts the branch back after a test that spoils it. */
async function spoiling(work: () => Promise<void>): Promise<void> {
  const before = await act.unpackState(await mkdtemp(join(act.folder, 'state-')));
  try {
    await work();
  } finally {
    await act.git('push', '--quiet', '--force', 'origin', `${before}:refs/heads/mlops-state`);
  }
}

test('a run that another one overtook keeps nothing, and fails', async () => {
  await spoiling(async () => {
    const late = await trained('late', {}, { overtaken: 'true' });
    expect(late.jobs).toEqual({ train: 'success', 'Publish the state/Publish': 'failure' });
    await act.git('fetch', '--quiet', 'origin', 'mlops-state');
    expect(await act.git('rev-parse', 'FETCH_HEAD')).toBe(merge);
  });
});

test('only a run of the default branch keeps a state', async () => {
  const branch = await trained('mine', { ref: 'refs/heads/mine' });
  expect(branch.jobs).toEqual({ train: 'success', 'Publish the state/Publish': 'failure' });
  expect(await kept()).toEqual({ champion: '"two"', commits: '1' });
});

test('a state that no run of main attested is not restored', async () => {
  await spoiling(async () => {
    const folder = await mkdtemp(join(act.folder, 'forged-'));
    const forge = `
      mkdir -p made/ledger/x/champion/x/current && echo '"forged"' > made/ledger/x/champion/x/current/9.json
      tar -czf state.tar.gz.00 -C made . && rm -r made
      git init --quiet && git add --all && git commit --quiet --message forged
      git push --quiet --force https://github.com/${repositoryName} HEAD:refs/heads/mlops-state
    `;
    await promisify(execFile)('sh', ['-ec', forge], { cwd: folder, env: { ...process.env, ...act.env } });
    const refused = await trained('three');
    expect(refused.jobs).toEqual({ train: 'failure' });
    expect(refused.log).not.toContain('was: <"');
    // Where there are no attestations, whoever may write the branch may write main.
    expect((await trained('three', { variables: {} })).log).toContain('was: <"forged">');
  });
});
