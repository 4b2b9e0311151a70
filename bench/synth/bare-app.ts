/**
 * A CDK app of the resources of a template, copied from it with no construct of a service loaded: the least that a CDK app
 * of as many resources can do, which the bench measures ours by. TEMPLATE.
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
