/**
 * A CDK app that copies the resources of the template TEMPLATE and loads no construct of a service: the least that a CDK app
 * of as many resources can do, with which the bench compares ours.
 */
import { readFileSync } from 'node:fs';
import { App, CfnResource, Stack } from 'aws-cdk-lib';

const { Resources } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
};
const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'bare');
for (const [id, { Type, Properties = {} }] of Object.entries(Resources))
  new CfnResource(stack, id, { type: Type, properties: Properties });
app.synth();
