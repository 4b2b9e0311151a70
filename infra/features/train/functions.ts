import {
  Architecture,
  type CfnFunction,
  type Code,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { FunctionName } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import { decryptData, networkInterfaces } from '../../iam/access.ts';
import { serviceRole } from '../../iam/service-role.ts';
import { allow } from '../../iam/statement.ts';
import { functionPolicy } from './function-policy.ts';
import { engineAccess } from './prepare/engine-access.ts';

/** The code of a function: a folder with index.mjs that exports `handler`. */
export type FunctionCode = (name: FunctionName) => Code;

interface FunctionsProps extends EncryptedProps {
  readonly code: FunctionCode;
}

/**
 * Memory in MB, which also decides the share of a processor. Plan checks up to 200 MB of data, which it keeps on Lambda's
 * 512 MB disk: 13.7 million rows of an id and a label took 1.2 GB. Gate keeps the scores of all holdout rows in memory.
 */
const memory: Partial<Record<FunctionName, number>> = { plan: 1769, gate: 1769 };
const usualMemory = 512;

/**
 * The functions that the machines call, and the one that closes runs. None has reserved concurrency: a new account's quota
 * of 10 leaves none to reserve, and conditional writes of the ledger protect what must happen once.
 */
export class Functions extends Construct {
  readonly all: Readonly<Record<FunctionName, LambdaFunction>>;

  constructor(scope: Construct, id: string, { environment, code, key }: FunctionsProps) {
    super(scope, id);
    const { names, settings, project } = environment;
    const make = (name: FunctionName): LambdaFunction => {
      const { name: functionName } = names.functions[name];
      const logGroup = new LogGroup(this, `${name}-log`, {
        logGroupName: `/aws/lambda/${functionName}`,
        retention: RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
        ...(key && { encryptionKey: key }),
      });
      const made = new LambdaFunction(this, name, {
        functionName,
        description: `${project}: ${name}`,
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        handler: 'index.handler',
        code: code(name),
        memorySize: memory[name] ?? usualMemory,
        timeout: Duration.minutes(15),
        // An execution lasts up to five days and calls the versions that it started with, also after a deployment.
        currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
        environment: {
          MLOPS_PROJECT: project,
          MLOPS_BUCKET: names.artifactsBucket,
          MLOPS_LEDGER: names.ledgerTable,
          MLOPS_STACK: names.stack,
          MLOPS_JOB_PREFIX: names.jobPrefix,
          // A pull request brings its own budget, so the deployed one is its ceiling.
          ...(name === 'plan' &&
            environment.mostRunUsd !== null && { MLOPS_MOST_RUN_USD: String(environment.mostRunUsd) }),
          MLOPS_TOPIC: names.notificationTopicArn,
        },
        ...(key && { environmentEncryption: key }),
        logGroup,
        role: serviceRole(this, `${name}-role`, {
          environment,
          roleName: functionName,
          service: 'lambda.amazonaws.com',
          statements: [
            ...functionPolicy(name, environment, environment.sources),
            ...(name === 'plan' ? decryptData(settings) : []),
            ...(name === 'close-run' ? engineAccess(environment).stop(environment) : []),
            allow(
              ['logs:CreateLogStream', 'logs:PutLogEvents'],
              [
                `arn:${names.partition}:logs:${environment.region}:${environment.account}:log-group:/aws/lambda/${functionName}:*`,
              ],
            ),
            ...(settings.vpc ? [networkInterfaces] : []),
          ],
        }).withoutPolicyUpdates(),
      });
      if (settings.vpc)
        (made.node.defaultChild as CfnFunction).vpcConfig = {
          subnetIds: settings.vpc.subnets,
          securityGroupIds: settings.vpc.security_groups,
        };
      return made;
    };
    this.all = Object.fromEntries(
      (Object.keys(names.functions) as FunctionName[]).map((name) => [name, make(name)]),
    ) as Record<FunctionName, LambdaFunction>;
  }
}
