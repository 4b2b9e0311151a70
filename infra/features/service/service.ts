import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type FunctionUrl, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { endpointName, variantName } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import { type FunctionCode, Functions } from '../../foundation/functions.ts';
import { graph, type Operations } from '../../foundation/operations.ts';
import { endpointErrors, predictPolicy } from './service-policy.ts';

type Served = EncryptedProps['environment']['served'][number];

interface ServiceProps extends EncryptedProps {
  readonly code: FunctionCode;
  readonly operations: Operations;
}

/**
 * The prediction service in front of the endpoints: one function, whose URL asks IAM who calls. It costs nothing at rest. The
 * endpoints themselves are the release machine's to make and to change, so no deployment touches them.
 */
export class ServiceFeature extends Construct {
  readonly url: FunctionUrl;

  constructor(scope: Construct, id: string, { environment, code, operations, key }: ServiceProps) {
    super(scope, id);
    const { names, served } = environment;
    const { predict } = new Functions(this, 'Functions', {
      environment,
      code,
      functions: {
        predict: {
          statements: predictPolicy(environment),
          variables: { MLOPS_SERVED: served.map(({ model }) => model).join(',') },
        },
      },
      key,
    }).all;
    this.url = predict.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    const of = ({ model, mode }: Served, metricName: string, statistic: string, label?: string) =>
      new Metric({
        namespace: 'AWS/SageMaker',
        metricName,
        dimensionsMap: { EndpointName: endpointName(names.jobPrefix, model, mode), VariantName: variantName },
        ...(label !== undefined && { label }),
        statistic,
        period: Duration.minutes(1),
      });
    operations.watch({
      alarms: [
        ...served
          .filter(({ mode }) => mode === 'endpoint')
          .map((each) => ({
            // Also ends an update in steps.
            name: endpointErrors(each.model),
            description: `The endpoint of ${each.model} answers with errors`,
            metric: of(each, 'Invocation5XXErrors', Stats.SUM),
          })),
        {
          name: 'predict-failed',
          description: 'The prediction service failed by itself',
          metric: predict.metricErrors(),
        },
      ],
      rows: [
        [
          graph(
            'Requests to endpoints, a minute',
            served.map((each) => of(each, 'Invocations', Stats.SUM, each.model)),
          ),
          graph(
            'Time of models, microseconds',
            served.map((each) => of(each, 'ModelLatency', Stats.AVERAGE, each.model)),
          ),
        ],
      ],
    });
  }
}
