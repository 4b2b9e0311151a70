import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { completionMarker } from '../../../pipeline/steps/release/landed.ts';
import type { WatchedPlace } from './watched-places.ts';

/** The events of files that land in a place: of every file, or without a quiet time of the marker that completes them. */
export const landedPattern = ({
  bucket,
  prefix,
  quiet,
}: Pick<WatchedPlace, 'bucket' | 'prefix' | 'quiet'>): EventPattern => ({
  source: ['aws.s3'],
  detailType: ['Object Created'],
  detail: {
    bucket: { name: [bucket] },
    object: { key: [quiet === null ? { wildcard: `${prefix}*${completionMarker}` } : { prefix }] },
  },
});
