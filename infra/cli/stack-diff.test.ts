import type { DescribeChangeSetOutput } from '@aws-cdk/cloudformation-diff';
import { expect, test } from '@jest/globals';
import { losses, StackDiffError, stackDiff, type Template } from './stack-diff.ts';

interface Resource {
  Type: string;
  DeletionPolicy?: string;
  Properties?: Record<string, unknown>;
  Metadata?: Record<string, unknown>;
}
type Resources = Record<string, Resource>;

const at = (path: string, resource: Resource): Resource => ({
  ...resource,
  Metadata: { 'aws:cdk:path': `churn--staging/${path}` },
});
const keep = (Type: string, Properties = {}): Resource => ({ Type, DeletionPolicy: 'Retain', Properties });

const data = at('Storage/Data/Resource', keep('AWS::S3::Bucket', { BucketName: 'data' }));
const ledger = at('Ledger/Table/Resource', keep('AWS::DynamoDB::Table', { TableName: 'ledger' }));
const topic = at('Operations/My Topic', { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms' } });
const oldFunction = at('Functions/old', { Type: 'AWS::Lambda::Function', Properties: { Role: 'a' } });

const stack = 'churn--staging';

function diffOf(before: Resources, after: Resources, Changes?: DescribeChangeSetOutput['Changes']) {
  const next: Template = { Resources: after };
  const diff = stackDiff(stack, next, {
    template: { Resources: before },
    changeSet: Changes && ({ Changes } as DescribeChangeSetOutput),
  });
  return { ...diff, lost: losses(diff, next).map(({ logicalId }) => logicalId) };
}

type Told = NonNullable<NonNullable<DescribeChangeSetOutput['Changes']>[number]['ResourceChange']>;
type Detail = NonNullable<Told['Details']>[number];
const told = (LogicalResourceId: string, ResourceType: string, rest: Partial<Told>) => ({
  ResourceChange: { LogicalResourceId, ResourceType, ...rest },
});
const recreates = (
  Name: string,
  RequiresRecreation: 'Always' | 'Conditionally' | 'Never',
  Evaluation: 'Static' | 'Dynamic' = 'Static',
): Detail => ({ Target: { Attribute: 'Properties', Name, RequiresRecreation }, Evaluation });

const renamed = (resource: Resource, properties: Record<string, unknown>): Resource => ({
  ...resource,
  Properties: { ...resource.Properties, ...properties },
});

test('every kind of change is read, with where it stands', () => {
  const role = at('JobRole/Resource', { Type: 'AWS::IAM::Role', Properties: { Description: 'a' } });
  const output = (Value: unknown) => ({ Value });
  const next: Template & { Outputs: object } = {
    Resources: {
      New1: keep('AWS::S3::Bucket'),
      OperationsTopic6D6844EA: renamed(topic, { TopicName: 'other' }),
      JobRole014917C6: renamed(role, { Description: 'b' }),
      StorageData6BB23F4E: data,
    },
    Outputs: { A: output(1) },
  };
  const deployed: Partial<Template> & { Outputs: object } = {
    Resources: { FunctionsOld1: oldFunction, OperationsTopic6D6844EA: topic, JobRole014917C6: role },
    Outputs: { B: output('x') },
  };
  const Changes = [
    told('FunctionsOld1', 'AWS::Lambda::Function', { Action: 'Remove', PolicyAction: 'Delete' }),
    told('New1', 'AWS::S3::Bucket', { Action: 'Add' }),
    told('OperationsTopic6D6844EA', 'AWS::SNS::Topic', {
      Action: 'Modify',
      Replacement: 'True',
      Details: [recreates('TopicName', 'Always')],
    }),
    told('JobRole014917C6', 'AWS::IAM::Role', {
      Action: 'Modify',
      Replacement: 'False',
      Details: [recreates('Description', 'Never')],
    }),
    told('StorageData6BB23F4E', 'AWS::S3::Bucket', { Action: 'Import' }),
  ];
  const diff = stackDiff(stack, next, {
    template: deployed,
    changeSet: { Changes } as DescribeChangeSetOutput,
  });
  expect(diff.resources.map(({ change, path, logicalId }) => [change, path, logicalId])).toEqual([
    ['remove', 'Functions/old', 'FunctionsOld1'],
    ['add', '', 'New1'],
    ['import', 'Storage/Data', 'StorageData6BB23F4E'],
    ['replace', 'Operations/My Topic', 'OperationsTopic6D6844EA'],
    ['update', 'JobRole', 'JobRole014917C6'],
  ]);
  expect(diff.others).toBe(2);
});

test('no differences are none', () => {
  const resources = { StorageData6BB23F4E: data };
  const none = { stack, resources: [], iam: [], others: 0, lost: [] };
  expect(diffOf(resources, resources)).toEqual(none);
  expect(diffOf(resources, resources, [])).toEqual(none);
});

test('a stack that is not there yet is all new', () => {
  const next = { Resources: { StorageData6BB23F4E: data } };
  const diff = stackDiff(stack, next, { template: undefined });
  expect(diff.resources).toMatchObject([{ change: 'add', path: 'Storage/Data' }]);
});

test('what CloudFormation stores as question marks is no change', () => {
  const café = (Description: string) => ({
    F: { Type: 'AWS::Lambda::Function', Properties: { Description } },
  });
  expect(diffOf(café('caf?'), café('café')).resources).toEqual([]);
  expect(diffOf(café('caf?'), café('cafés')).resources).toHaveLength(1);
});

test('what IAM would allow is read, with names in place of ids', () => {
  const policy = (...Statement: object[]) => ({
    OperationsTopic6D6844EA: topic,
    Policy1: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName: 'p', Roles: [{ Ref: 'JobRole1' }], PolicyDocument: { Statement } },
    },
  });
  const may = (Effect: string, Resource: unknown, Action: unknown = 'sns:Publish') => ({
    Effect,
    Action,
    Resource,
  });
  const { iam } = diffOf(
    policy(may('Deny', '*')),
    policy(
      may('Allow', { Ref: 'OperationsTopic6D6844EA' }, ['sns:Publish', 'sns:Subscribe']),
      may('Deny', 'other'),
    ),
  );
  expect(iam).toEqual([
    {
      title: 'IAM Statement Changes',
      head: ['', 'Resource', 'Effect', 'Action', 'Principal', 'Condition'],
      rows: [
        // biome-ignore-start lint/suspicious/noTemplateCurlyInString: references of a template
        ['+', '${Operations/My Topic}', 'Allow', 'sns:Publish sns:Subscribe', 'AWS:${JobRole1}', ''],
        ['-', '*', 'Deny', 'sns:Publish', 'AWS:${JobRole1}', ''],
        ['+', 'other', 'Deny', 'sns:Publish', 'AWS:${JobRole1}', ''],
        // biome-ignore-end lint/suspicious/noTemplateCurlyInString: references of a template
      ],
    },
  ]);
});

