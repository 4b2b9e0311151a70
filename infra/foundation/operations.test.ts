import { expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
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
