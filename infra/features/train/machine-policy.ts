import type { StateMachine } from '../../../pipeline/machines/asl.ts';
import { kindOf } from '../../../pipeline/model-ledger.ts';
import type { ResourceNames } from '../../../pipeline/names.ts';
import type { Place } from '../../environment.ts';
import { actionsOf } from '../../iam/actions-of.ts';
import { arnOf } from '../../iam/arn.ts';
import { watching } from '../../iam/machine-watching.ts';
import { deny, type Statement } from '../../iam/statement.ts';

export type MachineName = keyof ResourceNames['machines'];

/**
 * The policy of a machine's role: what its document needs, logs and traces. The role of train-evaluate cannot call the
 * functions that promote, nor write the champion or an approval itself. It cannot take the lease either, so that a request
 * to promote fails there at its first state.
 */
export function machinePolicy(machine: MachineName, document: StateMachine, place: Place): Statement[] {
  const needed = actionsOf(document, place);
  return machine === 'promote'
    ? [...needed, ...watching]
    : [...needed.filter((statement) => !isPromotion(statement, place)), ...neverPromote(place), ...watching];
}

/** The functions themselves, which are their newest code, and every version of them. */
const promotion = ({ functions }: ResourceNames): string[] =>
  [functions.promote.arn, functions.lease.arn].flatMap((arn) => [arn, `${arn}:*`]);

const isPromotion = ({ Resource }: Statement, { names }: Place): boolean =>
  promotion(names).some((arn) => Resource.includes(arn));

const neverPromote = (place: Place): Statement[] => [
  deny(['lambda:InvokeFunction'], promotion(place.names), { Sid: 'NeverPromote' }),
  deny(
    ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'],
    [place.names.ledgerTableArn],
    {
      Sid: 'NeverWriteChampion',
      Condition: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': [kindOf('champion', '*')] } },
    },
  ),
  deny(['sagemaker:UpdateModelPackage'], [arnOf(place, 'sagemaker', 'model-package/*')], {
    Sid: 'NeverApprove',
  }),
];
