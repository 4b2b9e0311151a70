/**
 * A CDK app with one of the CDK's own constructs for every resource of the template TEMPLATE, with the same code, policies
 * and state machines, and otherwise the CDK's defaults. The bench compares ours with it. FUNCTIONS is a folder with the
 * folder of each function.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Alarm, Dashboard, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Rule } from 'aws-cdk-lib/aws-events';
import {
  ManagedPolicy,
  OidcProviderNative,
  PolicyDocument,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { CfnPermission, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket, BucketPolicy } from 'aws-cdk-lib/aws-s3';
import { CfnModelPackageGroup } from 'aws-cdk-lib/aws-sagemaker';
import { Topic, TopicPolicy } from 'aws-cdk-lib/aws-sns';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';

interface Resource {
  readonly Type: string;
  readonly Properties?: {
    readonly DefinitionString?: string;
    readonly PolicyDocument?: unknown;
    readonly Policies?: readonly { readonly PolicyName: string; readonly PolicyDocument: unknown }[];
  };
}

const [template = '', functions = ''] = process.argv.slice(2);
// A construct accepts only policies without CloudFormation's functions.
const withoutFunctions = (_key: string, value: unknown) =>
  typeof value === 'object' && value !== null && /^(Ref|Fn::.*)$/.test(Object.keys(value).join())
    ? 'arn:aws:s3:::bucket'
    : value;
const { Resources } = JSON.parse(readFileSync(template, 'utf8'), withoutFunctions) as {
  Resources: Record<string, Resource>;
};
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'plain');
const assumedBy = new ServicePrincipal('lambda.amazonaws.com');
const principal = 'events.amazonaws.com';
const folders = readdirSync(functions, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const resources = Object.entries(Resources);

for (const [id, { Type, Properties = {} }] of resources) {
  switch (Type) {
    case 'AWS::CloudWatch::Alarm':
      new Alarm(stack, id, {
        metric: new Metric({ namespace: id, metricName: id }),
        threshold: 1,
        evaluationPeriods: 1,
      });
      break;
    case 'AWS::CloudWatch::Dashboard':
      new Dashboard(stack, id);
      break;
    case 'AWS::DynamoDB::Table':
      new Table(stack, id, { partitionKey: { name: 'id', type: AttributeType.STRING } });
      break;
    case 'AWS::ECR::Repository':
      new Repository(stack, id);
      break;
    case 'AWS::Events::Rule':
      new Rule(stack, id, { eventPattern: { source: ['aws.states'] } });
      break;
    case 'AWS::IAM::ManagedPolicy':
      new ManagedPolicy(stack, id, { document: PolicyDocument.fromJson(Properties.PolicyDocument) });
      break;
    case 'AWS::IAM::OIDCProvider':
      new OidcProviderNative(stack, id, { url: 'https://example.com' });
      break;
    case 'AWS::IAM::Role': {
      const policies = (Properties.Policies ?? []).map(
        ({ PolicyName, PolicyDocument: document }) =>
          [PolicyName, PolicyDocument.fromJson(document)] as const,
      );
      new Role(stack, id, { assumedBy, inlinePolicies: Object.fromEntries(policies) });
      break;
    }
    case 'AWS::Lambda::Function':
      new LambdaFunction(stack, id, {
        runtime: Runtime.NODEJS_24_X,
        handler: 'index.handler',
        code: Code.fromAsset(join(functions, folders.pop()?.name ?? '')),
        role: roleOf(id),
      });
      break;
    case 'AWS::Lambda::Permission':
      new CfnPermission(stack, id, { action: 'lambda:InvokeFunction', functionName: id, principal });
      break;
    case 'AWS::Logs::LogGroup':
      new LogGroup(stack, id);
      break;
    case 'AWS::S3::Bucket':
      new Bucket(stack, id);
      break;
    case 'AWS::S3::BucketPolicy':
      new BucketPolicy(stack, id, {
        bucket: Bucket.fromBucketName(stack, `${id}Of`, 'bucket'),
        document: PolicyDocument.fromJson(Properties.PolicyDocument),
      });
      break;
    case 'AWS::SageMaker::ModelPackageGroup':
      new CfnModelPackageGroup(stack, id, { modelPackageGroupName: id });
      break;
    case 'AWS::SNS::Topic':
      new Topic(stack, id);
      break;
    case 'AWS::SNS::TopicPolicy':
      new TopicPolicy(stack, id, {
        topics: [],
        policyDocument: PolicyDocument.fromJson(Properties.PolicyDocument),
      });
      break;
    case 'AWS::StepFunctions::StateMachine':
      new StateMachine(stack, id, {
        definitionBody: DefinitionBody.fromString(Properties.DefinitionString ?? ''),
        role: roleOf(id),
      });
      break;
    default:
      throw new Error(`${id}: got ${Type}, expected a type that this app has a construct for`);
  }
}
const made = stack.node.findAll().filter((construct) => 'cfnResourceType' in construct).length;
if (made !== resources.length) throw new Error(`made ${made} resources, expected ${resources.length}`);
app.synth();

/** Without this role the construct would create its own. */
function roleOf(id: string) {
  return Role.fromRoleArn(stack, `${id}Role`, 'arn:aws:iam::111111111111:role/role', { mutable: false });
}
