/** Files of a state folder, by their paths in it, that hold rows, row ids, or what a program printed about them. */
const patterns = [
  // Data as they were staged, prepared and scored.
  /^s3\/.+\/inputs-[^/]+\/[^/]+\/(data|holdout)\//,
  /^s3\/.+\/prepared\/[^/]+\/[^/]+\/[^/]+\/(train|holdout)\//,
  /^s3\/.+\/scores\//,
  /^s3\/.+\/jobs-[^/]+\//,
  // Score files of runs, and what only the private report shows.
  /^s3\/.+\/(runs|sealed)\/[^/]+\/[^/]+\/([^/]+\.csv|private\.json)$/,
  // Ids of holdouts; a run without them counts all looks at the holdout.
  /^s3\/.+\/holdouts\//,
  /^jobs\/.+\/log\.txt$/,
  // Predictions, the rows that they were made from, and of a release all but its page for everybody and its settings.
  /^s3\/.+\/(predictions|inputs)\/model=[^/]+\/release=[^/]+\//,
  // What the prediction service was asked.
  /^s3\/.+\/captures\//,
  // Scores with labels, and labels with hashes of row ids.
  /^s3\/.+\/looks\/[^/]+\/[^/]+\/(captures|rows\/(labelled|truth))\//,
  /^s3\/.+\/releases\/[^/]+\/[^/]+\/(?!page\.html$|settings\/|summary\/summary\.json$)/,
];

/**
 * Whether a file of a state folder holds rows, row ids, or what only a private report shows. A later run makes such files
 * again from the data, and repeats the verdict.
 */
export const holdsRows = (path: string): boolean => patterns.some((pattern) => pattern.test(path));
