import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EncryptedProps } from '../encrypted-props.ts';

/** The run ledger: items by kind and id (pipeline/ports.ts). Stays when the stack is deleted. */
export class Ledger extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, { environment: { names }, key }: EncryptedProps) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      tableName: names.ledgerTable,
      partitionKey: { name: 'kind', type: AttributeType.STRING },
      sortKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      ...(key ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key } : {}),
      // Not RETAIN_ON_UPDATE_OR_DELETE: a rollback could not delete the table, because it is protected, and would itself fail.
      // The next deployment takes the table into its stack (cli/run-cdk.ts).
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
