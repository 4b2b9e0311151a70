import { artifactsOf, type StepContext } from '../context.ts';

/** The prefix of what one look read, found and keeps: `settings/`, `rows/`, `history.json`, `finding.json`, the page. */
export const lookFolder = (context: Pick<StepContext, 'root' | 'model'>, execution: string): string =>
  `${artifactsOf(context, 'looks')}${execution}/`;
