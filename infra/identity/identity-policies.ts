import { logGroups } from '../../pipeline/backends/aws/console-links.ts';
import type { Environment } from '../environment.ts';
import { executionArn, readData } from '../features/train/function-policy.ts';
import { useKey } from '../features/train/job-policy.ts';
import { stopPrepare } from '../features/train/prepare/prepare-policy.ts';
import { allow, deny, type Statement } from '../iam/statement.ts';

/*
 * The policies of the identity stack. Deployments run as CloudFormation's execution role of `cdk bootstrap`: it has the
 * execution policy, within the boundary. Every role that a deployment makes has the boundary too.
 */

/** What every role of the environment is held to, CloudFormation's own included. */
export function boundary(environment: Environment): Statement[] {
  return [
    allow(
      [
        'cloudwatch:*',
        'dynamodb:*',
        'ec2:*NetworkInterface*',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
        'ec2:Describe*',
        'ecr:*',
        'events:*',
        'kms:*',
        'lambda:*',
        'logs:*',
        's3:*',
        'sagemaker:*',
        'sns:*',
        'states:*',
        'xray:*',
        ...boundaryOfEngine[environment.engine],
      ],
      ['*'],
      { because: "a boundary grants nothing; the roles' own policies name resources" },
    ),
    ...roleManagement(environment),
    ...protectedIdentity(environment),
  ];
}

/** What the prepare job's engine asks for; ec2 is for a network of its own. */
const boundaryOfEngine: Readonly<Record<Environment['engine'], readonly string[]>> = {
  processing: [],
  glue: ['ec2:CreateTags', 'ec2:DeleteTags', 'glue:*'],
  fargate: ['ec2:*', 'ecs:*'],
};

/** What CloudFormation may make, change and remove: resources by the environment's names, and their settings only. */
export function execution(environment: Environment): Statement[] {
  const { names, region, account, settings, project, name } = environment;
  const { stack } = names;
  const arn = (service: string, resource: string) =>
    `arn:${names.partition}:${service}:${region}:${account}:${resource}`;
  const bucket = (name: string) => `arn:${names.partition}:s3:::${name}`;
  return [
    allow(
      [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:GetBucket*',
        's3:GetEncryptionConfiguration',
        's3:GetLifecycleConfiguration',
        's3:ListTagsForResource',
        's3:PutBucket*',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
        's3:TagResource',
        's3:UntagResource',
      ],
      [bucket(names.artifactsBucket), bucket(names.dataBucket)],
    ),
    // The functions' code.
    allow(['s3:GetObject'], [`${bucket(`cdk-${names.qualifier}-assets-${account}-${region}`)}/*`]),
    allow(
      [
        'dynamodb:CreateTable',
        'dynamodb:DeleteTable',
        'dynamodb:Describe*',
        'dynamodb:ListTagsOfResource',
        'dynamodb:TagResource',
        'dynamodb:UntagResource',
        'dynamodb:UpdateContinuousBackups',
        'dynamodb:UpdateTable',
      ],
      [names.ledgerTableArn],
    ),
    allow(
      [
        'ecr:CreateRepository',
        'ecr:DeleteLifecyclePolicy',
        'ecr:DeleteRepository',
        'ecr:DescribeRepositories',
        'ecr:GetLifecyclePolicy',
        'ecr:GetRepositoryPolicy',
        'ecr:ListTagsForResource',
        'ecr:PutImageScanningConfiguration',
        'ecr:PutImageTagMutability',
        'ecr:PutLifecyclePolicy',
        'ecr:TagResource',
        'ecr:UntagResource',
      ],
      [arn('ecr', `repository/${project}/${name}/*`)],
    ),
    allow(
      [
        'lambda:AddPermission',
        'lambda:CreateFunction',
        'lambda:DeleteFunction*',
        'lambda:Get*',
        'lambda:List*',
        'lambda:PutFunction*',
        'lambda:PutRuntimeManagementConfig',
        'lambda:RemovePermission',
        'lambda:TagResource',
        'lambda:UntagResource',
        'lambda:UpdateFunction*',
      ],
      [arn('lambda', `function:${stack}--*`)],
    ),
    allow(
      [
        'states:CreateStateMachine',
        'states:DeleteStateMachine',
        'states:DescribeStateMachine',
        'states:ListStateMachineVersions',
        'states:ListTagsForResource',
        'states:TagResource',
        'states:UntagResource',
        'states:UpdateStateMachine',
      ],
      [arn('states', `stateMachine:${stack}--*`)],
    ),
    allow(keepLogGroups, [
      arn('logs', `log-group:/aws/lambda/${stack}--*`),
      arn('logs', `log-group:/aws/vendedlogs/states/${stack}--*`),
    ]),
    allow(
      [
        'events:DeleteRule',
        'events:DescribeRule',
        'events:ListTagsForResource',
        'events:ListTargetsByRule',
        'events:PutRule',
        'events:PutTargets',
        'events:RemoveTargets',
        'events:TagResource',
        'events:UntagResource',
      ],
      [arn('events', `rule/${stack}--*`)],
    ),
    allow(
      [
        'sns:CreateTopic',
        'sns:DeleteTopic',
        'sns:Get*',
        'sns:List*',
        'sns:SetTopicAttributes',
        'sns:Subscribe',
        'sns:TagResource',
        'sns:Unsubscribe',
        'sns:UntagResource',
      ],
      [arn('sns', `${stack}--*`)],
    ),
    allow(
      [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:DeleteDashboards',
        'cloudwatch:GetDashboard',
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutDashboard',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      [
        arn('cloudwatch', `alarm:${stack}--*`),
        `arn:${names.partition}:cloudwatch::${account}:dashboard/${stack}`,
      ],
    ),
    allow(
      [
        'cloudwatch:DescribeAlarms',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
        'logs:DescribeLogGroups',
        'states:ValidateStateMachineDefinition',
      ],
      ['*'],
      { because: 'what only lists or checks has no resource to name' },
    ),
    ...engineResources(environment),
    ...(settings.kms_key ? [useKey(settings.kms_key)] : []),
    ...roleManagement(environment),
    ...protectedIdentity(environment),
  ];
}

