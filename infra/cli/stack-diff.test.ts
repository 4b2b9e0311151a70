import { expect, test } from '@jest/globals';
import { losses, parseDiff, type Template } from './stack-diff.ts';

const keep = (Type: string) => ({ Type, DeletionPolicy: 'Retain' });
const template: Template = {
  Resources: {
    StorageData6BB23F4E: keep('AWS::S3::Bucket'),
    LedgerTable9343E4AA: keep('AWS::DynamoDB::Table'),
    Warehouse1: { Type: 'AWS::RDS::DBInstance', DeletionPolicy: 'Snapshot' },
    JobRole014917C6: { Type: 'AWS::IAM::Role' },
    OperationsTopic6D6844EA: { Type: 'AWS::SNS::Topic', DeletionPolicy: 'Delete' },
    New1: keep('AWS::S3::Bucket'),
  },
};

const printed = (body: string, differing = 1) =>
  `start: Building churn--staging Template
Hold on while we create a read-only change set to get a diff

Stack churn--staging (aws://123456789012/us-east-1)
${body}


✨  Number of stacks with differences: ${differing}
`;

const read = (body: string, differing?: number) => {
  const [diff] = parseDiff(printed(body, differing), { 'churn--staging': template });
  if (diff === undefined) throw new Error('no stack');
  return diff;
};

const lost = (row: string) => losses(read(`Resources\n${row}`), template).map(({ logicalId }) => logicalId);

test('every kind of change is read, with where it stands', () => {
  const diff = read(`Resources
[-] AWS::Lambda::Function Functions/old FunctionsOld1 destroy
[+] AWS::S3::Bucket New1
[~] AWS::SNS::Topic Operations/My Topic OperationsTopic6D6844EA replace
 └─ [~] TopicName (requires replacement)
     ├─ [-] a
     └─ [+] b
[~] AWS::IAM::Role JobRole JobRole014917C6
 └─ [+] ManagedPolicyArns
[←] AWS::S3::Bucket Storage/Data StorageData6BB23F4E

Outputs
[+] Output A A: {"Value":1}
[-] Output B: {"Value":"x"}`);
  expect(diff.resources.map(({ change, path, logicalId }) => [change, path, logicalId])).toEqual([
    ['remove', 'Functions/old', 'FunctionsOld1'],
    ['add', '', 'New1'],
    ['replace', 'Operations/My Topic', 'OperationsTopic6D6844EA'],
    ['update', 'JobRole', 'JobRole014917C6'],
    ['import', 'Storage/Data', 'StorageData6BB23F4E'],
  ]);
  expect(diff.others).toBe(2);
});

test('no differences are none', () => {
  expect(read('There were no differences', 0)).toEqual({
    stack: 'churn--staging',
    resources: [],
    iam: [],
    others: 0,
  });
});

test('what IAM would allow is read from its table, rows of several lines too', () => {
  const { iam } = read(`IAM Statement Changes
┌───┬────────────┬────────┐
│   │ Resource   │ Effect │
├───┼────────────┼────────┤
│ + │ topic      │ Allow  │
│   │ other      │        │
│ + │ topic      │ Deny   │
├───┼────────────┼────────┤
│ - │ *          │ Deny   │
└───┴────────────┴────────┘
(NOTE: There may be security-related changes not in this list.)

Resources
[~] AWS::IAM::Role JobRole JobRole014917C6`);
  expect(iam).toEqual([
    {
      title: 'IAM Statement Changes',
      head: ['', 'Resource', 'Effect'],
      rows: [
        ['+', 'topic other', 'Allow'],
        ['+', 'topic', 'Deny'],
        ['-', '*', 'Deny'],
      ],
    },
  ]);
});

test.each([
  ['a bucket that is replaced', '[~] AWS::S3::Bucket Storage/Data StorageData6BB23F4E replace'],
  [
    'a table that may be replaced',
    '[~] AWS::DynamoDB::Table Ledger/Table LedgerTable9343E4AA may be replaced',
  ],
  [
    'a repository that leaves the stack and stays',
    '[-] AWS::ECR::Repository Images/Release ImagesRelease1 orphan',
  ],
  ['a bucket that goes', '[-] AWS::S3::Bucket Storage/Old StorageOld1 destroy'],
  ['any type that the template says to keep', '[~] AWS::RDS::DBInstance Warehouse1 replace'],
  ['whatever CloudFormation would leave behind', '[-] AWS::KMS::Key Key Key1 orphan'],
  ['what had state and is of another type now', '[~] AWS::SQS::Queue StorageArtifacts08431D1F replace'],
  [
    'with the hint of a refactoring',
    '[-] AWS::S3::Bucket Storage/Old Old1 destroy (OR move to a.b via refactoring)',
  ],
])('a loss: %s', (_, row) => {
  const resources = { ...template.Resources, StorageArtifacts08431D1F: { Type: 'AWS::SQS::Queue' } };
  const other: Template = { Resources: resources };
  const [diff] = parseDiff(printed(`Resources\n${row}`), { 'churn--staging': other });
  expect(diff && losses(diff, other)).toHaveLength(1);
});

test('no loss: what holds nothing, and a change in place', () => {
  expect(lost('[~] AWS::SNS::Topic Operations/Topic OperationsTopic6D6844EA replace')).toEqual([]);
  expect(lost('[-] AWS::Lambda::Function Functions/old Old1 destroy')).toEqual([]);
  expect(lost('[~] AWS::S3::Bucket Storage/Data StorageData6BB23F4E')).toEqual([]);
  expect(lost('[+] AWS::S3::Bucket New1')).toEqual([]);
});

test('a text with line breaks hides nothing', () => {
  const row = '[~] AWS::S3::Bucket Storage/Data StorageData6BB23F4E replace';
  expect(
    lost(`[~] AWS::IAM::Role JobRole JobRole014917C6\n └─ [~] Description\n     └─ [+] a\n\nOutputs\n${row}`),
  ).toEqual(['StorageData6BB23F4E']);
});

test.each([
  ['an impact of another version', '[~] AWS::S3::Bucket Storage/Data StorageData6BB23F4E recreated'],
  ['a mark of another version', '[?] AWS::S3::Bucket Storage/Data StorageData6BB23F4E'],
  ['a removal that does not say how', '[-] AWS::S3::Bucket Storage/Data StorageData6BB23F4E'],
  ['a row that is no resource', '[~] something'],
])('not understood, and so an error: %s', (_, row) => {
  expect(() => read(`Resources\n${row}`)).toThrow(/nothing was deployed/);
});

test('an answer that lacks a stack, or the count, is an error', () => {
  expect(() => parseDiff('', { 'churn--staging': template })).toThrow(/no number of stacks/);
  expect(() =>
    parseDiff(printed('There were no differences', 0), { 'churn--staging': template, other: template }),
  ).toThrow(/nothing about stack other/);
  expect(() => read('There were no differences', 1)).toThrow(
    /1 stacks with differences, of which 0 tell any/,
  );
  expect(() => parseDiff(printed('There were no differences', 0), {})).toThrow(/not asked for/);
});
