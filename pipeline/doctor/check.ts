/** What was found of one thing that a run needs. */
export interface Check {
  name: string;
  outcome: 'ok' | 'warning' | 'problem';
  /** What was found. */
  detail: string;
  /** How to mend it; null where nothing needs to be. */
  mend: string | null;
}

export const ok = (name: string, detail: string): Check => ({ name, outcome: 'ok', detail, mend: null });

export const warning = (name: string, detail: string, mend: string): Check => ({
  name,
  outcome: 'warning',
  detail,
  mend,
});

export const problem = (name: string, detail: string, mend: string): Check => ({
  name,
  outcome: 'problem',
  detail,
  mend,
});

/** What a check comes to; an error is a problem with the error's own words. */
export async function attempt(name: string, check: () => Promise<Check> | Check): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return problem(name, (error as Error).message, 'Mend what this names.');
  }
}
