import type { FileHandle } from 'node:fs/promises';

/**
 * A buffer that grows and is used again. A new one for every few megabytes of a file of hundreds lets the garbage collection
 * take longer than the work.
 */
export class ReusedBuffer {
  #memory: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What it holds, valid until it is changed. */
  get content(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  append(bytes: Uint8Array): void {
    this.#grow(this.#length + bytes.length);
    this.#memory.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Keeps only what it holds from this place on. */
  drop(bytes: number): void {
    this.#memory.copyWithin(0, bytes, this.#length);
    this.#length -= bytes;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Room for so many bytes, to be written over what it holds. */
  room(bytes: number): Buffer {
    this.#grow(bytes);
    return this.#memory.subarray(0, bytes);
  }

  /**
   * Reads on behind what it holds.
   * @param bytes - the most that are read
   * @returns how many were; 0 at the end of the file
   */
  async read(file: FileHandle, bytes: number): Promise<number> {
    this.#grow(this.#length + bytes);
    const { bytesRead } = await file.read(this.#memory, this.#length, bytes);
    this.#length += bytesRead;
    return bytesRead;
  }

  #grow(bytes: number): void {
    if (bytes <= this.#memory.length) return;
    const memory = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#memory.length));
    this.content.copy(memory);
    this.#memory = memory;
  }
}
