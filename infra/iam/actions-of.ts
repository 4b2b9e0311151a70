import type { Branch, Json, State, StateMachine, TaskState } from '../../pipeline/machines/asl.ts';
import type { Place } from '../environment.ts';
import { arnOf, artifactsArn, ownJobsArn } from './arn.ts';
import { allow, onlyKinds, type Statement } from './statement.ts';

/**
 * The statements that a role needs to run a document, and no more: one for each call, merged if they are alike. Throws on an
 * integration that no document uses so far. A `.sync` task also describes and stops its job, and learns of its end from an
 * EventBridge rule that Step Functions manages
 * (https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html).
 * The document must have ARNs and names, not `${substitutions}`.
 */
export function actionsOf(document: StateMachine, place: Place): Statement[] {
  const tasks = tasksOf(document);
  const families = tasks.flatMap(({ Parameters = {} }) =>
    'Family' in Parameters ? [text(Parameters, 'Family')] : [],
  );
  return merge(tasks.flatMap((task) => statementsOf(task, place, families)));
}

/** Every task of the document, including those of branches. */
function tasksOf(branch: Branch): TaskState[] {
  return Object.values(branch.States).flatMap((state: State) => {
    if (state.Type === 'Task') return [state];
    if (state.Type === 'Parallel') return state.Branches.flatMap(tasksOf);
    return [];
  });
}

/** `families` are those of the task definitions that the document registers. */
function statementsOf(task: TaskState, place: Place, families: readonly string[]): Statement[] {
  const integration = /^arn:aws[a-z-]*:states:::(.*)$/.exec(task.Resource)?.[1] ?? task.Resource;
  const parameters = task.Parameters ?? {};
  const job = jobs[integration];
  if (job) return jobStatements(job, parameters, place);
  const own = (type: string) => [ownJobsArn(place, type)];
  switch (integration) {
    case 'lambda:invoke':
      return [allow(['lambda:InvokeFunction'], [text(parameters, 'FunctionName')])];
    case 'dynamodb:putItem':
      return [allow(['dynamodb:PutItem'], [place.names.ledgerTableArn], onlyKinds([itemKind(parameters)]))];
    case 'sagemaker:createModel':
      return [
        allow(['sagemaker:CreateModel', ...tagging(parameters)], own('model')),
        passRole(text(parameters, 'ExecutionRoleArn')),
      ];
    case 'glue:startJobRun.sync':
      return [
        allow(
          ['glue:BatchStopJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:StartJobRun'],
          [arnOf(place, 'glue', `job/${text(parameters, 'JobName')}`)],
        ),
      ];
    case 'aws-sdk:ecs:registerTaskDefinition':
      return [
        allow(['ecs:RegisterTaskDefinition'], ['*'], { because: definitions }),
        ...('Tags' in parameters
          ? [
              allow(
                ['ecs:TagResource'],
                [arnOf(place, 'ecs', `task-definition/${text(parameters, 'Family')}:*`)],
              ),
            ]
          : []),
        passRole(text(parameters, 'TaskRoleArn'), 'ecs-tasks.amazonaws.com'),
        passRole(text(parameters, 'ExecutionRoleArn'), 'ecs-tasks.amazonaws.com'),
      ];
    case 'aws-sdk:ecs:deregisterTaskDefinition':
      return [allow(['ecs:DeregisterTaskDefinition'], ['*'], { because: definitions })];
    case 'ecs:runTask.sync':
      return taskStatements(parameters, place, families);
    case 'aws-sdk:glue:batchCreatePartition': {
      const [database, table] = [text(parameters, 'DatabaseName'), text(parameters, 'TableName')];
      return [
        allow(
          ['glue:BatchCreatePartition'],
          ['catalog', `database/${database}`, `table/${database}/${table}`].map((resource) =>
            arnOf(place, 'glue', resource),
          ),
        ),
      ];
    }
    case 'aws-sdk:s3:getObject':
      // The only object that a document reads is the reason why a prepare job failed.
      return [allow(['s3:GetObject'], [artifactsArn(place, 'jobs-*')])];
    case 'aws-sdk:sagemaker:deleteModel':
      return [allow(['sagemaker:DeleteModel'], own('model'))];
    case 'sagemaker:createEndpointConfig':
      return [allow(['sagemaker:CreateEndpointConfig', ...tagging(parameters)], own('endpoint-config'))];
    case 'aws-sdk:sagemaker:deleteEndpointConfig':
      return [allow(['sagemaker:DeleteEndpointConfig'], own('endpoint-config'))];
    // Both the endpoint and the config that it gets are resources of these two calls.
    case 'sagemaker:createEndpoint':
      return [
        allow(
          ['sagemaker:CreateEndpoint', ...tagging(parameters)],
          [...own('endpoint'), ...own('endpoint-config')],
        ),
      ];
    case 'sagemaker:updateEndpoint':
      return [allow(['sagemaker:UpdateEndpoint'], [...own('endpoint'), ...own('endpoint-config')])];
    case 'aws-sdk:sagemaker:describeEndpoint':
      return [allow(['sagemaker:DescribeEndpoint'], own('endpoint'))];
    case 'aws-sdk:sagemaker:deleteEndpoint':
      return [allow(['sagemaker:DeleteEndpoint'], own('endpoint'))];
    case 'aws-sdk:sagemaker:describeTrainingJob':
      return [allow(['sagemaker:DescribeTrainingJob'], own('training-job'))];
    default:
      throw new Error(
        `${task.Resource}: got a task without a known policy; add its actions to infra/iam/actions-of.ts`,
      );
  }
}

