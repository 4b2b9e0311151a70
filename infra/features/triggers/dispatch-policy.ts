import type { Environment } from '../../environment.ts';
import { allow, type Statement } from '../../iam/statement.ts';

/*
 * The access that a dispatch to GitHub needs; none without `repository_dispatch`. Nobody here reads the token: a person gives
 * it to the connection, and EventBridge itself keeps it and sends it.
 */

/** The policy of EventBridge's role, and the bound of it: a call to the one address. */
export const dispatchPolicy = ({ names, settings }: Environment): Statement[] =>
  settings.repository_dispatch === null
    ? []
    : [allow(['events:InvokeApiDestination'], withId(names.githubDestinationArn))];

/** CloudFormation's actions on the address, and on the connection that it names. */
export const dispatchDeployment = ({ names, settings }: Environment): Statement[] =>
  settings.repository_dispatch === null
    ? []
    : [
        allow(
          [
            'events:CreateApiDestination',
            'events:DeleteApiDestination',
            'events:DescribeApiDestination',
            'events:UpdateApiDestination',
          ],
          [
            ...withId(names.githubDestinationArn),
            ...withId(settings.repository_dispatch.connection.replace(/\/[^/]*$/, '')),
          ],
        ),
      ];

/** The services to which a deployment passes a role of its own for this. */
export const dispatchServices = ({ settings }: Environment): string[] =>
  settings.repository_dispatch === null ? [] : ['events.amazonaws.com'];

/** An ARN ends with an id that EventBridge chooses, but in a policy it may be without. */
const withId = (arn: string): string[] => [arn, `${arn}/*`];
