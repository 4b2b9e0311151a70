/** GitHub's limit on the body of a comment or an issue, in characters. */
const commentLimit = 65_536;

/** The text, whole lines only, so that it fits into a comment after a head of so many characters. */
export function cutToComment(text: string, head: number): string {
  const most = commentLimit - head;
  if (text.length <= most) return text;
  const end = '\n\nThe rest is in the summary of the workflow run.\n';
  return text.slice(0, text.lastIndexOf('\n', most - end.length)) + end;
}
