import { expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as Handler, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Stack } from 'aws-cdk-lib/core';
import { testApp, testEnvironment } from '../environment.fixture.ts';
import { graph, Operations } from './operations.ts';

test('features register alarms, which tell the topic, and rows of one dashboard in their order', () => {
  const stack = new Stack(testApp(), 'Stack');
  const environment = testEnvironment('staging');
  const operations = new Operations(stack, 'Operations', { environment, key: undefined });
  const metric = new Metric({ namespace: 'n', metricName: 'm' });
  operations.watch({ rows: [[graph('first', [metric])]] });
  operations.watch({
    alarms: [{ name: 'late', description: 'It is late', metric }],
    rows: [[graph('second', [metric]), graph('third', [metric])]],
  });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmName: 'churn--staging--late',
    AlarmDescription: 'It is late',
    Threshold: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: Match.stringLikeRegexp('OperationsTopic') }],
  });
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const body = JSON.stringify(dashboard?.Properties.DashboardBody);
  const places = ['first', 'second', 'third'].map((title) => body.indexOf(title));
  expect(Math.min(...places)).toBeGreaterThan(0);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test.each([
  ['staging', { SqsManagedSseEnabled: true }],
  ['production', { KmsMasterKeyId: Match.anyValue() }],
] as const)('an event of %s that nothing handles is kept, encrypted, and told of', (name, encryption) => {
  const stack = new Stack(testApp(), 'Stack');
  const environment = testEnvironment(name);
  const { kms_key } = environment.settings;
  const key = kms_key ? Key.fromKeyArn(stack, 'Key', kms_key) : undefined;
  const operations = new Operations(stack, 'Operations', { environment, key });
  const handler = new Handler(stack, 'Handler', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {}'),
  });
  const ruleName = `${environment.names.stack}--landed`;
  operations.watch({
    events: [{ id: 'Landed', ruleName, description: 'd', pattern: { source: ['aws.s3'] }, handler }],
  });
  const template = Template.fromStack(stack);
  const [queue] = Object.keys(template.findResources('AWS::SQS::Queue'));
  const arn = { 'Fn::GetAtt': [queue, 'Arn'] };
  template.hasResourceProperties('AWS::SQS::Queue', {
    QueueName: `${environment.names.stack}--lost-events`,
    MessageRetentionPeriod: 14 * 24 * 3600,
    ...encryption,
  });
  // EventBridge sends what it could not deliver, Lambda what the function failed on.
  template.hasResourceProperties('AWS::Events::Rule', {
    Name: ruleName,
    Targets: [Match.objectLike({ DeadLetterConfig: { Arn: arn } })],
  });
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    DestinationConfig: { OnFailure: { Destination: arn } },
    MaximumRetryAttempts: 2,
  });
  const statement = (rest: object) => Match.arrayWith([Match.objectLike(rest)]);
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: statement({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    },
  });
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: statement({
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': Match.anyValue() } },
      }),
    },
  });
  const toTopic = { AlarmActions: [{ Ref: Match.stringLikeRegexp('OperationsTopic') }], Threshold: 1 };
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...toTopic,
    AlarmName: `${environment.names.stack}--events-lost`,
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Statistic: 'Maximum',
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...toTopic,
    AlarmName: `${ruleName}-not-called`,
    Namespace: 'AWS/Events',
    MetricName: 'FailedInvocations',
    Dimensions: [{ Name: 'RuleName', Value: ruleName }],
  });
});
