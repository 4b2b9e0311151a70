import { CfnModelPackageGroup } from 'aws-cdk-lib/aws-sagemaker';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Environment } from '../environment.ts';

/** The model registry: one group of numbered packages. A group with packages cannot be deleted; it stays. */
export class Registry extends Construct {
  constructor(scope: Construct, id: string, { environment }: { readonly environment: Environment }) {
    super(scope, id);
    new CfnModelPackageGroup(this, 'Group', {
      modelPackageGroupName: environment.names.packageGroup,
      modelPackageGroupDescription: `Models of ${environment.project} (${environment.name})`,
    }).applyRemovalPolicy(RemovalPolicy.RETAIN);
  }
}
