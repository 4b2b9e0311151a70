/** The status of GitHub's answer; null if the error did not come from GitHub. */
export function statusOf(error: unknown): number | null {
  const { name, status } = error as { name?: string; status?: unknown };
  return name === 'HttpError' && typeof status === 'number' ? status : null;
}

/**
 * Explains why a request to GitHub failed, and what to do.
 * @param permission what the job's token needs for the request, as a workflow writes it: `pull-requests: write`
 */
export function whyRefused(error: unknown, permission: string): string {
  const { message, response } = error as { message?: string; response?: unknown };
  const said = (message ?? String(error)).replace(/ - https:\/\/docs\.github\.com\S*$/, '');
  const status = statusOf(error);
  if (status === null) return said;
  if (response === undefined) return `GitHub could not be reached: ${said}`;
  if (status === 401) return `GitHub does not know the token (401: ${said})`;
  if (status === 429 || /rate limit/i.test(said))
    return `GitHub's rate limit is used up (${status}: ${said})`;
  if (status === 403 || status === 404)
    return `GitHub refused it (${status}: ${said}): give the job \`permissions: ${permission}\`; the token of a fork's pull request is always read-only`;
  return `GitHub answered ${status}: ${said}`;
}