interface Job {
  /** The job's name in actions: Create..., Describe..., Stop.... */
  readonly name: string;
  /** The job's name in ARNs. */
  readonly type: string;
  /** The job's name in the managed rule. */
  readonly rule: string;
}

const jobs: Readonly<Record<string, Job>> = {
  'sagemaker:createProcessingJob.sync': {
    name: 'ProcessingJob',
    type: 'processing-job',
    rule: 'ProcessingJobs',
  },
  'sagemaker:createTrainingJob.sync': { name: 'TrainingJob', type: 'training-job', rule: 'TrainingJobs' },
  'sagemaker:createTransformJob.sync': {
    name: 'TransformJob',
    type: 'transform-job',
    rule: 'TransformJobs',
  },
  'sagemaker:createHyperParameterTuningJob.sync': {
    name: 'HyperParameterTuningJob',
    type: 'hyper-parameter-tuning-job',
    rule: 'TuningJobs',
  },
};

function jobStatements({ name, type, rule }: Job, parameters: Parameters, place: Place): Statement[] {
  // The definition of a tuning job's training jobs has its role.
  const definition = parameters.TrainingJobDefinition;
  const role = isObject(definition) ? text(definition, 'RoleArn') : parameters.RoleArn;
  return [
    allow(
      [
        `sagemaker:Create${name}`,
        `sagemaker:Describe${name}`,
        `sagemaker:Stop${name}`,
        'sagemaker:ListTags',
        ...tagging(parameters),
      ],
      [ownJobsArn(place, type)],
    ),
    ...(typeof role === 'string' ? [passRole(role)] : []),
    allow(
      ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      [arnOf(place, 'events', `rule/StepFunctionsGetEventsForSageMaker${rule}Rule`)],
    ),
  ];
}

const definitions = 'IAM sees no resource in these two calls; what runs is held to the family';

/** A task of the environment's cluster and of these families; its id is not known before it runs. */
function taskStatements(parameters: Parameters, place: Place, families: readonly string[]): Statement[] {
  const cluster = text(parameters, 'Cluster');
  const definitions = [...new Set(families)].map((family) =>
    arnOf(place, 'ecs', `task-definition/${family}:*`),
  );
  return [
    allow(['ecs:RunTask'], definitions, { Condition: { ArnEquals: { 'ecs:cluster': [cluster] } } }),
    allow(
      ['ecs:DescribeTasks', 'ecs:StopTask', ...('PropagateTags' in parameters ? ['ecs:TagResource'] : [])],
      [`${cluster.replace(':cluster/', ':task/')}/*`],
    ),
    allow(
      ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
      [arnOf(place, 'events', 'rule/StepFunctionsGetEventsForECSTaskRule')],
    ),
  ];
}

const passRole = (role: string, service = 'sagemaker.amazonaws.com'): Statement =>
  allow(['iam:PassRole'], [role], {
    Condition: { StringEquals: { 'iam:PassedToService': service } },
  });

const tagging = (parameters: Parameters): string[] => ('Tags' in parameters ? ['sagemaker:AddTags'] : []);

/** The kind in an item's key, which the document writes as `States.Format('KIND/{}', MODEL)`. */
function itemKind(parameters: Parameters): string {
  const item = parameters.Item;
  const kind = isObject(item) ? item.kind : undefined;
  if (!isObject(kind)) throw new Error(`dynamodb:putItem: got no Item.kind, ${expectedKind}`);
  const [, found] = /^States\.Format\('([\w-]+)\/\{\}', \$\.request\.model\)$/.exec(text(kind, 'S.$')) ?? [];
  if (found === undefined)
    throw new Error(`dynamodb:putItem: got the kind ${text(kind, 'S.$')}, ${expectedKind}`);
  return found;
}

const expectedKind = "expected { 'S.$': States.Format('KIND/{}', $.request.model) }";

/** Merges actions on the same resources under the same condition into one statement, in a fixed order. */
function merge(statements: readonly Statement[]): Statement[] {
  const byScope = new Map<string, Statement>();
  for (const statement of statements) {
    const scope = JSON.stringify([statement.Resource, statement.Condition]);
    const before = byScope.get(scope);
    byScope.set(scope, {
      ...statement,
      Action: [...new Set([...(before?.Action ?? []), ...statement.Action])].sort(),
    });
  }
  return [...byScope.values()];
}

type Parameters = { readonly [key: string]: Json };

const isObject = (value: Json | undefined): value is Parameters =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function text(parameters: Parameters, key: string): string {
  const value = parameters[key];
  if (typeof value !== 'string' || value === '')
    throw new Error(
      `got ${JSON.stringify(value)} for ${key}, expected a name written in the document: ` +
        'a policy cannot be limited to a name that only the run knows',
    );
  return value;
}
