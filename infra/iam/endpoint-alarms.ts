import type { Environment } from '../environment.ts';
import { arnOf } from './arn.ts';
import { allow, type Statement } from './statement.ts';

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
