const { imul } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * Remembers where each row id stood first, in 16 to 32 bytes a row whatever the ids' length. Two ids are the same where
 * their 64-bit hashes are: among a million different ids the chance of a false alarm is below one in a million.
 */
export class RowPlaces {
  size = 0;
  #hashes = new Int32Array(2 << 10);
  /** The place of each hash + 1; 0 is free. */
  #places = new Float64Array(1 << 10);

  /** The place where the id stood first; remembers `place` and returns -1 if it is new. */
  add(id: string, place: number): number {
    let one = 0x9e3779b9;
    let two = 0x85ebca6b;
    for (let i = 0; i < id.length; i++) {
      const code = id.charCodeAt(i);
      one = imul(one ^ code, 0x9e3779b1);
      two = imul(((two << 13) | (two >>> 19)) ^ code, 0x5f356495);
    }
    one = imul(one ^ (one >>> 16), 0x85ebca6b) ^ imul(two ^ (two >>> 13), 0xc2b2ae35);
    two = imul(two ^ (two >>> 16), 0x85ebca6b) ^ imul(one ^ (one >>> 13), 0xc2b2ae35);
    if (2 * this.size >= this.#places.length) this.#grow();
    const at = slotOf(this.#hashes, this.#places, one, two);
    const known = this.#places[at]!;
    if (known > 0) return known - 1;
    this.#hashes[2 * at] = one;
    this.#hashes[2 * at + 1] = two;
    this.#places[at] = place + 1;
    this.size += 1;
    return -1;
  }

  #grow(): void {
    const [hashes, places] = [this.#hashes, this.#places];
    this.#hashes = new Int32Array(2 * hashes.length);
    this.#places = new Float64Array(2 * places.length);
    for (let i = 0; i < places.length; i++) {
      if (places[i] === 0) continue;
      const at = slotOf(this.#hashes, this.#places, hashes[2 * i]!, hashes[2 * i + 1]!);
      this.#hashes[2 * at] = hashes[2 * i]!;
      this.#hashes[2 * at + 1] = hashes[2 * i + 1]!;
      this.#places[at] = places[i]!;
    }
  }
}

/** The slot that holds the hash, or the free one for it. */
function slotOf(hashes: Int32Array, places: Float64Array, one: number, two: number): number {
  const mask = places.length - 1;
  let at = one & mask;
  while (places[at] !== 0 && (hashes[2 * at] !== one || hashes[2 * at + 1] !== two)) at = (at + 1) & mask;
  return at;
}