/** What CloudFormation calls for a log group. */
const keepLogGroups = [
  'logs:AssociateKmsKey',
  'logs:CreateLogGroup',
  'logs:DeleteLogGroup',
  'logs:DeleteRetentionPolicy',
  'logs:DisassociateKmsKey',
  'logs:ListTagsForResource',
  'logs:PutRetentionPolicy',
  'logs:TagResource',
  'logs:UntagResource',
];

/** The Glue job, or the cluster and network, that mlops.yaml asks for: prepare.engine. */
function engineResources(environment: Environment): Statement[] {
  const { names, region, account, settings, engine } = environment;
  const { prepare } = names;
  const arn = (service: string, resource: string) =>
    `arn:${names.partition}:${service}:${region}:${account}:${resource}`;
  const logs = (prefix: string) => allow(keepLogGroups, [arn('logs', `log-group:${prefix}*`)]);
  if (engine === 'glue')
    return [
      logs(prepare.glueLogs),
      allow(
        [
          'glue:CreateJob',
          'glue:DeleteJob',
          'glue:GetJob',
          'glue:GetTags',
          'glue:TagResource',
          'glue:UntagResource',
          'glue:UpdateJob',
        ],
        [arn('glue', `job/${prepare.job}`)],
      ),
      ...(settings.vpc
        ? [
            allow(
              [
                'glue:CreateConnection',
                'glue:DeleteConnection',
                'glue:GetConnection',
                'glue:GetTags',
                'glue:TagResource',
                'glue:UntagResource',
                'glue:UpdateConnection',
              ],
              [arn('glue', 'catalog'), arn('glue', `connection/${prepare.job}-*`)],
            ),
          ]
        : []),
      ...(settings.kms_key
        ? [
            allow(
              [
                'glue:CreateSecurityConfiguration',
                'glue:DeleteSecurityConfiguration',
                'glue:GetSecurityConfiguration',
              ],
              ['*'],
              { because: 'a security configuration has no ARN' },
            ),
          ]
        : []),
    ];
  if (engine === 'fargate')
    return [
      logs(prepare.ecsLogs),
      allow(
        [
          'ecs:CreateCluster',
          'ecs:DeleteCluster',
          'ecs:DescribeClusters',
          'ecs:ListTagsForResource',
          'ecs:PutClusterCapacityProviders',
          'ecs:TagResource',
          'ecs:UntagResource',
          'ecs:UpdateCluster',
          'ecs:UpdateClusterSettings',
        ],
        [prepare.clusterArn],
      ),
      ...(settings.vpc ? [] : ownNetwork(environment)),
    ];
  return [];
}

