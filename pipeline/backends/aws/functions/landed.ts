import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { sfnClient } from '../../../aws/clients.ts';
import { createSchedule } from '../../../aws/create-schedule.ts';
import { canonicalJson } from '../../../hash.ts';
import type { MonitorRequest } from '../../../machines/monitor-request.ts';
import type { Request } from '../../../machines/request.ts';
import { type ResourceNames, resourceNames } from '../../../names.ts';
import { overdueMetric } from '../../../steps/monitor/look-metrics.ts';
import { type LandedEvent, startLanded } from './start-landed.ts';
import { handlerFor } from './step-handler.ts';

const executions = sfnClient();

/** Starts the runs, releases and looks that data, timetables, promotions and decay ask for; its log says why not. */
export const handler = handlerFor(async (event: LandedEvent, contextOf, { invokedFunctionArn }) => {
  const names = namesOf(invokedFunctionArn);
  const region = process.env.AWS_REGION ?? '';
  const said = await startLanded(event, {
    contextOf,
    start: (machine, name, request) => start(machineOf[machine](names).arn, name, { request }),
    requestOf: async (arn) => (await inputOf<Request>(arn)).request,
    modelOf: async (arn) => (await inputOf<MonitorRequest>(arn)).request.model,
    schedule: (name, seconds, look) =>
      createSchedule({
        region,
        group: names.scheduleGroup,
        name,
        at: new Date(Date.now() + seconds * 1000),
        target: {
          Arn: names.functions.landed.arn,
          RoleArn: names.schedulerRole.arn,
          Input: JSON.stringify(look),
          DeadLetterConfig: { Arn: names.lostEventsArn },
        },
      }),
    // Not with console.log, because Lambda would put the time before the line, which must be only JSON.
    overdue: (model, is) =>
      process.stdout.write(`${overdueMetric({ stack: names.stack, model, is, at: new Date() })}\n`),
  });
  console.log(said);
  return { said };
});

const machineOf = {
  promote: ({ machines }: ResourceNames) => machines.promote,
  release: ({ releaseMachine }: ResourceNames) => releaseMachine,
  monitor: ({ monitorMachine }: ResourceNames) => monitorMachine,
};

/** Step Functions answers a second start with the same input as if it were the first, while the execution runs. */
async function start(stateMachineArn: string, name: string, input: object): Promise<string> {
  const asked = Date.now();
  try {
    const { startDate } = await executions.send(
      new StartExecutionCommand({ stateMachineArn, name, input: canonicalJson(input) }),
    );
    return startDate !== undefined && startDate.getTime() < asked - slack ? 'RUNNING' : 'started';
  } catch (error) {
    if ((error as Error).name !== 'ExecutionAlreadyExists') throw error;
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const { status = 'ended' } = await executions.send(new DescribeExecutionCommand({ executionArn }));
    return status;
  }
}

async function inputOf<Asked>(executionArn: string): Promise<{ request: Asked }> {
  const { input = '{}' } = await executions.send(new DescribeExecutionCommand({ executionArn }));
  return JSON.parse(input) as { request: Asked };
}

/** Milliseconds by which clocks may differ. */
const slack = 30_000;

/** The names of the environment, from the function's ARN: arn:PARTITION:lambda:REGION:ACCOUNT:function:PROJECT--ENV--landed. */
function namesOf(arn: string): ResourceNames {
  const [, , , region = '', account = '', , name = ''] = arn.split(':');
  const [project = '', environment = ''] = name.split('--');
  return resourceNames({ project, environment, account, region });
}
