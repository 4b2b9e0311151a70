import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { ecrClient } from '../aws/clients.ts';
import { SetupError } from '../errors.ts';
import { Registry } from './registry.ts';

const ECR_HOST = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/**
 * Logs in to ECR with this process's AWS credentials, for twelve hours.
 * @param host - of ECR, `ACCOUNT.dkr.ecr.REGION.amazonaws.com`; if a local stand-in answers for ECR, its registry is
 * opened instead
 * @param options.ownAccount - whether the credentials must belong to the host's account
 * @throws SetupError if credentials are missing, expired or of another account; AwsError if ECR does not answer
 */
export async function logIn(
  host: string,
  { ownAccount = false, signal }: { ownAccount?: boolean; signal?: AbortSignal } = {},
): Promise<Registry> {
  const [, account, region] = ECR_HOST.exec(host) ?? [];
  const { authorizationData } = await ecrClient(region).send(
    new GetAuthorizationTokenCommand({}),
    signal && { abortSignal: signal },
  );
  const { authorizationToken = '', proxyEndpoint = '' } = authorizationData?.[0] ?? {};
  const [user = '', password = ''] = Buffer.from(authorizationToken, 'base64')
    .toString('utf8')
    .split(/:(.*)/s);
  const endpoint = proxyEndpoint.replace(/^https?:\/\//, '').replace(/\/$/, '');
  if (password === '' || endpoint === '') {
    throw new SetupError(`ECR GetAuthorizationToken: got no login, expected one with its registry`);
  }
  const own = ECR_HOST.exec(endpoint)?.[1];
  if (ownAccount && account !== undefined && own !== undefined && own !== account) {
    throw new SetupError(
      `AWS credentials: got account ${own}, expected account ${account}, which mlops.yaml names`,
    );
  }
  return new Registry({
    host: own === undefined ? endpoint : host,
    user,
    password,
    ...(signal && { signal }),
  });
}
