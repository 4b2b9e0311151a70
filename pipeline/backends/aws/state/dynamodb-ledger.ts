import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ConflictError, SetupError } from '../../../errors.ts';
import type { Ledger, LedgerItem } from '../../../ports.ts';

/**
 * The ledger in a DynamoDB table: partition key `kind` and sort key `id` (both S), `version` (N), `value` (S, JSON)
 * and `writer` (S), which identifies the call that wrote it. Reads are strongly consistent.
 */
export class DynamoDbLedger implements Ledger {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async get<T>(kind: string, id: string): Promise<LedgerItem<T> | null> {
    const { Item } = await this.#deployed(
      this.#client.send(
        new GetItemCommand({ TableName: this.#table, Key: keyOf(kind, id), ConsistentRead: true }),
      ),
    );
    return Item === undefined ? null : itemOf<T>(Item);
  }

  async put<T>(kind: string, id: string, value: T): Promise<LedgerItem<T>> {
    const { Attributes } = await this.#deployed(
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(kind, id),
          UpdateExpression: 'SET #value = :value, #writer = :writer ADD #version :one',
          ExpressionAttributeNames: { '#value': 'value', '#writer': 'writer', '#version': 'version' },
          ExpressionAttributeValues: {
            ':value': { S: JSON.stringify(value) },
            ':writer': { S: randomUUID() },
            ':one': { N: '1' },
          },
          ReturnValues: 'UPDATED_NEW',
        }),
      ),
    );
    return { id, version: Number(Attributes?.version?.N), value };
  }

  async putIf<T>(kind: string, id: string, value: T, expectedVersion: number): Promise<LedgerItem<T>> {
    const writer = randomUUID();
    const version = expectedVersion + 1;
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: {
        ...keyOf(kind, id),
        version: { N: String(version) },
        value: { S: JSON.stringify(value) },
        writer: { S: writer },
      },
      ConditionExpression: expectedVersion === 0 ? 'attribute_not_exists(#version)' : '#version = :expected',
      ExpressionAttributeNames: { '#version': 'version' },
      ...(expectedVersion > 0 && {
        ExpressionAttributeValues: { ':expected': { N: String(expectedVersion) } },
      }),
    });
    try {
      await this.#deployed(this.#client.send(put));
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      const { Item } = await this.#client.send(
        new GetItemCommand({ TableName: this.#table, Key: keyOf(kind, id), ConsistentRead: true }),
      );
      // If the writer is this call, the answer was lost and the client's retry found its own write.
      if (Item?.writer?.S !== writer) {
        throw new ConflictError(
          `${kind} ${id}: got version ${Item?.version?.N ?? 0}, expected ${expectedVersion}`,
        );
      }
    }
    return { id, version, value };
  }

  async list<T>(kind: string): Promise<LedgerItem<T>[]> {
    const items: LedgerItem<T>[] = [];
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#deployed(
        this.#client.send(
          new QueryCommand({
            TableName: this.#table,
            KeyConditionExpression: 'kind = :kind',
            ExpressionAttributeValues: { ':kind': { S: kind } },
            ConsistentRead: true,
            ...(start && { ExclusiveStartKey: start }),
          }),
        ),
      );
      // DynamoDB sorts by UTF-8 bytes, which is the order of code points.
      items.push(...(page.Items ?? []).map((item) => itemOf<T>(item)));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return items;
  }

  async #deployed<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if ((error as Error).name !== 'ResourceNotFoundException') throw error;
      throw new SetupError(
        `got no table ${this.#table}, expected a deployed environment: npm run deploy -- --environment NAME`,
      );
    }
  }
}

const keyOf = (kind: string, id: string) => ({ kind: { S: kind }, id: { S: id } });

function itemOf<T>(item: Record<string, AttributeValue>): LedgerItem<T> {
  const { id, version, value } = item;
  if (id?.S === undefined || version?.N === undefined || value?.S === undefined) {
    throw new Error(
      `ledger item ${item.kind?.S} ${id?.S}: got ${Object.keys(item).join(', ')}, expected kind, id, version, value`,
    );
  }
  return { id: id.S, version: Number(version.N), value: JSON.parse(value.S) as T };
}
