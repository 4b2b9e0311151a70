import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { explained } from './explained.ts';

/*
 * Every AWS client is made here, so that all have the same retries and error messages. A bundle contains only the
 * clients that it imports.
 */

type Credentials = NonNullable<STSClientConfig['credentials']>;
let given: Credentials | undefined;

/** Makes all clients created from now on use these credentials instead of the environment's. */
export function useCredentials(credentials: Credentials): void {
  given = credentials;
}

/** `region` undefined: the region of the environment. */
const settings = (region?: string) => ({
  ...(region !== undefined && { region }),
  ...(given !== undefined && { credentials: given }),
  // In adaptive mode a throttled client also slows down. Eight attempts outlast a burst of about twenty seconds.
  retryMode: 'adaptive',
  maxAttempts: 8,
});

export const s3Client = (region?: string) =>
  explaining(
    new S3Client({
      ...settings(region),
      // A local stand-in for AWS has no host name per bucket.
      forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
    }),
  );
export const dynamoDbClient = (region?: string) => explaining(new DynamoDBClient(settings(region)));
export const sageMakerClient = (region?: string) => explaining(new SageMakerClient(settings(region)));
export const sfnClient = (region?: string) => explaining(new SFNClient(settings(region)));
export const ecrClient = (region?: string) => explaining(new ECRClient(settings(region)));
export const stsClient = (region?: string) => explaining(new STSClient(settings(region)));

/** Loaded on demand: only a failed run shows a log. */
export async function cloudWatchLogsClient(region: string): Promise<CloudWatchLogsClient> {
  const { CloudWatchLogsClient: Client } = await import('@aws-sdk/client-cloudwatch-logs');
  return explaining(new Client(settings(region)));
}

/** A client of a service that only one place uses, so that no other place loads it. */
export const clientOf = <Client>(
  Service: new (config: ReturnType<typeof settings>) => Client,
  region: string,
  credentials = given,
): Client =>
  explaining(new Service({ ...settings(region), ...(credentials !== undefined && { credentials }) }));

interface Explainable {
  middlewareStack: {
    add(
      middleware: (
        next: (args: never) => Promise<unknown>,
        context: { clientName?: string; commandName?: string },
      ) => (args: never) => Promise<unknown>,
      options: { step: 'initialize'; priority: 'high'; name: string },
    ): void;
  };
}

/** Makes a client throw explained errors, after its retries. */
function explaining<Client>(client: Client): Client {
  (client as Explainable).middlewareStack.add(
    (next, { clientName = 'AWS', commandName = '' }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          throw explained(error, `${clientName.replace('Client', '')} ${commandName.replace('Command', '')}`);
        }
      },
    { step: 'initialize', priority: 'high', name: 'explainErrors' },
  );
  return client;
}
