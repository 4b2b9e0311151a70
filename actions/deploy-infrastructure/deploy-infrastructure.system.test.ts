import { execFile, execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startImportingCloud } from '../../infra/cli/importing-cloud.fixture.ts';
import { runProgram } from '../../infra/cli/run-program.fixture.ts';
import { sfnClient } from '../../pipeline/aws/clients.ts';
import { account, region, startFakeCloud } from '../../pipeline/backends/aws/fakecloud.fixture.ts';
import { resourceNames } from '../../pipeline/names.ts';
import { repository } from '../../pipeline/repository.ts';
import { buildAction } from '../build.ts';
import { builtAction, type Step } from '../shared/runner.fixture.ts';

/**
 * The build job's folder and the bundle as the runner runs it, against an emulator of AWS: the real CDK command line, out
 * of that folder, deploys what was synthesized before.
 */
jest.setTimeout(240_000);

const fakeCloud = await startFakeCloud(4631);
const cloud = await startImportingCloud(fakeCloud);
const endpoint = process.env.AWS_ENDPOINT_URL ?? '';
const action = await builtAction('deploy-infrastructure');
const names = resourceNames({ project: 'churn', environment: 'staging', account, region });
const secret = 'jYq0-the-secret-access-key';

/** A checkout into which the bundles were downloaded: no node_modules but what is in them. */
let workspace = '';
let source = '';

const yaml = (extra = '') => `
project: churn
problem: binary
data: { source: rows.csv, target: left }
environments:
  staging: { account: "${account}", region: ${region}${extra} }
`;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-deploy-action-'));
  source = join(folder, 'mlops.yaml');
  workspace = join(folder, 'workspace');
  await pack(yaml());
});
afterAll(() => rm(join(workspace, '..'), { recursive: true, force: true }));

async function pack(text: string): Promise<void> {
  await writeFile(source, text);
  execFileSync(process.execPath, ['scripts/pack.ts', '--config', source, '--output', workspace], {
    cwd: repository,
  });
  await copyFile(source, join(workspace, 'mlops.yaml'));
}

const step = (given: Record<string, string> = {}, env: Record<string, string> = {}): Step => ({
  with: given,
  cwd: workspace,
  env: {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...env,
  },
});

async function act(given: Record<string, string> = {}, env: Record<string, string> = {}) {
  const finished = await action.main(step(given, env));
  expect(finished.log).not.toContain(secret);
  return { ...finished, annotations: finished.log.match(/^::(?:error|warning)[ :].*$/gm) ?? [] };
}

/** Edits what is to be deployed, as a change in infra/ would. */
async function editTemplate(
  edit: (resources: Record<string, { Properties: Record<string, unknown> }>) => void,
) {
  const file = join(workspace, `cdk.out/staging/${names.stack}.template.json`);
  const template = JSON.parse(await readFile(file, 'utf8'));
  edit(template.Resources);
  await writeFile(file, JSON.stringify(template));
}

test('the bundle runs where there is no repository around it', async () => {
  const dist = join(workspace, 'actions/deploy-infrastructure/dist');
  await buildAction('deploy-infrastructure', dist);
  const files = Object.fromEntries(
    ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY'].map((name) => [name, join(workspace, '..', name)]),
  );
  for (const file of Object.values(files)) await writeFile(file, '');
  // Not synchronously: the emulator's front runs in this process.
  const ran = await promisify(execFile)(process.execPath, [join(dist, 'main.js')], {
    cwd: workspace,
    env: { ...step().env, ...files, INPUT_ENVIRONMENT: 'staging' },
  });
  // It gets as far as the CDK, out of the same folder.
  expect(ran.stdout).toContain(`Stack ${names.stack} (aws://${account}/${region})`);
});

