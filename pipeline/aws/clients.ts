import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { explained } from './explained.ts';

/*
 * Every client of AWS is made here, so that each retries alike and says alike what went wrong. A bundle holds only the
 * clients that it asks for.
 */

type Credentials = NonNullable<STSClientConfig['credentials']>;
let given: Credentials | undefined;

/** What the clients made from now on sign with, in place of what the environment holds. */
export function useCredentials(credentials: Credentials): void {
  given = credentials;
}

/** `region` undefined: as the environment says. */
const settings = (region?: string) => ({
  ...(region !== undefined && { region }),
  ...(given !== undefined && { credentials: given }),
  // Adaptive: throttled, a client also slows down. Eight attempts outlast a burst of some twenty seconds.
  retryMode: 'adaptive',
  maxAttempts: 8,
});

export const s3Client = (region?: string) =>
  explaining(
    new S3Client({
      ...settings(region),
      // A local stand-in for AWS has no host name a bucket.
      forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
    }),
  );
export const dynamoDbClient = (region?: string) => explaining(new DynamoDBClient(settings(region)));
export const sageMakerClient = (region?: string) => explaining(new SageMakerClient(settings(region)));
export const sfnClient = (region?: string) => explaining(new SFNClient(settings(region)));
export const ecrClient = (region?: string) => explaining(new ECRClient(settings(region)));
export const stsClient = (region?: string) => explaining(new STSClient(settings(region)));

/** Loaded where it is asked for: only a run that failed has a log to show. */
export async function cloudWatchLogsClient(region: string): Promise<CloudWatchLogsClient> {
  const { CloudWatchLogsClient: Client } = await import('@aws-sdk/client-cloudwatch-logs');
  return explaining(new Client(settings(region)));
}

/** A client of a service that one place asks, so that no other place loads it. */
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

/** Puts the explanation of errors around every call of a client, retries included. */
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