/** A VPC and what is in it have ids that nobody knows before they are made: the stack's tags stand for the name. */
function ownNetwork({ names, account, region, project, name }: Environment): Statement[] {
  const own = { 'aws:ResourceTag/project': [project], 'aws:ResourceTag/environment': [name] };
  return [
    allow(
      [
        'ec2:AssociateRouteTable',
        'ec2:AttachInternetGateway',
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:CreateRoute',
        'ec2:DeleteInternetGateway',
        'ec2:DeleteRoute',
        'ec2:DeleteRouteTable',
        'ec2:DeleteSecurityGroup',
        'ec2:DeleteSubnet',
        'ec2:DeleteTags',
        'ec2:DeleteVpc',
        'ec2:DeleteVpcEndpoints',
        'ec2:DetachInternetGateway',
        'ec2:DisassociateRouteTable',
        'ec2:ModifySubnetAttribute',
        'ec2:ModifyVpcAttribute',
        'ec2:ModifyVpcEndpoint',
        'ec2:RevokeSecurityGroupEgress',
      ],
      [`arn:${names.partition}:ec2:${region}:${account}:*`],
      { Condition: { StringEquals: own } },
    ),
    allow(
      [
        'ec2:CreateInternetGateway',
        'ec2:CreateRouteTable',
        'ec2:CreateSecurityGroup',
        'ec2:CreateSubnet',
        'ec2:CreateTags',
        'ec2:CreateVpc',
        'ec2:CreateVpcEndpoint',
      ],
      [`arn:${names.partition}:ec2:${region}:${account}:*`],
    ),
    allow(
      [
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeRouteTables',
        'ec2:DescribeVpcAttribute',
        'ec2:DescribeVpcEndpoints',
      ],
      ['*'],
      { because: 'what only lists has no resource to name' },
    ),
  ];
}

/** Roles of the environment may be made and changed, if they have the boundary and keep it. */
function roleManagement(environment: Environment): Statement[] {
  const roles = [roleArn(environment, `${environment.names.stack}--*`)];
  return [
    allow(
      ['iam:AttachRolePolicy', 'iam:CreateRole', 'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy'],
      roles,
      { Condition: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn(environment) } } },
    ),
    allow(
      [
        'iam:DeleteRole',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
      ],
      roles,
    ),
    allow(['iam:PassRole'], roles, {
      Condition: {
        StringEquals: {
          'iam:PassedToService': [
            'lambda.amazonaws.com',
            'sagemaker.amazonaws.com',
            'states.amazonaws.com',
            ...servicesOfEngine[environment.engine],
          ],
        },
      },
    }),
  ];
}

const servicesOfEngine: Readonly<Record<Environment['engine'], readonly string[]>> = {
  processing: [],
  glue: ['glue.amazonaws.com'],
  fargate: ['ecs-tasks.amazonaws.com'],
};

