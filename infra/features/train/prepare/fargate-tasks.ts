import {
  CfnInternetGateway,
  CfnRoute,
  CfnRouteTable,
  CfnSecurityGroup,
  CfnSubnet,
  CfnSubnetRouteTableAssociation,
  CfnVPC,
  CfnVPCEndpoint,
  CfnVPCGatewayAttachment,
} from 'aws-cdk-lib/aws-ec2';
import { CfnCluster } from 'aws-cdk-lib/aws-ecs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../../../acknowledge.ts';
import type { EncryptedProps } from '../../../encrypted-props.ts';
import type { Environment } from '../../../environment.ts';
import { serviceRole } from '../../../iam/service-role.ts';
import type { MachineName } from '../machine-policy.ts';
import { type DeployedEngine, type DeployedEngines, withPlaceholders } from './engine.ts';
import { taskExecutionPolicy } from './fargate-policy.ts';
import { fargateZone } from './fargate-zones.ts';
import { programPolicy } from './program-policy.ts';

/**
 * The prepare job as an ECS task on Fargate: a cluster without machines, roles and a log. If mlops.yaml has no VPC, it gets
 * two public subnets without NAT: a task has a public address while it runs, reaches S3 through a gateway endpoint, and
 * nothing can reach it. None of it costs at rest.
 */
export class FargateTasks extends Construct {
  readonly deployed: DeployedEngines;

  constructor(scope: Construct, id: string, { environment, key }: EncryptedProps) {
    super(scope, id);
    const { names, settings, region } = environment;
    const { prepare } = names;
    const logs = new LogGroup(this, 'Log', {
      logGroupName: prepare.ecsLogs,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key && { encryptionKey: key }),
    });
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: prepare.cluster,
      capacityProviders: ['FARGATE'],
      clusterSettings: [{ name: 'containerInsights', value: 'disabled' }],
      ...(key && {
        configuration: { managedStorageConfiguration: { fargateEphemeralStorageKmsKeyId: key.keyId } },
      }),
    });
    acknowledge(cluster, {
      'AwsSolutions-ECS4':
        'a job that runs for minutes has its log and its result; Container Insights would cost more than it',
    });
    const service = 'ecs-tasks.amazonaws.com';
    const execution = serviceRole(this, 'ExecutionRole', {
      environment,
      roleName: prepare.executionRole.name,
      service,
      statements: taskExecutionPolicy(environment),
    });
    const network = settings.vpc
      ? { subnets: settings.vpc.subnets, securityGroups: settings.vpc.security_groups }
      : this.#ownNetwork(environment);
    const engine = (mode: MachineName, id: string): DeployedEngine => {
      const { job: family, role } = prepare[mode];
      const task = serviceRole(this, id, {
        environment,
        roleName: role.name,
        service,
        statements: programPolicy(environment, mode),
      });
      return withPlaceholders(
        {
          name: 'fargate',
          cluster: prepare.clusterArn,
          family,
          executionRole: prepare.executionRole.arn,
          taskRole: role.arn,
          logGroup: prepare.ecsLogs,
          region,
          ...network,
          publicAddress: settings.vpc === null,
        },
        {
          cluster: cluster.attrArn,
          executionRole: execution.roleArn,
          taskRole: task.roleArn,
          logGroup: logs.logGroupName,
        },
      );
    };
    this.deployed = {
      evaluate: engine('evaluate', 'EvaluateTaskRole'),
      promote: engine('promote', 'TaskRole'),
    };
  }

  #ownNetwork({ names, region }: Environment): { subnets: string[]; securityGroups: string[] } {
    const name = { key: 'Name', value: names.prepare.job };
    const vpc = new CfnVPC(this, 'Vpc', {
      cidrBlock: '10.0.0.0/24',
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: [name],
    });
    acknowledge(vpc, {
      'AwsSolutions-VPC7':
        'nothing listens in it; the log of what a task asks for would cost more than the task',
    });
    const gateway = new CfnInternetGateway(this, 'Gateway', { tags: [name] });
    const attachment = new CfnVPCGatewayAttachment(this, 'Attachment', {
      vpcId: vpc.ref,
      internetGatewayId: gateway.ref,
    });
    const routes = new CfnRouteTable(this, 'Routes', { vpcId: vpc.ref, tags: [name] });
    new CfnRoute(this, 'Outward', {
      routeTableId: routes.ref,
      destinationCidrBlock: '0.0.0.0/0',
      gatewayId: gateway.ref,
    }).addResourceDependency(attachment);
    const subnets = ([0, 1] as const).map((index) => {
      const subnet = new CfnSubnet(this, `Subnet${index + 1}`, {
        vpcId: vpc.ref,
        cidrBlock: `10.0.0.${index * 128}/25`,
        ...fargateZone(region, index),
        // Each task asks for its own public address.
        mapPublicIpOnLaunch: false,
        tags: [name],
      });
      new CfnSubnetRouteTableAssociation(this, `Association${index + 1}`, {
        subnetId: subnet.ref,
        routeTableId: routes.ref,
      });
      return subnet.ref;
    });
    new CfnVPCEndpoint(this, 'S3', {
      vpcId: vpc.ref,
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${region}.s3`,
      routeTableIds: [routes.ref],
    });
    const group = new CfnSecurityGroup(this, 'Group', {
      groupDescription: 'Prepare tasks: nothing inbound, HTTPS outbound to S3, ECR and CloudWatch Logs',
      vpcId: vpc.ref,
      securityGroupIngress: [],
      securityGroupEgress: [
        { ipProtocol: 'tcp', fromPort: 443, toPort: 443, cidrIp: '0.0.0.0/0', description: 'HTTPS to AWS' },
      ],
      tags: [name],
    });
    return { subnets, securityGroups: [group.attrGroupId] };
  }
}
