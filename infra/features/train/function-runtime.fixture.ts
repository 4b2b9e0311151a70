/**
 * Does what AWS's image for Lambda functions does, in a container of one function: loads the handler that its argument
 * names (`FILE.EXPORT` under /var/task), and calls it for every POST on port 8080.
 */
import { createServer } from 'node:http';

interface Invocation {
  invokedFunctionArn: string;
}
type Handler = (event: unknown, invocation: Invocation) => Promise<unknown>;

const [file = '', name = ''] = (process.argv[2] ?? '').split('.');
// As on AWS, the handler loads once, when the function starts; if that fails, every call fails with the same error.
const loaded: Promise<Handler> = import(`/var/task/${file}.mjs`).then((module) => module[name]);
loaded.catch(() => {});
const invokedFunctionArn = process.env.FUNCTION_ARN ?? '';

createServer(async (request, response) => {
  const answer = (body: unknown) => response.end(JSON.stringify(body ?? null));
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const handler = await loaded;
    answer(await handler(JSON.parse(Buffer.concat(chunks).toString()), { invokedFunctionArn }));
  } catch (error) {
    const { name: errorType, message: errorMessage, stack = '' } = error as Error;
    answer({ errorType, errorMessage, trace: stack.split('\n') });
  }
}).listen(8080);