/** What only a person changes: who may come in, as what, and the bounds of all others. */
function protectedIdentity(environment: Environment): Statement[] {
  const { names, account } = environment;
  const iam = (resource: string) => `arn:${names.partition}:iam::${account}:${resource}`;
  return [
    deny(
      [
        'iam:Add*',
        'iam:Attach*',
        'iam:Create*',
        'iam:Delete*',
        'iam:Detach*',
        'iam:PassRole',
        'iam:Put*',
        'iam:Remove*',
        'iam:Set*',
        'iam:Tag*',
        'iam:Untag*',
        'iam:Update*',
      ],
      [
        names.deployRole.arn,
        names.pullRequestRole.arn,
        iam(`role/cdk-${names.qualifier}-*`),
        iam('policy/*'),
        iam('oidc-provider/*'),
        iam('user/*'),
        iam('group/*'),
      ],
      { Sid: 'IdentityIsAPersonsToChange' },
    ),
    deny(['iam:DeleteRolePermissionsBoundary'], ['*'], { Sid: 'BoundariesStay' }),
  ];
}

/** What the two roles that GitHub assumes are held to: no IAM, and of roles only those of `cdk bootstrap`. */
export function identityBoundary(environment: Environment): Statement[] {
  return [
    allow(
      [
        'cloudformation:Describe*',
        'dynamodb:GetItem',
        'dynamodb:Query',
        'ecr:*',
        'kms:*',
        'lambda:InvokeFunction',
        'logs:DescribeLogStreams',
        'logs:GetLogEvents',
        's3:*',
        'sagemaker:DeleteModel',
        'sagemaker:Describe*',
        'sagemaker:List*',
        'sagemaker:Stop*',
        'ssm:GetParameter',
        'states:*',
        ...(environment.engine === 'glue' ? ['glue:BatchStopJobRun'] : []),
        ...(environment.engine === 'fargate' ? ['ecs:StopTask'] : []),
      ],
      ['*'],
      { because: "a boundary grants nothing; the roles' own policies name resources" },
    ),
    allow(['sts:AssumeRole'], bootstrapRoles(environment)),
  ];
}

/** Pull requests: start and follow evaluate runs, push candidates, read what runs left. */
export function pullRequest(environment: Environment): Statement[] {
  const { names } = environment;
  return [
    ...runs(environment, ['evaluate']),
    ...push(environment, names.candidateRepository),
    ...pull(environment, [names.candidateRepository, names.releaseRepository]),
    ...reading(environment),
  ];
}

/** Deployments: also promote runs, releases, and the stack by way of the roles of `cdk bootstrap`. */
export function deploy(environment: Environment): Statement[] {
  const { names, region, account } = environment;
  return [
    ...runs(environment, ['evaluate', 'promote']),
    ...push(environment, names.candidateRepository, names.releaseRepository),
    ...pull(environment, [names.candidateRepository, names.releaseRepository]),
    ...reading(environment),
    // After an approval: the verdict was to hold, a person says otherwise.
    allow(['lambda:InvokeFunction'], [names.functions.promote.arn]),
    allow(['sts:AssumeRole'], bootstrapRoles(environment)),
    allow(
      ['ssm:GetParameter'],
      [`arn:${names.partition}:ssm:${region}:${account}:parameter/cdk-bootstrap/${names.qualifier}/version`],
    ),
    allow(
      ['cloudformation:DescribeStacks'],
      [`arn:${names.partition}:cloudformation:${region}:${account}:stack/${names.stack}/*`],
    ),
  ];
}

function runs(environment: Environment, machines: readonly ('evaluate' | 'promote')[]): Statement[] {
  const chosen = machines.map((machine) => environment.names.machines[machine]);
  return [
    allow(
      ['states:DescribeStateMachine', 'states:ListExecutions', 'states:StartExecution'],
      chosen.map(({ arn }) => arn),
    ),
    allow(
      ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:StopExecution'],
      chosen.map(({ name }) => executionArn(environment, name)),
    ),
  ];
}

