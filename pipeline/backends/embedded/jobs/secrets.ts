/** Secrets that must not be kept in a log, a failure or a report, whatever a job prints. */

/** Names of variables whose values are secrets. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE_?KEY|ACCESS_KEY/i;
/** Shorter values, and paths, are no secrets, and would be found in harmless lines. */
const LEAST_LENGTH = 8;

/** The forms of AWS access keys, GitHub's tokens and private keys. */
const FORMS = [
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,251}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{22,255}\b/g,
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:[^-]{0,8000}-----END [A-Z ]{0,20}PRIVATE KEY-----)?/g,
];
const HIDDEN = '[secret removed]';

/**
 * Makes a function that replaces, in text that a job wrote, the secrets in the environment and what has the form of one.
 * It finds them as they are written, not encoded or in pieces.
 */
export function secretFilter(environment: NodeJS.ProcessEnv = process.env): (text: string) => string {
  const values = Object.entries(environment).flatMap(([name, value = '']) =>
    SECRET_NAME.test(name) && !/^[./~]/.test(value)
      ? value.split('\n').filter((line) => line.length >= LEAST_LENGTH)
      : [],
  );
  // Longest first, so that a secret which contains another goes as a whole.
  const secrets = [...new Set(values)].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, HIDDEN);
    for (const form of FORMS) clean = clean.replace(form, HIDDEN);
    return clean;
  };
}
