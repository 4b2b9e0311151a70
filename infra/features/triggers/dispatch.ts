import {
  ApiDestination,
  CfnConnection,
  EventField,
  HttpMethod,
  type IApiDestination,
  RuleTargetInput,
} from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { Config } from '../../../pipeline/config/schema.ts';
import type { Environment } from '../../environment.ts';
import type { Address, WatchedEvent } from '../../foundation/operations.ts';
import { serviceRole } from '../../iam/service-role.ts';
import { dispatchPolicy } from './dispatch-policy.ts';
import { landedPattern } from './landed-pattern.ts';
import type { WatchedPlace } from './watched-places.ts';

interface DispatchProps {
  readonly environment: Environment;
  readonly repository_dispatch: NonNullable<Config['environments'][string]['repository_dispatch']>;
}

/**
 * GitHub, told by EventBridge that data landed: its workflow Retrain then trains. The connection, which holds the token, is a
 * person's, so that no template, no role and no setting has the token.
 */
export class Dispatch extends Construct {
  readonly #environment: Environment;
  readonly #address: Address;

  constructor(scope: Construct, id: string, { environment, repository_dispatch }: DispatchProps) {
    super(scope, id);
    const { names } = environment;
    const { repository, connection } = repository_dispatch;
    this.#environment = environment;
    const role = serviceRole(this, 'Role', {
      environment,
      roleName: names.dispatchRole.name,
      service: 'events.amazonaws.com',
      statements: dispatchPolicy(environment),
    });
    const destination = new ApiDestination(this, 'GitHub', {
      apiDestinationName: names.githubDestination,
      description: `Starts the workflow Retrain of ${repository}`,
      connection: CfnConnection.fromConnectionArn(this, 'Connection', connection),
      endpoint: `https://api.github.com/repos/${repository}/dispatches`,
      httpMethod: HttpMethod.POST,
      rateLimitPerSecond: 1,
    });
    this.#address = {
      // The CDK declares its own class without exactOptionalPropertyTypes.
      destination: destination as IApiDestination,
      role: role.withoutPolicyUpdates(),
      headers: { Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' },
    };
  }

  /** The rule that tells GitHub of the file that completes what landed. Retrain reads data.source, which is this place. */
  landing({ model, purpose, bucket, prefix }: WatchedPlace): WatchedEvent {
    const { name, names } = this.#environment;
    return {
      id: `Dispatch-${model}`,
      ruleName: `${names.landedRules[purpose]}${model}`,
      description: `Files for ${purpose} of ${model} landed: GitHub trains`,
      // Whatever the quiet time: EventBridge counts no files.
      pattern: landedPattern({ bucket, prefix, quiet: null }),
      handler: this.#address,
      // The file's key is left out: whoever writes it chooses it, and the reason is shown in an issue.
      input: RuleTargetInput.fromObject({
        event_type: 'data-landed',
        client_payload: {
          environment: name,
          reason: `files landed below s3://${bucket}/${prefix} at ${EventField.fromPath('$.time')}`,
        },
      }),
    };
  }
}
