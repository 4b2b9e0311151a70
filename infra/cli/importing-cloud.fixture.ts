import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteRepositoryCommand, DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import { DeleteBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { afterAll } from '@jest/globals';
import { dynamoDbClient, ecrClient, s3Client } from '../../pipeline/aws/clients.ts';
import type { FakeCloud } from '../../pipeline/backends/aws/fakecloud.fixture.ts';

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
  DependsOn?: string[];
}

interface Template {
  Resources: Record<string, Resource>;
}

export interface ImportingCloud {
  /** The names of the resources that the last change set imported, sorted. */
  imported: () => string[];
  /** Makes the creation of the next stack fail after the resources that hold data were made. */
  failNextCreation: () => void;
}

/**
 * Stands before fakecloud and adds what CloudFormation does and fakecloud does not:
 * - A change set with ImportExistingResources takes resources into the stack that exist under the template's static names,
 *   belong to no stack (here: when a stack is created) and have the DeletionPolicy Retain or RetainExceptOnCreate.
 *   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
 * - A creation that is rolled back deletes what it created with RetainExceptOnCreate, and keeps what has Retain.
 *   https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
 * - ExecuteChangeSet only begins: the stack's state tells of a failure, not the answer.
 *   https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
 * Since fakecloud cannot put a resource that exists into a stack, an imported one is left out of the template that fakecloud
 * gets, and references to it are replaced by its name and ARN.
 */
