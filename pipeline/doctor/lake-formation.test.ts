import { expect, test } from '@jest/globals';
import { lakeFormationCheck } from './lake-formation.ts';

const granted = (principal: string, ...Permissions: string[]) => ({
  Principal: { DataLakePrincipalIdentifier: principal },
  Permissions,
});

test('where IAM decides, all is well', () => {
  expect(
    lakeFormationCheck(
      'churn__staging',
      [granted('arn:aws:iam::1:role/x', 'DESCRIBE'), granted('IAM_ALLOWED_PRINCIPALS', 'ALL')],
      'eu-west-1',
    ),
  ).toMatchObject({ outcome: 'ok' });
});

test.each([
  ['nobody has anything', []],
  ['only roles have something', [granted('arn:aws:iam::1:role/admin', 'ALL')]],
  ['IAM decides on less than all', [granted('IAM_ALLOWED_PRINCIPALS', 'DESCRIBE')]],
] as const)('a database that Lake Formation governs is told of: %s', (_, permissions) => {
  const check = lakeFormationCheck('churn__staging', permissions, 'eu-west-1');
  expect(check).toMatchObject({ outcome: 'warning' });
  expect(JSON.stringify(check)).toContain('policies of IAM allow nothing there');
  expect(JSON.stringify(check)).toContain('grant-permissions --region eu-west-1');
});
