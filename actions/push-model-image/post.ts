/** Removes the registry login if main was killed before it could. */
import { rm } from 'node:fs/promises';
import { annotateWarning } from '../shared/annotate.ts';

const logins = process.env.STATE_logins ?? '';
if (logins !== '')
  await rm(logins, { recursive: true, force: true }).catch((error: Error) =>
    annotateWarning(
      `The registry login in ${logins} could not be removed; it expires after 12 hours: ${error.message}`,
    ),
  );
