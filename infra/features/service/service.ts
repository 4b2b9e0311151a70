import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type FunctionUrl, FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { endpointName, variantName } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import { type FunctionCode, Functions } from '../../foundation/functions.ts';
import { graph, type Operations } from '../../foundation/operations.ts';
import { endpointErrors, predictPolicy } from './service-policy.ts';

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
    const of = (model: string, metricName: string, statistic: string) =>
      new Metric({
        namespace: 'AWS/SageMaker',
        metricName,
        dimensionsMap: { EndpointName: endpointName(names.jobPrefix, model), VariantName: variantName },
        label: model,
        statistic,
        period: Duration.minutes(1),
      });
    operations.watch({
      alarms: [
        ...served
          .filter(({ mode }) => mode === 'endpoint')
          .map(({ model }) => ({
            // Also ends an update in steps.
            name: endpointErrors(model),
            description: `The endpoint of ${model} answers with errors`,
            metric: of(model, 'Invocation5XXErrors', Stats.SUM),
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
            served.map(({ model }) => of(model, 'Invocations', Stats.SUM)),
          ),
          graph(
            'Time of models, microseconds',
            served.map(({ model }) => of(model, 'ModelLatency', Stats.AVERAGE)),
          ),
        ],
      ],
    });
  }
}