test('before the bootstrap, one annotation says who has to do what', async () => {
  const { code, annotations, outputs } = await act({ mode: 'deploy' });
  expect(annotations).toEqual([
    expect.stringMatching(
      /^::error::account 123456789012, us-east-1 is not bootstrapped.*npm run bootstrap -- --environment staging/,
    ),
  ]);
  expect(outputs.changed).toBe('true');
  expect(code).toBe(1);
});

test('a first deployment that fails is one annotation, which says that the next one heals it', async () => {
  const made = await runProgram('bootstrap.ts', source, '--subject-prefix', 'repo:octo@1/churn@2');
  expect(made).toMatchObject({ code: 0 });
  cloud.failNextCreation();
  const { code, annotations } = await act({ mode: 'deploy', environment: 'staging' });
  expect(annotations).toEqual([
    expect.stringMatching(/^::error::.*ROLLBACK_COMPLETE.*deploy again.*takes back what it left/),
  ]);
  expect(code).toBe(1);
});

test('its diff shows everything as new, though a failed stack is there', async () => {
  const { outputs, log, summary } = await act({ mode: 'diff', environment: 'staging' });
  expect(log).toContain('its creation failed (ROLLBACK_COMPLETE)');
  expect(outputs.changed).toBe('true');
  expect(summary).toMatch(/\| ➕ added \| <code>Storage\/Data<\/code>/);
});

