import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { stsClient } from '../../aws/clients.ts';
import { SetupError } from '../../errors.ts';
import { type Deployment, resourceNames } from '../../names.ts';
import { championId, championKind } from '../../steps/context.ts';
import { awsContext } from './functions/step-context.ts';

/** The ports of an environment that is deployed. */
export function deployedContext(deployment: Deployment) {
  const { partition, ledgerTable, packageGroup, root, jobPrefix } = resourceNames(deployment);
  const { region, account } = deployment;
  return awsContext({
    region,
    ledger: ledgerTable,
    packageGroup,
    sageMakerArn: `arn:${partition}:sagemaker:${region}:${account}`,
    root,
    jobPrefix,
  });
}

/** Throws SetupError where the credentials are of another account, or the environment is not deployed. */
export async function requireDeployed(deployment: Deployment): Promise<void> {
  const { account, region, environment } = deployment;
  const { Account, Arn } = await stsClient(region).send(new GetCallerIdentityCommand({}));
  if (Account !== account) {
    throw new SetupError(
      `environment ${environment}: mlops.yaml says account ${account}, the credentials are of account ${Account} (${Arn}); ` +
        'expected those of the same account: choose another AWS_PROFILE or environment',
    );
  }
  // Before anything is written: is there a ledger?
  await deployedContext(deployment).ledger.get(championKind, championId);
}
