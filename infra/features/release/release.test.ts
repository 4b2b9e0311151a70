import { expect, test } from '@jest/globals';
import { type ReleaseFunction, releaseStepNames } from '../../../pipeline/names.ts';
import { recordedTables } from '../../../pipeline/queries/recorded-tables.ts';
import { environmentStack, resourcesOf, testEnvironment } from '../../environment.fixture.ts';
import { type Call, isAllowed } from '../../iam/evaluate.fixture.ts';
import { rolesOf } from '../../iam/roles.fixture.ts';
import { readersPolicy } from './readers-policy.ts';

const environment = testEnvironment('staging');
const { names } = environment;
const roles = rolesOf(environment);
const resources = Object.values(resourcesOf(environmentStack('staging')));
const policyOf = (name: string) => ({ policy: roles[name]?.policy ?? [] });
const machine = policyOf(names.releaseRole.name);
const arn = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:111111111111:${resource}`;
const artifact = (path: string) => `arn:aws:s3:::${names.artifactsBucket}/churn/${path}`;
const write = (kind: string): Call => ({
  action: 'dynamodb:PutItem',
  resource: names.ledgerTableArn,
  context: { 'dynamodb:LeadingKeys': [`${kind}/churn`] },
});
const put = (path: string): Call => ({ action: 's3:PutObject', resource: artifact(path) });
const functions = releaseStepNames.filter((name): name is ReleaseFunction => name !== 'lease');

test('of the functions of releases only point moves the pointer and the champion', () => {
  const may = (call: Call) =>
    functions.filter((name) => isAllowed(call, policyOf(names.functions[name].name)));
  expect(may(write('pointer'))).toEqual(['point']);
  expect(may(write('champion'))).toEqual(['point']);
  expect(may(write('rolled-back'))).toEqual(['point']);
  expect(may(put('pointers/churn.json'))).toEqual(['point']);
  expect(may(put('predictions/model=churn/release=1/part.parquet'))).toEqual(['keep-release']);
  expect(
    may({
      action: 'sagemaker:UpdateModelPackage',
      resource: arn('sagemaker', 'model-package/churn--staging--churn/1'),
    }),
  ).toEqual(['point']);
});

test('no other role of the environment moves the pointer, and no job writes what readers see', () => {
  const others = Object.keys(roles).filter((name) => name !== names.functions.point.name);
  for (const call of [write('pointer'), put('pointers/churn.json')])
    expect([call, others.filter((name) => isAllowed(call, policyOf(name)))]).toEqual([call, []]);
  const part = put('predictions/model=churn/release=1/part.parquet');
  expect(Object.keys(roles).filter((name) => isAllowed(part, policyOf(name)))).toEqual([
    names.functions['keep-release'].name,
  ]);
});

test('a pull request starts no release, stops none, and writes nothing of one', () => {
  const deploy = policyOf(names.deployRole.name);
  const start = { action: 'states:StartExecution', resource: names.releaseMachine.arn };
  const stop = {
    action: 'states:StopExecution',
    resource: arn('states', `execution:${names.releaseMachine.name}:1`),
  };
  for (const call of [start, stop]) {
    expect([call, isAllowed(call, policyOf(names.pullRequestRole.name))]).toEqual([call, false]);
    expect([call, isAllowed(call, deploy)]).toEqual([call, true]);
  }
  for (const name of functions)
    for (const role of [names.pullRequestRole.name, names.machineRoles.evaluate.name])
      expect(
        isAllowed(
          { action: 'lambda:InvokeFunction', resource: `${names.functions[name].arn}:1` },
          policyOf(role),
        ),
      ).toBe(false);
});

test('the machine calls its functions, adds partitions to the one table, and passes the role of jobs to SageMaker', () => {
  for (const name of releaseStepNames)
    expect(
      isAllowed({ action: 'lambda:InvokeFunction', resource: `${names.functions[name].arn}:3` }, machine),
    ).toBe(true);
  const partition = (resource: string) =>
    isAllowed({ action: 'glue:BatchCreatePartition', resource: arn('glue', resource) }, machine);
  // Glue asks for all three.
  for (const own of ['catalog', 'database/churn__staging', 'table/churn__staging/predictions'])
    expect([own, partition(own)]).toEqual([own, true]);
  for (const other of [
    'table/churn__staging/pointers',
    'database/churn__production',
    'table/churn__production/predictions',
  ])
    expect([other, partition(other)]).toEqual([other, false]);
  const pass = (resource: string, service: string) =>
    isAllowed(
      { action: 'iam:PassRole', resource, context: { 'iam:PassedToService': `${service}.amazonaws.com` } },
      machine,
    );
  expect(pass(names.jobRoles.promote.arn, 'sagemaker')).toBe(true);
  expect(pass(names.jobRoles.promote.arn, 'lambda')).toBe(false);
  expect(pass(names.jobRoles.evaluate.arn, 'sagemaker')).toBe(false);
  for (const call of [
    write('pointer'),
    put('pointers/churn.json'),
    { action: 'glue:UpdateTable', resource: arn('glue', 'table/churn__staging/predictions_current') },
  ])
    expect([call, isAllowed(call, machine)]).toEqual([call, false]);
});

interface Table {
  Name: string;
  TableType: string;
  StorageDescriptor: { Columns: { Name: string; Type: string }[]; Location: string };
  PartitionKeys?: { Name: string; Type: string }[];
  ViewOriginalText?: string;
  ViewExpandedText?: string;
  Parameters: Record<string, string>;
}
const tables = Object.fromEntries(
  resources
    .filter(({ Type }) => Type === 'AWS::Glue::Table')
    .map(({ Properties }) => Properties.TableInput as Table)
    .map((table) => [table.Name, table]),
);

test('the tables read what releases write, by model and release', () => {
  const { predictions, pointers } = tables;
  expect(predictions?.StorageDescriptor.Location).toBe(`s3://${names.artifactsBucket}/churn/predictions/`);
  expect(predictions?.StorageDescriptor.Columns.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
    'row_id string',
    'score double',
    'decision string',
    'scores map<string,double>',
    'contributions map<string,double>',
    'extra map<string,string>',
    'package string',
    'predicted_at timestamp',
  ]);
  expect(predictions?.PartitionKeys).toEqual([
    { Name: 'model', Type: 'string' },
    { Name: 'release', Type: 'string' },
  ]);
  expect(pointers?.StorageDescriptor).toMatchObject({
    Location: `s3://${names.artifactsBucket}/churn/pointers/`,
    Columns: ['model', 'release', 'package', 'mode', 'at'].map((Name) => ({ Name, Type: 'string' })),
  });
});

