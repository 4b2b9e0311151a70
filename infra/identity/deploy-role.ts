import type { Environment } from '../environment.ts';
import { arnOf } from '../iam/arn.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { assumableRoles, toolkitParameter } from './toolkit-roles.ts';
import { pull, pullReviewed, push, read, run } from './workflow-access.ts';

/** The policy of deployments, which also promote, release images, and deploy the stack through the toolkit's roles. */
export function deployPolicy(environment: Environment): Statement[] {
  const { names } = environment;
  return [
    ...run(environment, ['evaluate', 'promote', 'release', 'monitor']),
    ...push(environment, names.candidateRepository, names.releaseRepository),
    ...pull(environment, [names.candidateRepository, names.releaseRepository]),
    ...pullReviewed(environment),
    ...read(environment, ['evaluate', 'promote']),
    // A person approved a candidate whose verdict was hold.
    allow(['lambda:InvokeFunction'], [names.functions.promote.arn]),
    allow(['sts:AssumeRole'], assumableRoles(environment)),
    allow(['ssm:GetParameter'], [arnOf(environment, 'ssm', `parameter${toolkitParameter(environment)}`)]),
    allow(
      ['cloudformation:DescribeStacks'],
      [arnOf(environment, 'cloudformation', `stack/${names.stack}/*`)],
    ),
  ];
}
