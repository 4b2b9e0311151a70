import { AthenaClient, CreateWorkGroupCommand } from '@aws-sdk/client-athena';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { clientOf, s3Client } from '../../aws/clients.ts';
import { InputError } from '../../errors.ts';
import type { Cell } from '../query.ts';
import { openAthenaQuery } from './athena-query.ts';
import { account, region, startFakeCloud } from './fakecloud.fixture.ts';

/*
 * The client against an emulator of Athena, which answers what needs no table: the wire, the workgroup, the two ways to fail.
 * The tables are the CDK app's; what Athena's engine makes of a query, only Athena says.
 */

jest.setTimeout(60_000);

const deployment = { project: 'p', environment: 'staging', account, region };

await startFakeCloud(4591);
beforeAll(async () => {
  await s3Client(region).send(new CreateBucketCommand({ Bucket: 'answers' }));
  await clientOf(AthenaClient, region).send(
    new CreateWorkGroupCommand({
      Name: 'p--staging',
      Configuration: { ResultConfiguration: { OutputLocation: 's3://answers/results/' } },
    }),
  );
});

test('a query is answered with types, and says what it read', async () => {
  const query = openAthenaQuery(deployment);
  const { columns, batches } = await query.ask("SELECT 1 AS one, 'a' AS two");
  const rows: Cell[][] = [];
  for await (const batch of batches) rows.push(...batch.rows());
  expect(columns).toEqual([
    { name: 'one', type: 'integer' },
    { name: 'two', type: 'varchar' },
  ]);
  expect(rows).toEqual([[1, 'a']]);
  expect(query.cost()).toMatch(/^Scanned 0\.0 kB: about \$/);
  await query.close();
});

test('a query that fails is bad input with the reason that Athena gives', async () => {
  const failed = openAthenaQuery(deployment).ask('SELECT row_id FROM predictions');
  await expect(failed).rejects.toThrow(InputError);
  await expect(failed).rejects.toThrow(/^SQL: Athena: database `p__staging` not found in catalog/);
});

test('without the workgroup it says that the environment has none yet', async () => {
  const other = openAthenaQuery({ ...deployment, environment: 'production' });
  await expect(other.ask('SELECT 1')).rejects.toThrow(
    /expected the workgroup p--production, .*`npm run deploy`/,
  );
});