test('the tables of what runs record read their folder, with the columns that runs write', () => {
  for (const { name, columns } of recordedTables) {
    const { StorageDescriptor, PartitionKeys } = tables[name] ?? {};
    expect(StorageDescriptor?.Location).toBe(`s3://${names.artifactsBucket}/churn/${name}/`);
    expect(PartitionKeys).toBeUndefined();
    expect(StorageDescriptor?.Columns.map(({ Name }) => Name)).toEqual(columns.map((column) => column.name));
  }
  const types = Object.fromEntries(
    (tables.trials?.StorageDescriptor.Columns ?? []).map(({ Name, Type }) => [Name, Type]),
  );
  expect(types).toMatchObject({
    ...{ model: 'string', started_at: 'timestamp', value: 'double' },
    ...{ hyperparameters: 'map<string,string>', guided: 'boolean' },
  });
});

test('of all roles only the function record writes trials', () => {
  const trials = put('trials/churn/2026-run.parquet');
  expect(Object.keys(roles).filter((name) => isAllowed(trials, policyOf(name)))).toEqual([
    names.functions.record.name,
  ]);
});

test('the view is stored as Athena stores one, and its types are those of the tables', () => {
  const view = tables.predictions_current;
  const [, encoded = ''] =
    /^\/\* Presto View: ([A-Za-z0-9+/=]+) \*\/$/.exec(view?.ViewOriginalText ?? '') ?? [];
  const definition = JSON.parse(Buffer.from(encoded, 'base64').toString());
  expect(view).toMatchObject({
    TableType: 'VIRTUAL_VIEW',
    ViewExpandedText: '/* Presto View */',
    Parameters: { presto_view: 'true', comment: 'Presto View' },
  });
  expect(definition).toMatchObject({ catalog: 'awsdatacatalog', schema: 'churn__staging' });
  expect(definition.originalSql).toBe(
    'SELECT p.row_id, p.score, p.decision, p.scores, p.contributions, p.extra, p.package, p.predicted_at, p.model, p.release\n' +
      'FROM predictions p\n' +
      'JOIN pointers c ON c.model = p.model AND c.release = p.release',
  );
  const trino: Record<string, string> = {
    string: 'varchar',
    double: 'double',
    timestamp: 'timestamp(3)',
    'map<string,double>': 'map(varchar,double)',
    'map<string,string>': 'map(varchar,varchar)',
  };
  const { predictions } = tables;
  const columns = [...(predictions?.StorageDescriptor.Columns ?? []), ...(predictions?.PartitionKeys ?? [])];
  expect(definition.columns).toEqual(columns.map(({ Name, Type }) => ({ name: Name, type: trino[Type] })));
  expect(view?.StorageDescriptor.Columns).toEqual(columns);
});

