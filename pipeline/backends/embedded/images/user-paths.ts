/**
 * Makes a function that shows the files of an image's snapshot as the user's own in a line of a program's output:
 * `File "/…/images/0a1b…/src/x.py", line 4, in f` becomes `model/src/x.py, line 4, in f`.
 * @param folder - the snapshot
 * @param shownAs - the user's folder
 */
export function userPaths(folder: string, shownAs: string): (line: string) => string {
  const inFolder = `${folder}/`;
  const frame = `File "${inFolder}`;
  return (line) => {
    if (!line.includes(inFolder)) return line;
    const [before = '', ...frames] = line.split(frame);
    const shown = frames.map((rest) => `${shownAs}/${rest.replace('", line ', ', line ')}`);
    return [before, ...shown].join('').replaceAll(inFolder, `${shownAs}/`);
  };
}
