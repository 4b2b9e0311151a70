/** The result of checking one thing that a run needs. */
export interface Check {
  name: string;
  outcome: 'ok' | 'warning' | 'problem';
  detail: string;
  /** How to fix it; null if nothing is wrong. */
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

/** Runs a check; an error becomes a problem with the error's message. */
export async function attempt(name: string, check: () => Promise<Check> | Check): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return problem(name, (error as Error).message, 'Fix what the message names.');
  }
}
