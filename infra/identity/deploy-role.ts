import type { Environment } from '../environment.ts';
import { arnOf } from '../iam/arn.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { bootstrapRoles } from './bootstrap-roles.ts';
import { cleanSmoke } from './smoke-access.ts';
import { pull, push, read, run } from './workflow-access.ts';

/** The policy of deployments, which also promote, release images, and deploy the stack through the roles of `cdk bootstrap`. */
export function deployPolicy(environment: Environment): Statement[] {
  const { names } = environment;
  return [
    ...run(environment, ['evaluate', 'promote']),
    ...push(environment, names.candidateRepository, names.releaseRepository),
    ...pull(environment, [names.candidateRepository, names.releaseRepository]),
    ...read(environment),
    ...cleanSmoke(environment),
    // A person approved a candidate whose verdict was hold.
    allow(['lambda:InvokeFunction'], [names.functions.promote.arn]),
    allow(['sts:AssumeRole'], bootstrapRoles(environment)),
    allow(
      ['ssm:GetParameter'],
      [arnOf(environment, 'ssm', `parameter/cdk-bootstrap/${names.qualifier}/version`)],
    ),
    allow(
      ['cloudformation:DescribeStacks'],
      [arnOf(environment, 'cloudformation', `stack/${names.stack}/*`)],
    ),
  ];
}
