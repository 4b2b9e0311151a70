import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { FederatedPrincipal, ManagedPolicy, OidcProviderNative, Role } from 'aws-cdk-lib/aws-iam';
import { CfnOutput, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { hasPullRequestRole } from '../../pipeline/config/environment.ts';
import {
  claimsOf,
  conditionsOf,
  type GitHubRole,
  issuer,
  type Workflows,
} from '../../pipeline/github/token-trust.ts';
import { acknowledge } from '../acknowledge.ts';
import type { Environment } from '../environment.ts';
import { policyDocument } from '../iam/policy-document.ts';
import { type Statement, starReasons } from '../iam/statement.ts';
import { boundary } from './boundary.ts';
import { deployPolicy } from './deploy-role.ts';
import { githubBoundary } from './github-boundary.ts';
import { managedPolicy } from './managed-policy.ts';
import { pullRequestPolicy } from './pull-request-role.ts';
import { cleanSmoke } from './smoke-access.ts';

/** The facts that bootstrap finds out before it deploys. */
export interface Identity extends Workflows {
  /** An account has one provider for GitHub: `existing` if another stack created it. */
  readonly provider: 'create' | 'existing';
  /** US dollars a month for the whole account. */
  readonly monthlyBudget: number;
}

interface IdentityStackProps extends StackProps {
  readonly environment: Environment;
  readonly identity: Identity;
}

/**
 * The roles that GitHub's workflows assume, and the bounds of everything that deployments create. A person deploys it (npm
 * run bootstrap); no deployment can change a role in it.
 */
export class IdentityStack extends Stack {
  constructor(scope: Construct, id: string, { environment, identity, ...props }: IdentityStackProps) {
    super(scope, id, props);
    const { names, account, settings, project } = environment;
    for (const [name, value] of Object.entries({ project, environment: environment.name, ...settings.tags }))
      Tags.of(this).add(name, value);

    const providerArn = `arn:${names.partition}:iam::${account}:oidc-provider/${issuer}`;
    const provider =
      identity.provider === 'create'
        ? new OidcProviderNative(this, 'GitHub', {
            url: `https://${issuer}`,
            clientIds: ['sts.amazonaws.com'],
            // Other stacks of the account may use it by now.
            removalPolicy: RemovalPolicy.RETAIN,
          })
        : null;

    // A company's boundary takes its place, so it is created only if mlops.yaml names none.
    if (settings.permissions_boundary === null)
      managedPolicy(
        this,
        'Boundary',
        names.permissionsBoundary,
        'Bounds every role that a deployment makes',
        boundary(environment),
      );
    const boundaryOfGitHub = settings.permissions_boundary
      ? ManagedPolicy.fromManagedPolicyArn(this, 'CompanyBoundary', settings.permissions_boundary)
      : managedPolicy(
          this,
          'GitHubBoundary',
          `${names.stack}--github-boundary`,
          'Bounds the roles that GitHub assumes',
          githubBoundary(environment),
        );

    const role = (
      roleId: string,
      kind: GitHubRole,
      roleName: string,
      description: string,
      statements: readonly Statement[],
    ) => {
      const claims = claimsOf(kind, identity, {
        environment: environment.name,
        approval: settings.approval,
        partition: names.partition,
      });
      const made = new Role(this, roleId, {
        roleName,
        description,
        assumedBy: new FederatedPrincipal(
          provider?.oidcProviderArn ?? providerArn,
          conditionsOf(claims),
          'sts:AssumeRoleWithWebIdentity',
        ),
        inlinePolicies: { needs: policyDocument(statements) },
        permissionsBoundary: boundaryOfGitHub,
      });
      acknowledge(made, starReasons(statements));
      return made;
    };
    const pullRequestRole = hasPullRequestRole(settings)
      ? role(
          'PullRequest',
          'pullRequest',
          names.pullRequestRole.name,
          'Pull requests: evaluate runs, candidate images',
          pullRequestPolicy(environment),
        )
      : null;
    const deployRole = role(
      'Deploy',
      'deploy',
      names.deployRole.name,
      'Deployments: infrastructure, images, promote runs',
      deployPolicy(environment),
    );
    // Both together would be longer than a role's inline policies may be.
    deployRole.addManagedPolicy(
      managedPolicy(
        this,
        'CleanSmoke',
        `${names.stack}--clean-smoke`,
        'Deletes what the smoke test made',
        cleanSmoke(environment),
      ),
    );

    if (environment.emails.length > 0)
      new CfnBudget(this, 'Budget', {
        budget: {
          budgetName: `${names.stack}--monthly`,
          budgetType: 'COST',
          timeUnit: 'MONTHLY',
          budgetLimit: { amount: identity.monthlyBudget, unit: 'USD' },
        },
        notificationsWithSubscribers: (['ACTUAL', 'FORECASTED'] as const).map((notificationType) => ({
          notification: {
            notificationType,
            comparisonOperator: 'GREATER_THAN',
            threshold: notificationType === 'ACTUAL' ? 80 : 100,
            thresholdType: 'PERCENTAGE',
          },
          subscribers: environment.emails.map((address) => ({ subscriptionType: 'EMAIL', address })),
        })),
      });

    const outputs = {
      ...(pullRequestRole && { PullRequestRole: pullRequestRole.roleArn }),
      DeployRole: deployRole.roleArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
