/** Removes the login of a main that was killed before it could. */
import { rm } from 'node:fs/promises';

const logins = process.env.STATE_logins ?? '';
if (logins !== '')
  await rm(logins, { recursive: true, force: true }).catch((error: Error) =>
    console.log(
      `::warning::The login to the registry is still in ${logins}; it lapses after 12 hours: ${error.message}`,
    ),
  );
