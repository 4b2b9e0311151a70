import type { Config } from '../../../pipeline/config/schema.ts';
import { SetupError } from '../../../pipeline/errors.ts';
import type { ResourceNames } from '../../../pipeline/names.ts';
import type { Purpose } from '../../../pipeline/steps/release/landed.ts';
import { scheduleExpression } from '../../foundation/schedule.ts';

/** A place whose new files start something. */
export interface WatchedPlace {
  readonly model: string;
  readonly purpose: Purpose;
  readonly bucket: string;
  /** The start of the objects' keys. */
  readonly prefix: string;
  /** Seconds; null: only the file _SUCCESS completes what landed. */
  readonly quiet: number | null;
}

/** When a model's runs start by themselves. */
export interface Timetable {
  readonly model: string;
  /** As EventBridge Scheduler takes it. */
  readonly expression: string;
  readonly timeZone: string;
}

/** The places and timetables that start runs and releases without a person. */
export interface Triggers {
  readonly places: readonly WatchedPlace[];
  readonly timetables: readonly Timetable[];
}

/** The triggers of all models. Throws SetupError if a place is one that runs write to: their results would start the next. */
export function triggersOf(models: readonly Config[], names: ResourceNames): Triggers {
  return {
    places: models.flatMap((config) => {
      const { name, data, triggers } = config;
      return [
        ...(triggers.data_landed ? [placeOf(name, 'training', data.source, triggers, names)] : []),
        ...(triggers.scoring_landed ? [placeOf(name, 'scoring', data.scoring, triggers, names)] : []),
      ];
    }),
    timetables: models.flatMap(({ name, triggers: { schedule, time_zone: timeZone } }) =>
      schedule === null ? [] : [{ model: name, expression: scheduleExpression(schedule), timeZone }],
    ),
  };
}

/** Whether anything starts by itself. */
export const hasTriggers = ({ places, timetables }: Triggers): boolean =>
  places.length > 0 || timetables.length > 0;

function placeOf(
  model: string,
  purpose: Purpose,
  source: string | null,
  { quiet }: Config['triggers'],
  names: ResourceNames,
): WatchedPlace {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(source ?? '') ?? [];
  if (bucket === undefined)
    return { model, purpose, bucket: names.dataBucket, prefix: `${model}/${purpose}/`, quiet };
  if (bucket === names.artifactsBucket)
    throw new SetupError(
      `model ${model}: triggers: got data in ${bucket}, expected another bucket: runs write there, and their results would start the next`,
    );
  return { model, purpose, bucket, prefix: key, quiet };
}
