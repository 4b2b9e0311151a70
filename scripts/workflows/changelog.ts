import { SetupError } from '../../pipeline/errors.ts';

/**
 * What CHANGELOG.md says of a version: the text of the section `## [1.2.3] - DATE`. Throws SetupError if there is none, or
 * nothing in it.
 * @param version with its `v`
 */
export function changesOf(changelog: string, version: string): string {
  const number = version.replace(/^v/, '');
  const heading = `## [${number}] - `;
  const found = changelog
    .split(/^(?=## )/m)
    .find(
      (section) =>
        section.startsWith(heading) && /^\d{4}-\d\d-\d\d$/.test(firstLine(section).slice(heading.length)),
    );
  if (found === undefined)
    throw new SetupError(
      `CHANGELOG.md: got no section "${heading}YYYY-MM-DD", expected one that says what ${version} changes`,
    );
  // Links that the headings refer to stand at the end of the file.
  const text = found
    .slice(firstLine(found).length)
    .replaceAll(/^\[[^\]]+\]: \S+$/gm, '')
    .trim();
  if (text.replaceAll(/^#.*$/gm, '').trim() === '')
    throw new SetupError(`CHANGELOG.md: got nothing in the section of ${number}, expected what it changes`);
  return text;
}

const firstLine = (text: string): string => text.split('\n', 1)[0]?.trimEnd() ?? '';
