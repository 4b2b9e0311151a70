import { join } from 'node:path';
import { CfnConnection, CfnJob, CfnSecurityConfiguration } from 'aws-cdk-lib/aws-glue';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { sha256Json } from '../../../../pipeline/hash.ts';
import { prepareContext } from '../../../../pipeline/repository.ts';
import { acknowledge } from '../../../acknowledge.ts';
import type { EncryptedProps } from '../../../encrypted-props.ts';
import { serviceRole } from '../../../iam/service-role.ts';
import type { MachineName } from '../machine-policy.ts';
import { type DeployedEngine, type DeployedEngines, withPlaceholders } from './engine.ts';
import { glueJobPolicy } from './glue-policy.ts';

const prepare = (path: string): string => join(prepareContext, path);

/** The number of runs, of all pull requests together, at a time; others wait. */
const mostRuns = 20;

/**
 * The prepare job as two Glue 5.0 jobs, one for each machine, because a Glue job has one role. Its driver runs the program of pipeline/prepare (Python 3.11), with the packages
 * that requirements.txt pins by their hashes. A job that does not run costs nothing.
 */
export class GlueJob extends Construct {
  readonly deployed: DeployedEngines;

  constructor(scope: Construct, id: string, { environment, key }: EncryptedProps) {
    super(scope, id);
    const { settings } = environment;
    const { prepare: names } = environment.names;
    const script = new Asset(this, 'Script', { path: prepare('glue.py') });
    const requirements = new Asset(this, 'Requirements', { path: prepare('requirements.txt') });
    const program = new Asset(this, 'Program', {
      path: prepare('src'),
      exclude: ['**/__pycache__', '**/*.pyc'],
    });
    const assets = [script, requirements, program];
    for (const name of ['output', 'error'])
      new LogGroup(this, `${name}-log`, {
        logGroupName: `${names.glueLogs}/${name}`,
        retention: RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
        ...(key && { encryptionKey: key }),
      });

    const connections = (settings.vpc?.subnets ?? []).map((subnetId, index) => {
      const connection = new CfnConnection(this, `Connection${index + 1}`, {
        catalogId: environment.account,
        connectionInput: {
          name: `${names.job}-${index + 1}`,
          connectionType: 'NETWORK',
          connectionProperties: {},
          physicalConnectionRequirements: {
            subnetId,
            securityGroupIdList: settings.vpc?.security_groups ?? [],
            // Glue requires the zone, although the subnet implies it.
            ...(settings.vpc?.availability_zones[index] !== undefined && {
              availabilityZone: settings.vpc.availability_zones[index],
            }),
          },
        },
      });
      return connection.ref;
    });
    const security =
      key &&
      new CfnSecurityConfiguration(this, 'Security', {
        name: names.job,
        encryptionConfiguration: {
          cloudWatchEncryption: { cloudWatchEncryptionMode: 'SSE-KMS', kmsKeyArn: key.keyArn },
          jobBookmarksEncryption: { jobBookmarksEncryptionMode: 'CSE-KMS', kmsKeyArn: key.keyArn },
          s3Encryptions: [{ s3EncryptionMode: 'SSE-KMS', kmsKeyArn: key.keyArn }],
        },
      });
    const engine = (mode: MachineName, start: string): DeployedEngine => {
      const {
        job: name,
        role: { name: roleName },
      } = names[mode];
      const role = serviceRole(this, `${start}Role`, {
        environment,
        roleName,
        service: 'glue.amazonaws.com',
        statements: glueJobPolicy(
          environment,
          mode,
          assets.map(({ s3ObjectKey }) => s3ObjectKey),
        ),
      });
      const job = new CfnJob(this, `${start}Job`, {
        name,
        description: `${environment.project}: prepare, ${mode}`,
        role: role.roleArn,
        glueVersion: '5.0',
        command: { name: 'glueetl', pythonVersion: '3', scriptLocation: script.s3ObjectUrl },
        // Each run sets its own size and timeout.
        workerType: 'G.1X',
        numberOfWorkers: 2,
        timeout: 60,
        maxRetries: 0,
        executionProperty: { maxConcurrentRuns: mostRuns },
        defaultArguments: {
          '--job-language': 'python',
          '--extra-py-files': program.s3ObjectUrl,
          '--additional-python-modules': requirements.s3ObjectUrl,
          '--python-modules-installer-option': '-r',
          '--job-bookmark-option': 'job-bookmark-disable',
          '--custom-logGroup-prefix': names.glueLogs,
        },
        ...(connections.length > 0 && { connections: { connections } }),
        ...(security && { securityConfiguration: security.ref }),
      });
      if (!security)
        acknowledge(job, {
          'AwsSolutions-GL1':
            'logs are encrypted with a key of CloudWatch; environments.NAME.kms_key names another',
          'AwsSolutions-GL3':
            'the job keeps no bookmarks; environments.NAME.kms_key makes a security configuration',
        });
      return withPlaceholders(
        { name: 'glue', job: name, program: sha256Json(assets.map(({ assetHash }) => assetHash)) },
        { job: job.ref },
      );
    };
    this.deployed = { evaluate: engine('evaluate', 'Evaluate'), promote: engine('promote', '') };
  }
}