const database = keep('AWS::RDS::DBInstance', { DBInstanceIdentifier: 'a' });
const key = keep('AWS::KMS::Key');
const lossesOf: [what: string, before: Resources, after: Resources, ...Told[]][] = [
  [
    'a bucket that is replaced',
    { StorageData6BB23F4E: data },
    { StorageData6BB23F4E: renamed(data, { BucketName: 'other' }) },
  ],
  [
    'a table that may be replaced',
    { LedgerTable9343E4AA: ledger },
    { LedgerTable9343E4AA: renamed(ledger, { TableName: { Ref: 'Name' } }) },
    {
      LogicalResourceId: 'LedgerTable9343E4AA',
      Action: 'Modify',
      Replacement: 'Conditional',
      Details: [recreates('TableName', 'Always', 'Dynamic')],
    },
  ],
  [
    'a repository that leaves the stack and stays',
    { ImagesRelease1: keep('AWS::ECR::Repository') },
    { New1: topic },
  ],
  ['a bucket that goes', { StorageOld1: { Type: 'AWS::S3::Bucket' } }, { New1: topic }],
  [
    'any type that the template says to keep',
    { Warehouse1: { ...database, DeletionPolicy: 'Snapshot' } },
    { Warehouse1: { ...renamed(database, { DBInstanceIdentifier: 'b' }), DeletionPolicy: 'Snapshot' } },
  ],
  ['whatever CloudFormation would leave behind', { Key1: key }, { New1: topic }],
  [
    'what CloudFormation alone says that it would leave behind',
    { Key1: { Type: 'AWS::KMS::Key' } },
    { New1: topic },
    { LogicalResourceId: 'Key1', Action: 'Remove', PolicyAction: 'Retain' },
  ],
  [
    'what had state and is of another type now',
    { StorageArtifacts08431D1F: data },
    { StorageArtifacts08431D1F: { Type: 'AWS::SQS::Queue' } },
  ],
];

test.each(lossesOf)('a loss: %s', (...[, before, after, ...changes]) => {
  const set = changes.map((ResourceChange) => ({ ResourceChange }));
  expect(diffOf(before, after, set.length > 0 ? set : undefined).lost).toEqual([Object.keys(before)[0]]);
});

