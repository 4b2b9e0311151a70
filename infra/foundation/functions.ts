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
import type { FunctionName } from '../../pipeline/names.ts';
import type { EncryptedProps } from '../encrypted-props.ts';
import { networkInterfaces } from '../iam/access.ts';
import { serviceRole } from '../iam/service-role.ts';
import { allow, type Statement } from '../iam/statement.ts';

/** The code of a function: a folder with index.mjs that exports `handler`. */
export type FunctionCode = (name: FunctionName) => Code;

/** What a function has that not all have. */
export interface FunctionSettings {
  /** The access of its role, beside its log and, in a VPC, its network interface. */
  readonly statements: readonly Statement[];
  /** Memory in MB, which also decides the share of a processor. @default 512 */
  readonly memory?: number;
  /** Environment variables of its own. @default none */
  readonly variables?: Readonly<Record<string, string>>;
}

interface FunctionsProps<Name extends FunctionName> extends EncryptedProps {
  readonly code: FunctionCode;
  readonly functions: Readonly<Record<Name, FunctionSettings>>;
}

/**
 * The functions of a feature. None has reserved concurrency: a new account's quota of 10 leaves none to reserve, and
 * conditional writes of the ledger protect what must happen once.
 */
export class Functions<Name extends FunctionName> extends Construct {
  readonly all: Readonly<Record<Name, LambdaFunction>>;

  constructor(scope: Construct, id: string, { environment, code, functions, key }: FunctionsProps<Name>) {
    super(scope, id);
    const { names, settings, project } = environment;
    const make = (name: Name, { statements, memory = 512, variables }: FunctionSettings): LambdaFunction => {
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
        memorySize: memory,
        timeout: Duration.minutes(15),
        // An execution lasts up to five days and calls the versions that it started with, also after a deployment.
        currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
        environment: {
          MLOPS_PROJECT: project,
          MLOPS_BUCKET: names.artifactsBucket,
          MLOPS_LEDGER: names.ledgerTable,
          MLOPS_STACK: names.stack,
          MLOPS_JOB_PREFIX: names.jobPrefix,
          ...variables,
          MLOPS_TOPIC: names.notificationTopicArn,
        },
        ...(key && { environmentEncryption: key }),
        logGroup,
        role: serviceRole(this, `${name}-role`, {
          environment,
          roleName: functionName,
          service: 'lambda.amazonaws.com',
          statements: [
            ...statements,
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
      (Object.entries(functions) as [Name, FunctionSettings][]).map(([name, own]) => [name, make(name, own)]),
    ) as Record<Name, LambdaFunction>;
  }
}
