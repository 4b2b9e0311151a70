import type { StepContext } from '../context.ts';

type Place = Pick<StepContext, 'root' | 'model'>;

/** The prefix of all that monitoring a model keeps. */
export const monitoringFolder = ({ root, model }: Place): string => `${root}/monitoring/${model}/`;

/** The prefix of one look at production: `page.html`, `report.json`, `finding.json`, `summary/`, `labelled/`. */
export const lookFolder = (place: Place, execution: string): string =>
  `${monitoringFolder(place)}looks/${execution}/`;