test('the workgroup bounds what a query reads, and nobody may set that aside', () => {
  const [workgroup] = resources.filter(({ Type }) => Type === 'AWS::Athena::WorkGroup');
  expect(workgroup?.Properties).toMatchObject({
    Name: names.stack,
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 100_000_000_000,
      EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
      ResultConfiguration: {
        OutputLocation: `s3://${names.artifactsBucket}/churn/athena-results/`,
        EncryptionConfiguration: { EncryptionOption: 'SSE_S3' },
      },
    },
  });
  const [bucket] = resources.filter(({ Properties }) => Properties.BucketName === names.artifactsBucket);
  expect(bucket?.Properties.LifecycleConfiguration).toMatchObject({
    Rules: expect.arrayContaining([
      expect.objectContaining({ Prefix: 'churn/athena-results/', ExpirationInDays: 7, Status: 'Enabled' }),
    ]),
  });
});

test('a reader asks in the workgroup and reads predictions; models, scores and data stay out of reach', () => {
  const policy = readersPolicy(environment);
  const may = (action: string, resource: string) => isAllowed({ action, resource }, { policy });
  expect(may('athena:StartQueryExecution', arn('athena', `workgroup/${names.stack}`))).toBe(true);
  expect(may('athena:StartQueryExecution', arn('athena', 'workgroup/primary'))).toBe(false);
  expect(may('glue:GetPartitions', arn('glue', 'table/churn__staging/predictions'))).toBe(true);
  expect(may('glue:GetTable', arn('glue', 'table/churn__production/predictions'))).toBe(false);
  expect(may('s3:GetObject', artifact('predictions/model=m/release=r/part.parquet'))).toBe(true);
  expect(may('s3:PutObject', artifact('athena-results/1.csv'))).toBe(true);
  for (const folder of ['models', 'scores', 'releases', 'inputs', 'prepared'])
    expect([folder, may('s3:GetObject', artifact(`${folder}/x`))]).toEqual([folder, false]);
  expect(may('s3:GetObject', artifact('trials/churn/2026-run.parquet'))).toBe(true);
  for (const folder of ['predictions', 'pointers', 'trials'])
    expect([folder, may('s3:PutObject', artifact(`${folder}/x`))]).toEqual([folder, false]);
  expect(may('s3:GetObject', `arn:aws:s3:::${names.dataBucket}/rows.csv`)).toBe(false);
});