test('a replacement tells the properties that it comes from', () => {
  const after = { StorageData6BB23F4E: renamed(data, { BucketName: 'other', Tags: [] }) };
  expect(diffOf({ StorageData6BB23F4E: data }, after).resources).toMatchObject([
    { change: 'replace', because: ['BucketName'] },
  ]);
  const [other] = diffOf({ A: data }, { A: { Type: 'AWS::SQS::Queue' } }).resources;
  expect(other?.because).toEqual(['Type']);
});

test('no loss: what holds nothing, and a change in place', () => {
  const lost = (before: Resources, after: Resources) => diffOf(before, after).lost;
  expect(
    lost(
      { OperationsTopic6D6844EA: topic },
      { OperationsTopic6D6844EA: renamed(topic, { TopicName: 'other' }) },
    ),
  ).toEqual([]);
  expect(lost({ Old1: oldFunction }, {})).toEqual([]);
  expect(lost({ StorageData6BB23F4E: data }, { StorageData6BB23F4E: renamed(data, { Tags: [] }) })).toEqual(
    [],
  );
  expect(lost({}, { New1: keep('AWS::S3::Bucket') })).toEqual([]);
});

test('CloudFormation knows better than the specification, and what it alone sees counts', () => {
  const before = { StorageData6BB23F4E: data };
  const after = { StorageData6BB23F4E: renamed(data, { BucketName: { Ref: 'Name' } }) };
  const inPlace = told('StorageData6BB23F4E', 'AWS::S3::Bucket', {
    Action: 'Modify',
    Replacement: 'False',
    Details: [recreates('BucketName', 'Never')],
  });
  expect(diffOf(before, after).resources).toMatchObject([{ change: 'replace' }]);
  expect(diffOf(before, after, [inPlace]).resources).toMatchObject([{ change: 'update' }]);
  // The templates are the same; a value that only the deployment resolves is not, and the change set names none.
  for (const [Replacement, change] of [
    ['True', 'replace'],
    ['Conditional', 'may be replaced'],
  ] as const) {
    const seen = told('StorageData6BB23F4E', 'AWS::S3::Bucket', {
      Action: 'Modify',
      Replacement,
      Details: [recreates('BucketName', 'Always', Replacement === 'True' ? 'Static' : 'Dynamic')],
    });
    const { resources, lost } = diffOf(before, before, [seen]);
    expect(resources).toEqual([
      {
        change,
        type: 'AWS::S3::Bucket',
        path: 'Storage/Data',
        logicalId: 'StorageData6BB23F4E',
        kept: false,
        because: ['BucketName'],
      },
    ]);
    expect(lost).toEqual(['StorageData6BB23F4E']);
  }
});

test('a text with line breaks hides nothing', () => {
  const role = { Type: 'AWS::IAM::Role', Properties: { Description: 'a' } };
  const text = 'a\n\nOutputs\n[~] AWS::S3::Bucket Storage/Data StorageData6BB23F4E';
  expect(
    diffOf(
      { JobRole014917C6: role, StorageData6BB23F4E: data },
      {
        JobRole014917C6: renamed(role, { Description: text }),
        StorageData6BB23F4E: renamed(data, { BucketName: 'other' }),
      },
    ).lost,
  ).toEqual(['StorageData6BB23F4E']);
});

test.each<[string, Partial<Told>]>([
  ['an action of another version', { Action: 'Recreate' as 'Modify' }],
  ['a replacement of another version', { Action: 'Modify', Replacement: 'Perhaps' as 'True' }],
])('not understood, and so an error: %s', (_, change) => {
  const resources = { StorageData6BB23F4E: data };
  expect(() =>
    diffOf(resources, resources, [told('StorageData6BB23F4E', 'AWS::S3::Bucket', change)]),
  ).toThrow(StackDiffError);
});

test('what is no resource, and what a nested stack holds, is an error', () => {
  expect(() => diffOf({}, {}, [{ Type: 'Resource' }])).toThrow(/nothing was deployed/);
  const nested = (TemplateURL: string) => ({
    Inner1: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL } },
  });
  expect(() => diffOf(nested('a'), nested('b'))).toThrow(/Inner1 is a nested stack.*nothing was deployed/);
  expect(diffOf({}, nested('b')).resources).toMatchObject([{ change: 'add' }]);
});

test('a version of a function that stays for running executions is no loss', () => {
  const before = { Version1: keep('AWS::Lambda::Version', { FunctionName: 'plan' }), Data: data };
  const after = { Version2: keep('AWS::Lambda::Version', { FunctionName: 'plan' }), Data: data };
  const { resources, lost } = diffOf(before, after);
  expect(resources.map(({ logicalId, change }) => [logicalId, change])).toEqual(
    expect.arrayContaining([
      ['Version1', 'remove'],
      ['Version2', 'add'],
    ]),
  );
  expect(lost).toEqual([]);
});
