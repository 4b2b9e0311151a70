import { type Answer, AnswerReader, ModelAnswerError } from './answer.ts';
import { bodyOf } from './body.ts';
import type { Contract } from './contract.ts';
import { type RecordProblem, RecordReader, type Row } from './records.ts';
import type { ServedModel } from './service.ts';

/** Asks one package: checks records, sends them as its model takes them, and reads what it answers. */
export class PackageClient {
  readonly #contract: Contract;
  readonly #records: RecordReader;
  readonly #answers: AnswerReader;

  constructor(contract: Contract) {
    this.#contract = contract;
    this.#records = new RecordReader(contract);
    this.#answers = new AnswerReader(contract);
  }

  /** Like RecordReader.read. */
  read(input: unknown): { rows: Row[]; problems: RecordProblem[] } {
    return this.#records.read(input);
  }

  /**
   * The model's answers to rows without problems, one for each, in their order.
   * @throws ModelAnswerError if the model refuses them or answers what mlops.yaml does not say; ModelUnreachableError
   */
  async ask(model: Pick<ServedModel, 'invoke'>, rows: readonly Row[]): Promise<Answer[]> {
    const { contentType } = this.#contract;
    const reply = await model.invoke(bodyOf(rows, this.#contract), contentType, contentType);
    if (reply.status !== 200)
      throw new ModelAnswerError(`the model answered with status ${reply.status}${this.#said(reply.body)}`);
    return this.#answers.read(decoder.decode(reply.body), rows);
  }

  /** The beginning of a model's error. It may quote the record, so it stays unsaid where data.sensitive names a column. */
  #said(body: Uint8Array): string {
    const text = decoder.decode(body.subarray(0, 400)).trim();
    return text === '' || this.#contract.sensitive.length > 0 ? '' : `: ${text}`;
  }
}

const decoder = new TextDecoder();