test('the next deployment makes the environment, takes back the ledger, and gives its outputs', async () => {
  const { code, log, outputs, summary, annotations } = await act({ mode: 'deploy', environment: 'staging' });
  expect({ code, log: code === 0 ? '' : log }).toEqual({ code: 0, log: '' });
  expect(annotations).toEqual([]);
  expect(outputs.changed).toBe('true');
  expect(JSON.parse(outputs.outputs ?? '')[names.stack]).toMatchObject({
    ArtifactsBucket: names.artifactsBucket,
    PromoteMachine: names.machines.promote.arn,
  });
  expect(outputs.summary?.trim()).toBe(summary.trim());
  expect(summary).toMatch(/### Infrastructure of staging/);
  expect(summary).toMatch(/<code>churn--staging<\/code>: \d+ added, \d+ outputs or parameters changed\./);
  expect(summary).toMatch(/\*\*Permissions change: \d+ rules of IAM\.\*\*/);
  expect(summary).toMatch(/\| ➕ added \| <code>Storage\/Data<\/code> \| `AWS::S3::Bucket` \|/);
  expect(log).toMatch(/^::group::Changes to churn--staging\n::stop-commands::\S+\n/m);
  expect(log).toMatch(/^::group::Deployment of churn--staging\n/m);
  expect(log.match(/^::endgroup::$/gm)).toHaveLength(2);
  expect(cloud.imported()).toEqual([names.ledgerTable]);
  await sfnClient().send(new DescribeStateMachineCommand({ stateMachineArn: names.machines.promote.arn }));
});

test('a first deployment that succeeds makes the environment', async () => {
  // The emulator keeps what was imported out of its stack, so what follows starts anew.
  await fakeCloud.reset();
  const made = await runProgram('bootstrap.ts', source, '--subject-prefix', 'repo:octo@1/churn@2');
  expect(made).toMatchObject({ code: 0 });
  const { code, outputs } = await act({ mode: 'deploy' });
  expect({ code, changed: outputs.changed }).toEqual({ code: 0, changed: 'true' });
});

test('nothing to change is told, by diff and by deploy', async () => {
  const diff = await act();
  expect(diff).toMatchObject({ code: 0, outputs: { changed: 'false' } });
  expect(diff.outputs.outputs).toBeUndefined();
  expect(diff.summary).toContain('<code>churn--staging</code>: nothing changes.');
  expect(diff.log).not.toContain('made no change set');
  const deploy = await act({ mode: 'deploy' });
  expect(deploy).toMatchObject({ code: 0, outputs: { changed: 'false' } });
  expect(JSON.parse(deploy.outputs.outputs ?? '')[names.stack]).toMatchObject({
    LedgerTable: names.ledgerTable,
  });
});

test('a change of mlops.yaml is shown, then made', async () => {
  await pack(yaml(', tags: { team: "::error::blue" }'));
  const diff = await act({ mode: 'diff' });
  expect(diff.outputs.changed).toBe('true');
  expect(diff.log).toContain('::error::blue');
  // What is the diff's own text stays text.
  const [, inside = ''] =
    /::stop-commands::(?:\S+)\n([\s\S]*)\n::[\w-]+::\n::endgroup::/.exec(diff.log) ?? [];
  expect(inside).toContain('::error::blue');
  expect(diff.log.replace(inside, '')).not.toContain('::error');
  await pack(yaml(', tags: { team: blue }'));
  const { code, outputs } = await act({ mode: 'deploy' });
  expect({ code, changed: outputs.changed }).toEqual({ code: 0, changed: 'true' });
  const { definition = '' } = await sfnClient().send(
    new DescribeStateMachineCommand({ stateMachineArn: names.machines.promote.arn }),
  );
  expect(definition).toContain('"blue"');
});

test('what would take away data is refused, with its list, and nothing is touched', async () => {
  await editTemplate((resources) => {
    (resources.StorageData6BB23F4E as { Properties: Record<string, unknown> }).Properties.BucketName =
      'churn-other-data';
    delete resources.ImagesReleaseFFA37836;
    (resources.OperationsTopic6D6844EA as { Properties: Record<string, unknown> }).Properties.DisplayName =
      'new';
  });
  const diff = await act();
  expect(diff.code).toBe(0);
  expect(diff.summary).toMatch(/> \[!CAUTION\]\n> \*\*This replaces or removes resources whose data/);
  expect(diff.summary).toContain(
    '> - <code>Storage/Data</code> (`AWS::S3::Bucket`) is replaced by an empty one, because of <code>BucketName</code>',
  );
  expect(diff.summary).toContain(
    '> - <code>Images/Release</code> (`AWS::ECR::Repository`) leaves the stack; it stays',
  );
  const { code, annotations, outputs, log, summary } = await act({ mode: 'deploy' });
  expect(code).toBe(1);
  expect(annotations).toHaveLength(1);
  expect(annotations[0]).toMatch(
    /^::error::Not deployed: .*Images\/Release \(AWS::ECR::Repository\): removed.*Storage\/Data \(AWS::S3::Bucket\): replaced, because of BucketName.*allow-replacement: true/,
  );
  expect(annotations[0]).not.toContain('OperationsTopic');
  expect(log).not.toContain('::group::Deployment');
  expect(outputs).toMatchObject({ changed: 'true', summary: expect.stringContaining('CAUTION') });
  expect(summary).toContain('CAUTION');
});

test('whoever says so may replace', async () => {
  const { code, outputs } = await act({ mode: 'deploy', 'allow-replacement': 'true' });
  expect(code).toBe(0);
  expect(JSON.parse(outputs.outputs ?? '')[names.stack].DataBucket).toBeDefined();
  await pack(yaml());
});

test.each([
  [
    { stacks: 'churn--staging--identity' },
    /^::error title=Input::input stacks: got churn--staging--identity, expected no stack that decides who may deploy.*npm run bootstrap/,
  ],
  [
    { stacks: '--all' },
    /^::error::input stacks: got "--all", expected one of churn--staging, the stacks in cdk\.out\/staging/,
  ],
  [
    { environment: 'nowhere' },
    /^::error::input environment: got "nowhere", expected one of mlops\.yaml: staging/,
  ],
  [{ app: 'elsewhere' }, /^::error::elsewhere\/staging\/manifest\.json: no such file.*npm run pack/],
  [{ cdk: 'elsewhere' }, /^::error::elsewhere\/bin\/cdk: no such file.*npm run pack/],
  [
    { 'allow-replacement': 'yes' },
    /^::error title=Input::input allow-replacement: got "yes", expected one of true, True, TRUE, false, False, FALSE/,
  ],
])('bad input %j is one annotation', async (given, expected) => {
  const { code, annotations } = await act({ mode: 'deploy', ...given });
  expect(annotations).toEqual([expect.stringMatching(expected)]);
  expect(code).toBe(1);
});

test('another account, in mlops.yaml or behind the credentials, is refused before anything is asked', async () => {
  await writeFile(join(workspace, 'mlops.yaml'), yaml().replace(account, '999999999999'));
  const stale = await act({ mode: 'deploy' });
  expect(stale.annotations).toEqual([
    expect.stringMatching(
      /made for aws:\/\/123456789012\/us-east-1, expected aws:\/\/999999999999\/us-east-1.*npm run pack/,
    ),
  ]);
  await pack(yaml().replace(account, '999999999999'));
  const other = await act({ mode: 'deploy' });
  expect(other.annotations).toEqual([
    expect.stringMatching(/got credentials of account 123456789012.*expected 999999999999/),
  ]);
  expect(other.log).not.toContain('::group::');
  await pack(yaml());
});

test('a wrong line of mlops.yaml is annotated there', async () => {
  await writeFile(join(workspace, 'mlops.yaml'), `${yaml()}budget: { max_run_usd: lots }\n`);
  const { annotations } = await act();
  expect(annotations).toEqual([
    expect.stringMatching(/^::error title=Configuration,file=mlops\.yaml,line=7,col=\d+::.*max_run_usd/),
  ]);
  await copyFile(source, join(workspace, 'mlops.yaml'));
});

test('no credentials are said to be missing', async () => {
  const { annotations, code } = await act({}, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
  expect(annotations).toEqual([expect.stringMatching(/found no AWS credentials/)]);
  expect(code).toBe(1);
});

/** Stands in for a command line of which CloudFormation makes more than the emulator can. */
async function standIn(name: string, deploy: string): Promise<string> {
  const cdk = join(workspace, name);
  await mkdir(join(cdk, 'bin'), { recursive: true });
  await copyFile(join(workspace, 'node_modules/aws-cdk/db.json.gz'), join(cdk, 'db.json.gz'));
  const diff = `console.log('Stack ${names.stack}\\n[+] Output A: 1\\nNumber of stacks with differences: 1')`;
  await writeFile(join(cdk, 'bin/cdk'), `if (process.argv[2] === 'diff') ${diff}; else { ${deploy} }`);
  return cdk;
}

test('a deployment that fails is one annotation with what to do, and keeps its summary', async () => {
  const cdk = await standIn(
    'failing-cdk',
    `console.log('UPDATE_FAILED | x'); console.error('Stack:arn:x is in UPDATE_IN_PROGRESS state'); process.exit(1)`,
  );
  const { code, annotations, outputs, summary } = await act({ mode: 'deploy', cdk });
  expect(annotations).toEqual([
    expect.stringMatching(/UPDATE_IN_PROGRESS: another deployment is running; wait for it/),
  ]);
  expect(outputs).toMatchObject({
    changed: 'true',
    summary: expect.stringContaining('Infrastructure of staging'),
  });
  expect(summary).toContain('Infrastructure of staging');
  expect(code).toBe(1);
});

test('a cancel interrupts the command line, and says what CloudFormation does', async () => {
  const cdk = await standIn(
    'slow-cdk',
    `console.log('deploying'); process.on('SIGINT', () => { console.log('interrupted'); process.exit(130); }); setInterval(() => {}, 1000)`,
  );
  const running = await action.begin(step({ mode: 'deploy', cdk }));
  await running.said('deploying');
  const { code, log, outputs } = await running.cancel();
  expect(log).toContain('interrupted');
  expect(log).toMatch(
    /^::error::Cancelled\. CloudFormation itself finishes, or rolls back, what it has begun: https:\/\/us-east-1\.console\.aws\.amazon\.com\/cloudformation\/\S+churn--staging$/m,
  );
  expect(outputs.changed).toBe('true');
  expect(code).toBe(1);
});
