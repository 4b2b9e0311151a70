import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { dynamoDbClient, stsClient } from '../../aws/clients.ts';
import { SetupError } from '../../errors.ts';
import { type Deployment, resourceNames } from '../../names.ts';
import { type Champion, championId, championKind } from '../../steps/context.ts';
import { awsContext } from './functions/step-context.ts';
import { DynamoDbLedger } from './state/dynamodb-ledger.ts';

/** The ports of one model in a deployed environment. */
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
    // The function plan, which has the ceiling, decides in the environment.
    mostRunUsd: null,
  });
}

/**
 * Throws SetupError if the credentials are of another account, the environment is not deployed, or an earlier version
 * of the template wrote its ledger with keys that name no model.
 */
export async function requireDeployed(deployment: Deployment): Promise<void> {
  const { account, region, environment } = deployment;
  const { Account, Arn } = await stsClient(region).send(new GetCallerIdentityCommand({}));
  if (Account !== account) {
    throw new SetupError(
      `environment ${environment}: got credentials of account ${Account} (${Arn}), expected account ${account}, which ` +
        'mlops.yaml names: choose another AWS_PROFILE or environment',
    );
  }
  // Before anything is written, check that there is a ledger and that its keys name models.
  const { ledgerTable } = resourceNames(deployment);
  const table = new DynamoDbLedger(dynamoDbClient(region), ledgerTable);
  const unnamed = await table.get<Champion>(championKind, championId);
  if (unnamed === null) return;
  throw new SetupError(
    `table ${ledgerTable}: written by an earlier version of this template, whose keys name no model (its champion is ` +
      `${unnamed.value.package}); expected keys that do. It is not read. To continue without that champion, delete its item: ` +
      `aws dynamodb delete-item --region ${region} --table-name ${ledgerTable} ` +
      `--key '{"kind":{"S":"${championKind}"},"id":{"S":"${championId}"}}'`,
  );
}
