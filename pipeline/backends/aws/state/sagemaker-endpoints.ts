import { clientOf } from '../../../aws/clients.ts';
import { EndpointError } from '../../../errors.ts';
import { variantName } from '../../../names.ts';
import type { Endpoints, Traffic } from '../../../ports.ts';

/** Errors of InvokeEndpoint that are the endpoint's or the model's; all others are the caller's or AWS's. */
const noAnswer = ['ModelError', 'ModelNotReadyException', 'ValidationError', 'ServiceUnavailable'];

/** Endpoints of SageMaker. The clients load when an endpoint is asked, which few functions ever do. */
export class SageMakerEndpoints implements Endpoints {
  readonly #region: string;

  constructor(region: string) {
    this.#region = region;
  }

  async invoke(name: string, { contentType, body }: { contentType: string; body: string }): Promise<string> {
    const { SageMakerRuntimeClient, InvokeEndpointCommand } = await import(
      '@aws-sdk/client-sagemaker-runtime'
    );
    let answer: Uint8Array | undefined;
    try {
      const { Body } = await clientOf(SageMakerRuntimeClient, this.#region).send(
        new InvokeEndpointCommand({
          EndpointName: name,
          ContentType: contentType,
          Accept: contentType,
          Body: new TextEncoder().encode(body),
        }),
      );
      answer = Body;
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (noAnswer.includes(kind)) throw new EndpointError(`${kind}: ${message}`);
      throw error;
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(answer ?? new Uint8Array());
    } catch {
      throw new EndpointError(`got an answer of ${answer?.length} bytes that is no UTF-8, expected text`);
    }
  }

  /** CloudWatch counts by the minute, and counts old and new instances of an update together. */
  async traffic(name: string, since: Date): Promise<Traffic> {
    const { CloudWatchClient, GetMetricDataCommand } = await import('@aws-sdk/client-cloudwatch');
    const sum = (Id: string, MetricName: string) => ({
      Id,
      MetricStat: {
        Metric: {
          Namespace: 'AWS/SageMaker',
          MetricName,
          Dimensions: [
            { Name: 'EndpointName', Value: name },
            { Name: 'VariantName', Value: variantName },
          ],
        },
        Period: 60,
        Stat: 'Sum',
      },
    });
    const totals = new Map<string, number>();
    let NextToken: string | undefined;
    do {
      const page = await clientOf(CloudWatchClient, this.#region).send(
        new GetMetricDataCommand({
          StartTime: since,
          EndTime: new Date(),
          MetricDataQueries: [sum('requests', 'Invocations'), sum('errors', 'Invocation5XXErrors')],
          NextToken,
        }),
      );
      for (const { Id = '', Values = [] } of page.MetricDataResults ?? [])
        totals.set(
          Id,
          Values.reduce((total, value) => total + value, totals.get(Id) ?? 0),
        );
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return { requests: totals.get('requests') ?? 0, errors: totals.get('errors') ?? 0 };
  }
}
