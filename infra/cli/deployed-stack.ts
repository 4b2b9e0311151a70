import { randomUUID } from 'node:crypto';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  type DescribeChangeSetOutput,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateDescribeChangeSet,
  waitUntilChangeSetCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { parse } from 'yaml';
import { clientOf, stsClient } from '../../pipeline/aws/clients.ts';
import type { Environment } from '../environment.ts';
import type { Deployed, Template } from './stack-diff.ts';

/** The part of a cloud assembly's manifest about a stack that is read here. */
export interface StackProperties {
  readonly templateFile?: string;
  /** The role of `cdk bootstrap` that may describe stacks. */
  readonly assumeRoleArn?: string;
  /** The role with which CloudFormation would deploy. */
  readonly cloudFormationExecutionRoleArn?: string;
  /** The address to which the CDK uploads the template: s3://BUCKET/KEY. */
  readonly stackTemplateAssetObjectUrl?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Question {
  readonly environment: Environment;
  readonly stack: string;
  readonly properties: StackProperties;
  readonly signal: AbortSignal;
  /** Takes a line for the log. */
  readonly say: (line: string) => void;
}

/**
 * The stack's template, and a change set that says what a deployment would replace. `cdk diff` creates one too, but deletes
 * it and prints only text; so this creates another, from the template that `cdk diff` has uploaded, and deletes it.
 */
export async function deployedStack(question: Question): Promise<Deployed> {
  const { environment, stack, properties } = question;
  const client = await cloudFormation(environment, properties);
  const status = await statusOf(client, stack);
  if (status === undefined) return { template: undefined };
  if (neverSucceeded.includes(status)) {
    question.say(
      `${stack}: its creation failed (${status}): a deployment deletes this stack, which holds nothing, creates it anew and takes back what it left\n`,
    );
    return { template: undefined };
  }
  const template = await deployedTemplate(client, stack);
  try {
    return { template, changeSet: await changeSet(client, question) };
  } catch (error) {
    question.signal.throwIfAborted();
    question.say(
      `${stack}: CloudFormation made no change set, so the resource specification says what is replaced: ${(error as Error).message}\n`,
    );
    return { template };
  }
}

/** Uses the role of `cdk bootstrap` or, like the CDK, the credentials themselves if they may not assume it. */
async function cloudFormation(
  { region, names }: Environment,
  { assumeRoleArn }: StackProperties,
): Promise<CloudFormationClient> {
  if (assumeRoleArn === undefined) return clientOf(CloudFormationClient, region);
  const asked = new AssumeRoleCommand({
    RoleArn: inPartition(assumeRoleArn, names.partition),
    RoleSessionName: 'mlops-diff',
  });
  const made = await stsClient(region)
    .send(asked)
    .catch(() => undefined);
  const { AccessKeyId, SecretAccessKey, SessionToken } = made?.Credentials ?? {};
  if (AccessKeyId === undefined || SecretAccessKey === undefined)
    return clientOf(CloudFormationClient, region);
  return clientOf(CloudFormationClient, region, {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken !== undefined && { sessionToken: SessionToken }),
  });
}

/** The states of a stack whose creation was rolled back. CloudFormation can only delete it, which the CDK does. */
const neverSucceeded = ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'];

/** The stack's state; undefined if there is no stack, or only a change set to create one. */
async function statusOf(client: CloudFormationClient, StackName: string): Promise<string | undefined> {
  try {
    const { Stacks: [{ StackStatus } = {}] = [] } = await client.send(
      new DescribeStacksCommand({ StackName }),
    );
    return StackStatus === 'REVIEW_IN_PROGRESS' ? undefined : StackStatus;
  } catch (error) {
    if (/does not exist/.test((error as Error).message)) return undefined;
    throw error;
  }
}

async function deployedTemplate(client: CloudFormationClient, StackName: string): Promise<Partial<Template>> {
  const { TemplateBody = '' } = await client.send(
    new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
  );
  return parse(TemplateBody) as Partial<Template>;
}

async function changeSet(
  client: CloudFormationClient,
  { environment: { region, names }, stack, properties, signal, say }: Question,
): Promise<DescribeChangeSetOutput> {
  const { stackTemplateAssetObjectUrl: uploaded, cloudFormationExecutionRoleArn: role } = properties;
  const named = { StackName: stack, ChangeSetName: `mlops-diff-${randomUUID()}` };
  if (uploaded === undefined) throw new Error('the manifest names no uploaded template');
  await client.send(
    new CreateChangeSetCommand({
      ...named,
      ChangeSetType: 'UPDATE',
      TemplateURL: urlOf(uploaded, region),
      ...(role !== undefined && { RoleARN: inPartition(role, names.partition) }),
      Parameters: Object.entries(properties.parameters ?? {}).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      Tags: Object.entries(properties.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
      Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
    }),
  );
  try {
    // The description that follows says why it failed, if it did.
    await waitUntilChangeSetCreateComplete(
      { client, maxWaitTime: 600, minDelay: 1, maxDelay: 5, abortSignal: signal },
      named,
    ).catch(() => {});
    const pages: DescribeChangeSetOutput[] = [];
    for await (const page of paginateDescribeChangeSet({ client }, { ...named, IncludePropertyValues: true }))
      pages.push(page);
    const [{ Status, StatusReason = '' } = {}] = pages;
    const empty = Status === 'FAILED' && /didn't contain changes|No updates are to be/i.test(StatusReason);
    if (Status !== 'CREATE_COMPLETE' && !empty) throw new Error(`${Status}: ${StatusReason}`);
    return { ...pages[0], Changes: pages.flatMap(({ Changes = [] }) => Changes) };
  } finally {
    await client.send(new DeleteChangeSetCommand(named)).catch((error: Error) => {
      say(`${stack}: the change set ${named.ChangeSetName} could not be deleted: ${error.message}\n`);
    });
  }
}

const inPartition = (arn: string, partition: string): string =>
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a cloud assembly
  arn.replace('${AWS::Partition}', partition);

function urlOf(object: string, region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint =
    process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL || `https://s3.${region}.${domain}`;
  return object.replace('s3:/', endpoint);
}
