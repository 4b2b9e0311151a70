import type { Environment } from '../../environment.ts';
import { arnOf, executionArn } from '../../iam/arn.ts';
import { statementsOf } from '../../iam/function-needs.ts';
import { allow, type Statement } from '../../iam/statement.ts';

/**
 * The policy of the function that starts runs, releases and looks: it writes nothing of them, only what landed last and, beside
 * a package that decayed, which run its decay has started.
 */
export function landedPolicy(environment: Environment, sources: readonly string[]): Statement[] {
  const { names } = environment;
  const looks = environment.looks.length > 0;
  const machines = [names.machines.promote, names.releaseMachine, ...(looks ? [names.monitorMachine] : [])];
  return [
    ...statementsOf(
      {
        reads: ['deployed', 'champion', ...(looks ? ['finding', 'monitoring'] : [])],
        writes: ['landed', ...(looks ? ['retrain'] : [])],
        data: true,
        events: true,
      },
      environment,
      sources,
    ),
    allow(
      ['states:StartExecution'],
      machines.map(({ arn }) => arn),
    ),
    allow(
      ['states:DescribeExecution'],
      machines.map(({ name }) => executionArn(environment, name)),
    ),
    allow(['scheduler:CreateSchedule'], [schedules(environment)]),
    allow(['iam:PassRole'], [names.schedulerRole.arn], {
      Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    }),
  ];
}

/** The policy of EventBridge Scheduler: it calls the one function, and keeps what it could not tell. */
export const schedulerPolicy = ({ names }: Environment): Statement[] => [
  allow(['lambda:InvokeFunction'], [names.functions.landed.arn]),
  allow(['sqs:SendMessage'], [names.lostEventsArn]),
];

/** CloudFormation's actions on the group and its timetables. */
export const triggersDeployment = (environment: Environment): Statement[] => [
  allow(
    [
      'scheduler:CreateScheduleGroup',
      'scheduler:DeleteScheduleGroup',
      'scheduler:GetScheduleGroup',
      'scheduler:ListTagsForResource',
      'scheduler:TagResource',
      'scheduler:UntagResource',
    ],
    [arnOf(environment, 'scheduler', `schedule-group/${environment.names.scheduleGroup}`)],
  ),
  allow(
    [
      'scheduler:CreateSchedule',
      'scheduler:DeleteSchedule',
      'scheduler:GetSchedule',
      'scheduler:UpdateSchedule',
    ],
    [schedules(environment)],
  ),
];

const schedules = (environment: Environment): string =>
  arnOf(environment, 'scheduler', `schedule/${environment.names.scheduleGroup}/*`);
