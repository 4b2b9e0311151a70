import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Environment } from './environment.ts';

/** The props of a construct that keeps data at rest. */
export interface EncryptedProps {
  readonly environment: Environment;
  /** The project's own key. @default a key that the service owns */
  readonly key: IKey | undefined;
}
