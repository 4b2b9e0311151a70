import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { dynamoDbClient, stsClient } from '../../aws/clients.ts';
import { SetupError } from '../../errors.ts';
import { type Deployment, resourceNames } from '../../names.ts';
import { type Champion, championId, championKind } from '../../steps/context.ts';
import { awsContext } from './functions/step-context.ts';
import { DynamoDbLedger } from './state/dynamodb-ledger.ts';

/** The ports of one model in an environment that is deployed. */
export function deployedContext(deployment: Deployment, model: string) {
  const { partition, ledgerTable, stack, root, jobPrefix } = resourceNames(deployment);
  const { region, account } = deployment;
  return awsContext({
    region,
    ledger: ledgerTable,
    stack,
    sageMakerArn: `arn:${partition}:sagemaker:${region}:${account}`,
    root,
    model,
    jobPrefix,
  });
}

/**
 * Throws SetupError where the credentials are of another account, the environment is not deployed, or its ledger is of a
 * version of the template whose keys name no model.
 */
export async function requireDeployed(deployment: Deployment): Promise<void> {
  const { account, region, environment } = deployment;
  const { Account, Arn } = await stsClient(region).send(new GetCallerIdentityCommand({}));
  if (Account !== account) {
    throw new SetupError(
      `environment ${environment}: mlops.yaml says account ${account}, the credentials are of account ${Account} (${Arn}); ` +
        'expected those of the same account: choose another AWS_PROFILE or environment',
    );
  }
  // Before anything is written: is there a ledger, and does it name models?
  const { ledgerTable } = resourceNames(deployment);
  const table = new DynamoDbLedger(dynamoDbClient(region), ledgerTable);
  const unnamed = await table.get<Champion>(championKind, championId);
  if (unnamed === null) return;
  throw new SetupError(
    `table ${ledgerTable}: written by an earlier version of this template, whose keys name no model (its champion is ` +
      `${unnamed.value.package}); expected keys that do. Nothing of it is read. To go on without that champion, delete its item: ` +
      `aws dynamodb delete-item --region ${region} --table-name ${ledgerTable} ` +
      `--key '{"kind":{"S":"${championKind}"},"id":{"S":"${championId}"}}'`,
  );
}