function reading(environment: Environment): Statement[] {
  const { names, project, region, account, settings, sources } = environment;
  const artifacts = `arn:${names.partition}:s3:::${names.artifactsBucket}`;
  const sagemaker = (resource: string) => `arn:${names.partition}:sagemaker:${region}:${account}:${resource}`;
  const logs = Object.values(logGroups).map(
    (group) => `arn:${names.partition}:logs:${region}:${account}:log-group:${group}`,
  );
  return [
    allow(['s3:ListBucket'], [artifacts]),
    allow(['s3:GetObject'], [`${artifacts}/${project}/*`]),
    // What a run is made from, under names that are hashes of the content: written once, replaced never.
    allow(
      ['s3:PutObject'],
      ['code', 'data', 'scripts'].map((folder) => `${artifacts}/${project}/${folder}/*`),
      { Condition: { StringEquals: { 's3:if-none-match': '*' } } },
    ),
    ...readData(environment, sources),
    allow(['dynamodb:GetItem', 'dynamodb:Query'], [names.ledgerTableArn]),
    allow(
      ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
      [
        sagemaker(`model-package-group/${names.packageGroups}`),
        sagemaker(`model-package/${names.packageGroups}/*`),
      ],
    ),
    // Who cancels a run stops its jobs too: the runner of a workflow has seconds, close-run comes after.
    allow(
      [
        'sagemaker:DescribeHyperParameterTuningJob',
        'sagemaker:DescribeProcessingJob',
        'sagemaker:DescribeTrainingJob',
        'sagemaker:DescribeTransformJob',
        'sagemaker:ListTrainingJobsForHyperParameterTuningJob',
        'sagemaker:StopHyperParameterTuningJob',
        'sagemaker:StopProcessingJob',
        'sagemaker:StopTrainingJob',
        'sagemaker:StopTransformJob',
      ],
      ['hyper-parameter-tuning-job', 'processing-job', 'training-job', 'transform-job'].map((type) =>
        sagemaker(`${type}/${names.jobPrefix}-*`),
      ),
    ),
    allow(['sagemaker:DeleteModel'], [sagemaker(`model/${names.jobPrefix}-*`)]),
    ...stopPrepare(environment),
    // All jobs of an account log to the same groups: streams can be listed, but only those of this environment be read.
    allow(
      ['logs:DescribeLogStreams'],
      logs.map((group) => `${group}:*`),
    ),
    allow(
      ['logs:GetLogEvents'],
      logs.map((group) => `${group}:log-stream:${names.jobPrefix}-*`),
    ),
    ...(settings.kms_key ? [useKey(settings.kms_key)] : []),
  ];
}

function push(environment: Environment, ...repositories: string[]): Statement[] {
  return [
    allow(['ecr:GetAuthorizationToken'], ['*'], { because: 'a login token has no resource of its own' }),
    allow(
      ['ecr:CompleteLayerUpload', 'ecr:InitiateLayerUpload', 'ecr:PutImage', 'ecr:UploadLayerPart'],
      repositories.map((repository) => repositoryArn(environment, repository)),
    ),
  ];
}

function pull(environment: Environment, repositories: readonly string[]): Statement[] {
  return [
    allow(
      [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:DescribeImages',
        'ecr:GetDownloadUrlForLayer',
      ],
      repositories.map((repository) => repositoryArn(environment, repository)),
    ),
  ];
}

const repositoryArn = ({ names, region, account }: Environment, repository: string): string =>
  `arn:${names.partition}:ecr:${region}:${account}:repository/${repository}`;

const roleArn = ({ names, account }: Environment, name: string): string =>
  `arn:${names.partition}:iam::${account}:role/${name}`;

/** The roles that the CDK command line works through; not the one for look-ups, which reads the whole account. */
const bootstrapRoles = (environment: Environment): string[] => {
  const { names, account, region } = environment;
  return ['deploy-role', 'file-publishing-role'].map((role) =>
    roleArn(environment, `cdk-${names.qualifier}-${role}-${account}-${region}`),
  );
};

/** The company's boundary where mlops.yaml names one, else the identity stack's. */
export const boundaryArn = ({ names, account, settings }: Environment): string =>
  settings.permissions_boundary ??
  `arn:${names.partition}:iam::${account}:policy/${names.permissionsBoundary}`;
