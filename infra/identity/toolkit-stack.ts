import { ArnPrincipal, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Duration, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { Environment } from '../environment.ts';
import { readersPolicy } from '../features/release/readers-policy.ts';
import { callersPolicy } from '../features/service/service-policy.ts';
import { policyDocument } from '../iam/policy-document.ts';
import { type Statement, starReasons } from '../iam/statement.ts';
import { executionPolicies } from './execution-policies.ts';
import { managedPolicy } from './managed-policy.ts';
import {
  publishingPolicy,
  stackPolicy,
  toolkitParameter,
  toolkitRole,
  toolkitVersion,
} from './toolkit-roles.ts';

interface ToolkitStackProps extends StackProps {
  readonly environment: Environment;
}

/**
 * What the CDK's command line needs to deploy the environment's stack, in place of `cdk bootstrap`: a bucket, three roles
 * and the version that the command line looks for. There is no role for images, which it does not build, nor one to look
 * things up, which would read the whole account. Only the deploy role may assume the two that are assumed; persons deploy
 * with their own permissions, as the command line does where it may not assume a role. A person deploys this stack, after
 * the identity stack, which has that role. It also has the policy of those who read predictions, which no deployment may make.
 */
export class ToolkitStack extends Stack {
  constructor(scope: Construct, id: string, { environment, ...props }: ToolkitStackProps) {
    super(scope, id, props);
    const { names, account, region, settings, project } = environment;
    for (const [name, value] of Object.entries({ project, environment: environment.name, ...settings.tags }))
      Tags.of(this).add(name, value);
    const key = settings.kms_key ? Key.fromKeyArn(this, 'Key', settings.kms_key) : undefined;
    const bucket = new Bucket(this, 'Assets', {
      bucketName: `cdk-${names.qualifier}-assets-${account}-${region}`,
      versioned: true,
      ...(key
        ? { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        {
          id: 'abandoned-uploads-and-old-versions',
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(30),
        },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(bucket, {
      'AwsSolutions-S1':
        "who read an object is CloudTrail's to record, in the account's own trail; a log bucket here would be one more to guard",
    });
    // A company's boundary is for every role of the account.
    const boundary = settings.permissions_boundary
      ? ManagedPolicy.fromManagedPolicyArn(this, 'CompanyBoundary', settings.permissions_boundary)
      : undefined;
    const role = (roleId: string, name: 'deploy' | 'file-publishing', statements: readonly Statement[]) => {
      const made = new Role(this, roleId, {
        roleName: toolkitRole(environment, name),
        assumedBy: new ArnPrincipal(names.deployRole.arn),
        inlinePolicies: { needs: policyDocument(statements) },
        ...(boundary && { permissionsBoundary: boundary }),
      });
      acknowledge(made, starReasons(statements));
    };
    role('Stacks', 'deploy', stackPolicy(environment));
    role('Publishing', 'file-publishing', publishingPolicy(environment));
    new Role(this, 'CloudFormation', {
      roleName: toolkitRole(environment, 'cfn-exec'),
      assumedBy: new ServicePrincipal('cloudformation.amazonaws.com'),
      managedPolicies: Object.entries(executionPolicies(environment)).map(([topic, statements]) =>
        managedPolicy(
          this,
          `Execution-${topic}`,
          `${names.stack}--execution-${topic}`,
          `What CloudFormation may do in a deployment: ${topic}`,
          statements,
        ),
      ),
      ...(boundary && { permissionsBoundary: boundary }),
    });
    // A deployment makes no policy: who may read predictions, persons decide.
    managedPolicy(
      this,
      'Readers',
      names.catalog.readers,
      'Reads predictions by Athena: for people, Tableau, QuickSight and Power BI',
      readersPolicy(environment),
    );
    if (environment.served.length > 0)
      managedPolicy(
        this,
        'Callers',
        names.callers,
        'Asks the prediction service',
        callersPolicy(environment),
      );
    new StringParameter(this, 'Version', {
      parameterName: toolkitParameter(environment),
      stringValue: toolkitVersion,
      description: "The bootstrap version that the CDK's command line looks for",
    });
  }
}
