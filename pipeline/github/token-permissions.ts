/** The permissions that a fine-grained token needs to read a repository's settings, in GitHub's words. */
export const toRead = 'Metadata, Actions, Administration, Environments and Variables: read';

/** The permissions to change them. */
export const toChange = 'Actions, Administration, Environments and Variables: write';
