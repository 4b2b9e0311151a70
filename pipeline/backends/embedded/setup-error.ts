/** What the user can put right on this machine or in a folder: the message says what was found, expected, and where. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
