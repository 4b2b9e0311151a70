import type { Environment } from '../../environment.ts';
import { arnOf } from '../../iam/arn.ts';
import { statementsOf } from '../../iam/function-needs.ts';
import { allow, type Statement } from '../../iam/statement.ts';

/** The policy of the function in front of the endpoints: it reads what is released, asks, and keeps what it was asked. */
export const predictPolicy = (environment: Environment): Statement[] => [
  ...statementsOf(
    { reads: ['pointer'], folders: ['captures'], registry: 'read' },
    environment,
    environment.sources,
  ),
  allow(
    ['sagemaker:InvokeEndpoint'],
    [arnOf(environment, 'sagemaker', `endpoint/${environment.names.jobPrefix}-*`)],
  ),
];

/** The policy for whoever asks for predictions: the one function, through its URL alone. */
export function callersPolicy({ names }: Environment): Statement[] {
  const { arn } = names.functions.predict;
  return [
    allow(['lambda:InvokeFunctionUrl'], [arn], {
      Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
    }),
    // A call through a URL is both.
    allow(['lambda:InvokeFunction'], [arn], {
      Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
    }),
  ];
}

/** The alarms that end an update in steps, as the release machine names them: `{}` stands for the model. */
export const endpointAlarms = ({ served, names }: Environment): string[] =>
  served.some(({ mode }) => mode === 'endpoint') ? [`${names.stack}--${endpointErrors('{}')}`] : [];

export const endpointErrors = (model: string): string => `endpoint-errors-${model}`;

/** SageMaker reads the alarms as the caller, and as the model's role. */
export const readEndpointAlarms = (environment: Environment): Statement[] =>
  endpointAlarms(environment).map((name) =>
    allow(
      ['cloudwatch:DescribeAlarms'],
      [arnOf(environment, 'cloudwatch', `alarm:${name.replace('{}', '*')}`)],
    ),
  );
