/** The thread of a batch transform job: transforms a file, and answers why the job fails, or null. */
import { answerCalls } from '../thread.ts';
import { JobFailure } from './errors.ts';
import { type FileTransform, transformFile } from './transform-file.ts';

answerCalls(async (call) => {
  try {
    await transformFile(call as FileTransform);
    return null;
  } catch (error) {
    if (error instanceof JobFailure) return error.message;
    throw error;
  }
});
