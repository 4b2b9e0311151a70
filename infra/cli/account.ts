import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { stsClient } from '../../pipeline/aws/clients.ts';
import { SetupError } from '../../pipeline/errors.ts';
import type { Environment } from '../environment.ts';

/** Throws SetupError if the credentials belong to another account than the environment's. */
export async function requireAccount({ name, account, region }: Environment): Promise<void> {
  const { Account, Arn } = await stsClient(region).send(new GetCallerIdentityCommand({}));
  if (Account === account) return;
  throw new SetupError(
    `environments.${name}.account: got credentials of account ${Account} (${Arn}), expected ${account}: ` +
      'set AWS_PROFILE to a profile of that account, or correct mlops.yaml',
  );
}