export async function startImportingCloud({ endpoint }: FakeCloud): Promise<ImportingCloud> {
  let imported: string[] = [];
  let failing = false;
  /** Names of resources that the creation of a stack made and its rollback deletes, by stack. */
  const fresh = new Map<string, Resource[]>();

  async function changeSet(form: URLSearchParams): Promise<void> {
    const template = await templateOf(form, endpoint);
    // Versions of functions stay too, but go with their function, and have no name to import them by.
    const stateful = Object.entries(template.Resources).filter(
      ([, { DeletionPolicy, Type }]) =>
        /^Retain/.test(DeletionPolicy ?? '') && Type !== 'AWS::Lambda::Version',
    );
    const there = await Promise.all(stateful.map(([, resource]) => exists(resource)));
    const creates = form.get('ChangeSetType') === 'CREATE';
    const imports = creates && form.get('ImportExistingResources') === 'true';
    const taken = imports ? stateful.filter((_, i) => there[i]) : [];
    imported = taken.map(([, resource]) => nameOf(resource)).sort();
    // A diff makes a change set too, under another name, which nobody executes.
    const broken = failing && creates && form.get('ChangeSetName') === 'cdk-deploy-change-set';
    if (broken) failing = false;
    const made = stateful.filter((_, i) => !there[i]);
    fresh.set(
      form.get('StackName') ?? '',
      creates
        ? made
            .map(([, resource]) => resource)
            .filter((made) => made.DeletionPolicy === 'RetainExceptOnCreate')
        : [],
    );
    const rest = withoutResources(template, taken);
    if (broken) rest.Resources.Broken = brokenFunction(made.map(([id]) => id));
    form.delete('TemplateURL');
    form.set('TemplateBody', JSON.stringify(rest));
  }

  /** Ends the rollback of a creation that failed; false if none did. */
  async function rolledBack(stack: string): Promise<boolean> {
    const described = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: authorization('cloudformation') },
      body: new URLSearchParams({ Action: 'DescribeStacks', Version: '2010-05-15', StackName: stack }),
    });
    if (!(await described.text()).includes('<StackStatus>ROLLBACK_COMPLETE<')) return false;
    for (const resource of fresh.get(stack) ?? []) await remove(resource);
    return true;
  }

  const server = createServer(async (request, response) => {
    let body: Uint8Array = new Uint8Array(await new Response(request as never).arrayBuffer());
    const headers = Object.entries(request.headers).filter(
      ([name]) => !['connection', 'content-length', 'expect', 'host', 'transfer-encoding'].includes(name),
    ) as [string, string][];
    const form = /x-www-form-urlencoded/.test(request.headers['content-type'] ?? '')
      ? new URLSearchParams(new TextDecoder().decode(body))
      : new URLSearchParams();
    // The templates of a bootstrap are not the environment's: one is YAML, and neither has what is imported here.
    if (
      form.get('Action') === 'CreateChangeSet' &&
      !/--(?:identity|toolkit)$/.test(form.get('StackName') ?? '')
    ) {
      await changeSet(form);
      body = new TextEncoder().encode(form.toString());
    }
    const answer = await fetch(`${endpoint}${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      ...(body.length > 0 && { body }),
    });
    const told = new Uint8Array(await answer.arrayBuffer());
    if (form.get('Action') === 'ExecuteChangeSet' && (await rolledBack(form.get('StackName') ?? ''))) {
      response.writeHead(200, { 'content-type': 'text/xml' }).end('<ExecuteChangeSetResponse/>');
      return;
    }
    const kept = [...answer.headers].filter(
      ([name]) => !['connection', 'transfer-encoding', 'content-encoding'].includes(name),
    );
    response
      .writeHead(answer.status, Object.fromEntries(kept))
      .end(request.method === 'HEAD' ? undefined : told);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    imported: () => imported,
    failNextCreation: () => {
      failing = true;
    },
  };
}

const authorization = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

async function templateOf(form: URLSearchParams, endpoint: string): Promise<Template> {
  const body = form.get('TemplateBody');
  if (body !== null) return JSON.parse(body) as Template;
  const url = new URL(form.get('TemplateURL') ?? '');
  const bucket = /^([^.]+)\.s3\./.exec(url.hostname)?.[1];
  const path = bucket === undefined ? url.pathname : `/${bucket}${url.pathname}`;
  const answer = await fetch(`${endpoint}${path}`, { headers: { authorization: authorization('s3') } });
  return (await answer.json()) as Template;
}

const nameOf = ({ Properties }: Resource): string =>
  String(Properties.BucketName ?? Properties.TableName ?? Properties.RepositoryName);

const arnOf = (resource: Resource): string => {
  const name = nameOf(resource);
  const place = { account: '123456789012', region: 'us-east-1' };
  if (resource.Type === 'AWS::S3::Bucket') return `arn:aws:s3:::${name}`;
  if (resource.Type === 'AWS::DynamoDB::Table')
    return `arn:aws:dynamodb:${place.region}:${place.account}:table/${name}`;
  return `arn:aws:ecr:${place.region}:${place.account}:repository/${name}`;
};

async function exists(resource: Resource): Promise<boolean> {
  const name = nameOf(resource);
  const asked: Promise<unknown> =
    resource.Type === 'AWS::S3::Bucket'
      ? s3Client().send(new HeadBucketCommand({ Bucket: name }))
      : resource.Type === 'AWS::DynamoDB::Table'
        ? dynamoDbClient().send(new DescribeTableCommand({ TableName: name }))
        : ecrClient().send(new DescribeRepositoriesCommand({ repositoryNames: [name] }));
  return asked.then(
    () => true,
    () => false,
  );
}

/** Deletes what the service lets CloudFormation delete: nothing that holds objects or images. */
async function remove(resource: Resource): Promise<void> {
  const name = nameOf(resource);
  if (resource.Type === 'AWS::S3::Bucket') await s3Client().send(new DeleteBucketCommand({ Bucket: name }));
  else await ecrClient().send(new DeleteRepositoryCommand({ repositoryName: name }));
}

function withoutResources(template: Template, taken: readonly (readonly [string, Resource])[]): Template {
  const left = new Map(taken);
  const replaced = JSON.parse(JSON.stringify(template), (_, value) => {
    const reference = value as { Ref?: string; 'Fn::GetAtt'?: string[]; DependsOn?: string[] };
    if (typeof value !== 'object' || value === null) return value;
    const named = left.get(reference.Ref ?? '');
    if (named !== undefined) return nameOf(named);
    const [id = '', attribute] = reference['Fn::GetAtt'] ?? [];
    const asked = left.get(id);
    if (asked !== undefined) return attribute === 'Arn' ? arnOf(asked) : nameOf(asked);
    return value;
  }) as Template;
  const Resources = Object.fromEntries(Object.entries(replaced.Resources).filter(([id]) => !left.has(id)));
  for (const resource of Object.values(Resources))
    if (resource.DependsOn !== undefined)
      resource.DependsOn = [resource.DependsOn].flat().filter((id) => !left.has(id));
  return { ...replaced, Resources };
}

/** A function whose code is nowhere, which fails the creation for real. */
const brokenFunction = (after: string[]): Resource => ({
  Type: 'AWS::Lambda::Function',
  DependsOn: after,
  Properties: {
    FunctionName: 'broken',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: 'arn:aws:iam::123456789012:role/none',
    Code: { S3Bucket: 'no-such-bucket', S3Key: 'code.zip' },
  },
});
