import { Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** Rules that a resource breaks on purpose, each with its reason. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
}
